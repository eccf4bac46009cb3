import { tryParseDuration } from '../util/duration.ts';

/** Units that the name of a setting may end in. */
const millisecondsPerSettingUnit = {
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
  const milliseconds = tryParseDuration(text);
  return milliseconds === undefined ? undefined : milliseconds / millisecondsPerSettingUnit[unit];
}
