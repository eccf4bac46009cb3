const millisecondsPerUnit = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;

/** Units that the name of a setting may end in. */
export const millisecondsPerSettingUnit = {
  milliseconds: 1,
  seconds: 1000,
  hours: 3_600_000,
  days: 86_400_000,
} as const;

export type SettingUnit = keyof typeof millisecondsPerSettingUnit;

/**
 * A duration such as `500ms`, `1.5s`, `90m`, `24h` or `30d`, in the unit of the setting it is given for.
 * undefined where the text is no duration (a bare number has no unit and is none).
 *
 * @example
 * durationIn('hours', '30m'); // 0.5
 */
export function durationIn(unit: SettingUnit, text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|w)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, amount, name] = match;
  const milliseconds = Number(amount) * millisecondsPerUnit[name as keyof typeof millisecondsPerUnit];
  return milliseconds / millisecondsPerSettingUnit[unit];
}
