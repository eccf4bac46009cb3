import type { Slot } from './stored-entity.ts';

/** One row of `recent` to be. */
export interface BatchRow {
  readonly slot: Slot;
  readonly microjoules: number;
  readonly cpuMicroseconds: number;
  readonly sourceBits: number;
}

/** A stretch of time in which a zone's energy is unknown, or a remark about the time axis (zone `*`). */
export interface GapNote {
  readonly zone: string;
  readonly reason: string;
  readonly seconds: number;
  /** Where the stretch begins, if not in the second of the batch. */
  readonly startUnixSeconds?: number;
}

/** Everything that one second adds to the history. Integers; rows with neither energy nor CPU time are left out. */
export interface SecondBatch {
  readonly unixSeconds: number;
  /** Time in which at least one counted zone was known, and in which all of them were. */
  readonly meteredMilliseconds: number;
  readonly fullMilliseconds: number;
  readonly rows: readonly BatchRow[];
  readonly gaps: readonly GapNote[];
}

/** Two batches as one, at the second of the first; sums, flags and gaps are kept. */
export function mergeBatches(first: SecondBatch, second: SecondBatch): SecondBatch {
  const rows = new Map<string, BatchRow>();
  for (const row of [...first.rows, ...second.rows]) {
    const known = rows.get(row.slot.key);
    rows.set(
      row.slot.key,
      known === undefined
        ? row
        : {
            // The later slot: it may carry a name that the earlier one did not know.
            slot: row.slot,
            microjoules: known.microjoules + row.microjoules,
            cpuMicroseconds: known.cpuMicroseconds + row.cpuMicroseconds,
            sourceBits: known.sourceBits | row.sourceBits,
          },
    );
  }
  return {
    unixSeconds: first.unixSeconds,
    meteredMilliseconds: first.meteredMilliseconds + second.meteredMilliseconds,
    fullMilliseconds: first.fullMilliseconds + second.fullMilliseconds,
    rows: [...rows.values()],
    gaps: [
      ...first.gaps.map((gap) => ({ startUnixSeconds: first.unixSeconds, ...gap })),
      ...second.gaps.map((gap) => ({ startUnixSeconds: second.unixSeconds, ...gap })),
    ],
  };
}
