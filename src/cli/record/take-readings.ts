import { setTimeout } from 'node:timers/promises';
import type { HostBusyReading } from '../../meter/host-busy-time.ts';
import type { ReadContext, ZoneReading } from '../../meter/power-source.ts';
import type { Clock } from '../../util/clock.ts';
import type { Milliseconds, Nanoseconds } from '../../util/units.ts';

export interface TakeReadingsOptions {
  readonly clock: Clock;
  readonly host: { read(): HostBusyReading };
  readonly recorder: { read(context: ReadContext): readonly ZoneReading[] };
  readonly intervalMilliseconds: Milliseconds;
  /** undefined: until the signal. */
  readonly forMilliseconds: Milliseconds | undefined;
  /** Ends the readings early, with a last one. */
  readonly signal: AbortSignal;
  readonly onReading?: (progress: Progress) => void;
}

export interface Progress {
  /** Readings so far; the first one has no energy. */
  readonly readings: number;
  /** Since the first reading. */
  readonly elapsedNanoseconds: Nanoseconds;
  readonly last: readonly ZoneReading[];
}

/**
 * Reads once an interval. The last reading is made at the end of the time, or when the signal comes, so that there are
 * always two. Time lost by a machine that is too busy stays in the longer interval; nothing is made up for.
 */
export async function takeReadings(options: TakeReadingsOptions): Promise<Progress> {
  const { clock, host, recorder, intervalMilliseconds, forMilliseconds, signal, onReading } = options;
  const interval = intervalMilliseconds * 1e6;
  const start = clock.monotonicNanoseconds();
  const end = forMilliseconds === undefined ? Number.POSITIVE_INFINITY : start + forMilliseconds * 1e6;
  let progress: Progress = { readings: 0, elapsedNanoseconds: 0, last: [] };
  const read = () => {
    const monotonicNanoseconds = clock.monotonicNanoseconds();
    const last = recorder.read({ monotonicNanoseconds, ...host.read() });
    progress = { readings: progress.readings + 1, elapsedNanoseconds: monotonicNanoseconds - start, last };
    onReading?.(progress);
    return monotonicNanoseconds;
  };
  let now = read();
  while (now < end) {
    const ticks = Math.floor((now - start) / interval) + 1;
    const next = Math.min(start + ticks * interval, end);
    await wait((next - now) / 1e6, signal);
    // A timer may end up to a millisecond early by this clock: a reading then would be one too many.
    const early = next - clock.monotonicNanoseconds();
    if (early > 0 && early < 1e6) await wait(1, signal);
    now = read();
    if (signal.aborted) break;
  }
  return progress;
}

/** Returns early, and does not throw, when the signal comes. */
async function wait(milliseconds: Milliseconds, signal: AbortSignal): Promise<void> {
  try {
    // Rounded up: Node's timers count whole milliseconds and would wake a part of one too soon.
    await setTimeout(Math.ceil(milliseconds), undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
