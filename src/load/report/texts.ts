/** A latency as a person reads it: three digits, in the unit that suits. */
export function millisecondsText(milliseconds: number | null): string {
  if (milliseconds === null) return '-';
  if (milliseconds >= 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toPrecision(milliseconds < 1 ? 2 : 3)} ms`;
}

/** The value of an objective in the unit that it was written in. */
export function objectiveText(objective: string, value: number): string {
  if (/^errors.*%/.test(objective)) return `${(100 * value).toPrecision(3)} %`;
  if (objective.startsWith('errors')) return String(value);
  if (objective.startsWith('rate')) return `${round(value)}/s`;
  return millisecondsText(value);
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
