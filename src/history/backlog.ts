import { mergeBatches, type SecondBatch } from './second-batch.ts';

/** Above this many waiting seconds the oldest are summed to minutes. */
const SECONDS_KEPT = 120;
/** About 20 MB; ten minutes of 400 rows a second, or days of minutes. */
const DEFAULT_ROW_LIMIT = 240_000;

export interface BacklogStatus {
  readonly batches: number;
  readonly rows: number;
  readonly droppedSeconds: number;
}

/**
 * Seconds that wait to be written, oldest first. Bounded: while the disk takes nothing, old seconds are summed to
 * minutes (their energy is kept), and only when even these are too many the oldest go, leaving a gap behind.
 */
export class Backlog {
  readonly #rowLimit: number;
  #batches: SecondBatch[] = [];
  #rows = 0;
  #droppedSeconds = 0;

  constructor(rowLimit = DEFAULT_ROW_LIMIT) {
    this.#rowLimit = rowLimit;
  }

  get status(): BacklogStatus {
    return { batches: this.#batches.length, rows: this.#rows, droppedSeconds: this.#droppedSeconds };
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  add(batch: SecondBatch): void {
    this.#batches.push(batch);
    this.#rows += batch.rows.length;
    if (this.#batches.length > SECONDS_KEPT) this.#mergeOldest();
    while (this.#rows > this.#rowLimit && this.#batches.length > 1) this.#dropOldest();
  }

  /** The oldest, up to a number of them; they stay until `remove`. */
  oldest(count: number): readonly SecondBatch[] {
    return this.#batches.slice(0, count);
  }

  remove(count: number): void {
    for (const batch of this.#batches.splice(0, count)) this.#rows -= batch.rows.length;
  }

  /** Merges the first two neighbours of the same minute among the old ones. */
  #mergeOldest(): void {
    const end = this.#batches.length - SECONDS_KEPT / 2;
    for (let i = 0; i + 1 < end; i++) {
      const [first, second] = [this.#batches[i]!, this.#batches[i + 1]!];
      if (Math.floor(first.unixSeconds / 60) !== Math.floor(second.unixSeconds / 60)) continue;
      const merged = mergeBatches(first, second);
      this.#batches.splice(i, 2, merged);
      this.#rows += merged.rows.length - first.rows.length - second.rows.length;
      return;
    }
  }

  #dropOldest(): void {
    const dropped = this.#batches.shift()!;
    const next = this.#batches[0]!;
    const seconds = dropped.meteredMilliseconds / 1000;
    this.#rows -= dropped.rows.length;
    this.#droppedSeconds += seconds;
    const lost = { zone: '*', reason: 'not-written', seconds, startUnixSeconds: dropped.unixSeconds };
    // Earlier losses travel with the dropped batch's gaps.
    this.#batches[0] = { ...next, gaps: [...dropped.gaps, lost, ...next.gaps] };
  }
}
