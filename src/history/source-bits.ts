import type { Provenance } from '../meter/power-source.ts';

/**
 * Column `src` of every stored row: where the energy comes from, as flags. A sum over rows of different
 * provenance has all their flags. 1 (measured) takes no payload byte in a SQLite record.
 */
export const SOURCE_BITS: Readonly<Record<Provenance, number>> = {
  measured: 1,
  integrated: 2,
  estimated: 4,
  recorded: 8,
};
/** The idle power had not been learned well enough, so the split into idle and active is preliminary. */
export const IDLE_PROVISIONAL_BIT = 16;

const names = Object.entries(SOURCE_BITS) as [Provenance, number][];

/** `measured`, `measured+estimated`, `estimated, idle provisional`; `unknown` where no flag is set. */
export function describeSource(bits: number): string {
  const found = names.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name);
  const text = found.length > 0 ? found.join('+') : 'unknown';
  return (bits & IDLE_PROVISIONAL_BIT) !== 0 ? `${text}, idle provisional` : text;
}

/** Whether any part of the energy is the result of a model and not of a sensor. */
export function isEstimated(bits: number): boolean {
  return (bits & SOURCE_BITS.estimated) !== 0;
}

/** The provenance that a plot marks: the least certain one among the flags. */
export function leastCertain(bits: number): Provenance {
  if ((bits & SOURCE_BITS.estimated) !== 0) return 'estimated';
  if ((bits & SOURCE_BITS.recorded) !== 0) return 'recorded';
  if ((bits & SOURCE_BITS.integrated) !== 0) return 'integrated';
  return 'measured';
}

/** SQL expression of `describeSource` for the views; `column` holds the flags. */
export function sourceSql(column: string): string {
  const cases = Array.from({ length: 16 }, (_, bits) => `WHEN ${bits} THEN '${describeSource(bits)}'`);
  // The most frequent values first: SQLite tests them one after the other.
  const ordered = [1, 4, 2, 8].map((bits) => cases[bits]);
  const rest = cases.filter((_, bits) => ![1, 2, 4, 8].includes(bits));
  return `CASE ${column} & 15 ${[...ordered, ...rest].join(' ')} END || CASE WHEN ${column} & ${IDLE_PROVISIONAL_BIT} THEN ', idle provisional' ELSE '' END`;
}

/** SQL expression for the union of the flags of a group (SQLite has no bit-or aggregate). */
export function unionOfSourcesSql(column: string): string {
  return [1, 2, 4, 8, 16].map((bit) => `max(${column} & ${bit})`).join(' | ');
}
