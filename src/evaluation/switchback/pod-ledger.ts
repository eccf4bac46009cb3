import type { Milliseconds } from '../../util/units.ts';
import type { BeginRecord, PodRecord, PodSeenRecord } from './journal-records.ts';
import type { PodCounts, WorkShares } from './period.ts';
import type { Side } from './plan.ts';

/** Who placed a pod: a side of the experiment; somebody before it; or nobody handed it over. */
export type PlacedBy = Side | 'before' | 'untouched';

export interface PodLife {
  readonly cpuMilli: number;
  readonly counts: boolean;
  readonly gated: boolean;
  /** Undefined where it was not seen; so with all that follow. */
  readonly createdAt: Milliseconds | undefined;
  placedBy: PlacedBy;
  boundAt: Milliseconds | undefined;
  /** Whether the binding itself was seen, and not only that there was one. */
  sawBound: boolean;
  startedAt: Milliseconds | undefined;
  sawStarted: boolean;
  endedAt: Milliseconds | undefined;
  how: 'completed' | 'failed' | 'evicted' | 'deleted' | undefined;
  readonly restarts: { readonly at: Milliseconds; readonly times: number }[];
}

/** The lives of all pods, as they were seen. */
export class PodLedger {
  readonly #lives = new Map<string, PodLife>();
  /** The period's side; undefined between broken periods and before the first. */
  side: Side | undefined;

  life(uid: string): PodLife | undefined {
    return this.#lives.get(uid);
  }

  begin({ at, alive }: BeginRecord): void {
    const there = new Set(alive);
    for (const [uid, life] of this.#lives) if (!there.has(uid)) life.endedAt ??= at;
  }

  add(record: PodRecord): void {
    if (record.what === 'seen') {
      if (!this.#lives.has(record.uid)) this.#lives.set(record.uid, newLife(record));
      return;
    }
    const life = this.#lives.get(record.uid);
    if (life === undefined) return;
    if (record.what === 'bound') {
      if (life.boundAt !== undefined) return;
      life.boundAt = record.at;
      life.sawBound = record.isNew;
      life.placedBy = !record.isNew ? 'before' : !life.gated ? 'untouched' : (this.side ?? 'before');
    } else if (record.what === 'started') {
      life.startedAt ??= record.at;
      life.sawStarted ||= record.isNew && life.startedAt === record.at;
    } else if (record.what === 'restarted') life.restarts.push({ at: record.at, times: record.times });
    else {
      life.endedAt ??= record.at;
      life.how ??= record.how;
    }
  }

  /** Seconds that pods ran in a window, times the CPU that they asked for. */
  requested(from: Milliseconds, to: Milliseconds, side: Side): WorkShares {
    const shares = { total: 0, other: 0, before: 0, untouched: 0 };
    for (const life of this.#lives.values()) {
      if (!life.counts || life.cpuMilli === 0) continue;
      // Who ended before a start was told ran all the same.
      const start = life.startedAt ?? (life.endedAt === undefined ? undefined : life.boundAt);
      if (start === undefined) continue;
      const seconds = (Math.min(to, life.endedAt ?? to) - Math.max(from, start)) / 1000;
      if (seconds <= 0) continue;
      const work = (seconds * life.cpuMilli) / 1000;
      shares.total += work;
      const of = shareOf(life.placedBy, side);
      if (of !== undefined) shares[of] += work;
    }
    return shares;
  }

  /** Waits of the pods that were created in a window, however late they end: seconds to a node, and on to the start. */
  waits(from: Milliseconds, to: Milliseconds): { bound: number[]; started: number[] } {
    const waits = { bound: [] as number[], started: [] as number[] };
    for (const { counts, createdAt, boundAt, sawBound, startedAt, sawStarted } of this.#lives.values()) {
      if (!counts || createdAt === undefined || createdAt < from || createdAt >= to) continue;
      if (boundAt === undefined || !sawBound) continue;
      waits.bound.push((boundAt - createdAt) / 1000);
      if (startedAt !== undefined && sawStarted) waits.started.push((startedAt - boundAt) / 1000);
    }
    return waits;
  }

  counts(from: Milliseconds, to: Milliseconds): PodCounts {
    const counts = { created: 0, completed: 0, failed: 0, evicted: 0, restarts: 0 };
    const within = (at: Milliseconds | undefined) => at !== undefined && at >= from && at < to;
    for (const life of this.#lives.values()) {
      if (!life.counts) continue;
      if (within(life.createdAt)) counts.created++;
      if (within(life.endedAt) && life.how !== undefined && life.how !== 'deleted') counts[life.how]++;
      for (const { at, times } of life.restarts) if (within(at)) counts.restarts += times;
    }
    return counts;
  }
}

/** As a side sees who placed a pod; undefined: it did itself. */
export function shareOf(placedBy: PlacedBy, side: Side): 'other' | 'before' | 'untouched' | undefined {
  if (placedBy === 'before' || placedBy === 'untouched') return placedBy;
  return placedBy === side ? undefined : 'other';
}

function newLife({ at, cpuMilli, counts, gated, isNew }: PodSeenRecord): PodLife {
  return {
    cpuMilli,
    counts,
    gated,
    createdAt: isNew ? at : undefined,
    placedBy: 'before',
    boundAt: undefined,
    sawBound: false,
    startedAt: undefined,
    sawStarted: false,
    endedAt: undefined,
    how: undefined,
    restarts: [],
  };
}
