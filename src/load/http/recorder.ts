import type { Milliseconds } from '../../util/units.ts';
import { LatencyHistogram, type LatencySummary } from '../histogram.ts';
import type { FailureKind } from './failure.ts';

/** What was seen in one second of a run. Latencies are of answers that came in it, null where none came. */
export interface LoadSecond {
  /** Its number, from 0. */
  readonly second: number;
  /** Shorter than a second for the last one. */
  readonly seconds: number;
  /** Mean level of the pattern: users or requests a second. */
  readonly wanted: number;
  /** Users that are active, at its end; null in an open loop. */
  readonly users: number | null;
  readonly sent: number;
  readonly answered: number;
  readonly errors: number;
  /** Requests that wait for their answer, at its end. */
  readonly inFlight: number;
  readonly p50Milliseconds: Milliseconds | null;
  readonly p95Milliseconds: Milliseconds | null;
  readonly p99Milliseconds: Milliseconds | null;
  readonly maxMilliseconds: Milliseconds | null;
}

export interface LoadCounts {
  readonly sent: number;
  /** Complete answers, whatever their status. */
  readonly answered: number;
  /** No answer, or one of status 400 and above. */
  readonly errors: number;
  readonly errorsByKind: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Of bodies of answers. */
  readonly bytes: number;
  /** Milliseconds from when a request was due; a time-out counts as the time that was waited. */
  readonly latency: LatencySummary | null;
}

interface TargetTally {
  sent: number;
  answered: number;
  errors: number;
  bytes: number;
  readonly byKind: Map<FailureKind, number>;
  readonly byStatus: Float64Array;
  readonly latency: LatencyHistogram;
}

const STATUSES = 1000;
const LEAST_REST: Milliseconds = 100;

/** What the pattern wanted between two moments, and how many users there are; asked once a second. */
export interface LoadLevels {
  wanted(fromSeconds: number, toSeconds: number): number;
  users(): number | null;
}

/** Counts all that happens in a run, by target and by second. Times are in milliseconds from the beginning. */
export class LoadRecorder {
  readonly seconds: LoadSecond[] = [];
  readonly #tallies: readonly TargetTally[];
  readonly #levels: LoadLevels;
  readonly #onSecond: ((second: LoadSecond, latency: LatencyHistogram) => void) | undefined;
  readonly #late = new LatencyHistogram();
  /** Of the second under way. */
  readonly #latency = new LatencyHistogram();
  #sent = 0;
  #answered = 0;
  #errors = 0;
  #inFlight = 0;
  #secondEnd: Milliseconds = 1000;

  /** @param onSecond with the latencies of the second, which are the recorder's own and of use during the call alone */
  constructor(
    targets: number,
    levels: LoadLevels,
    onSecond?: (second: LoadSecond, latency: LatencyHistogram) => void,
  ) {
    this.#levels = levels;
    this.#onSecond = onSecond;
    this.#tallies = Array.from({ length: targets }, () => ({
      sent: 0,
      answered: 0,
      errors: 0,
      bytes: 0,
      byKind: new Map(),
      byStatus: new Float64Array(STATUSES),
      latency: new LatencyHistogram(),
    }));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** @param late how much later than it was due */
  sent(target: number, now: Milliseconds, late: Milliseconds): void {
    this.passTo(now);
    this.#tallies[target]!.sent++;
    this.#sent++;
    this.#inFlight++;
    this.#late.record(late);
  }

  answered(target: number, now: Milliseconds, latency: Milliseconds, status: number, bytes: number): void {
    this.passTo(now);
    const tally = this.#tallies[target]!;
    tally.answered++;
    tally.bytes += bytes;
    tally.byStatus[status]!++;
    tally.latency.record(latency);
    this.#inFlight--;
    this.#answered++;
    this.#latency.record(latency);
    if (status < 400) return;
    tally.errors++;
    this.#errors++;
  }

  /** A request that was sent has no answer. */
  failed(target: number, now: Milliseconds, latency: Milliseconds, kind: FailureKind): void {
    this.#inFlight--;
    this.#fail(target, now, latency, kind);
  }

  /** A request was due for so long that it is given up without having been sent. */
  neverSent(target: number, now: Milliseconds, latency: Milliseconds): void {
    this.#fail(target, now, latency, 'timeout');
  }

  #fail(target: number, now: Milliseconds, latency: Milliseconds, kind: FailureKind): void {
    this.passTo(now);
    const tally = this.#tallies[target]!;
    tally.errors++;
    tally.byKind.set(kind, (tally.byKind.get(kind) ?? 0) + 1);
    this.#errors++;
    if (kind !== 'timeout') return;
    // Who was not answered in time took at least that long: without them a server that hangs would look fast.
    tally.latency.record(latency);
    this.#latency.record(latency);
  }

  /** Ends the seconds that are over. */
  passTo(now: Milliseconds): void {
    while (now >= this.#secondEnd) {
      this.#close(this.#secondEnd);
      this.#secondEnd += 1000;
    }
  }

  /** Ends the run. */
  end(now: Milliseconds): void {
    this.passTo(now);
    const rest = now - (this.#secondEnd - 1000);
    const something = this.#sent + this.#answered + this.#errors > 0;
    // The last answer is noticed a little after it came: a rest in which nothing was is no second of its own.
    if (rest > 0 && (something || rest >= LEAST_REST)) this.#close(now);
  }

  #close(until: Milliseconds): void {
    const second = this.seconds.length;
    const length = until / 1000 - second;
    const latency = this.#latency;
    const record: LoadSecond = {
      second,
      seconds: length,
      wanted: this.#levels.wanted(second, second + length),
      users: this.#levels.users(),
      sent: this.#sent,
      answered: this.#answered,
      errors: this.#errors,
      inFlight: this.#inFlight,
      p50Milliseconds: latency.percentile(50) ?? null,
      p95Milliseconds: latency.percentile(95) ?? null,
      p99Milliseconds: latency.percentile(99) ?? null,
      maxMilliseconds: latency.percentile(100) ?? null,
    };
    this.seconds.push(record);
    this.#sent = 0;
    this.#answered = 0;
    this.#errors = 0;
    this.#onSecond?.(record, latency);
    if (latency.count > 0) latency.reset();
  }

  /** Of the whole run so far, all targets together. */
  total(): LoadCounts {
    const all = new LatencyHistogram();
    for (const { latency } of this.#tallies) all.add(latency);
    return countsOf(this.#tallies, all.summary());
  }

  target(index: number): LoadCounts {
    const tally = this.#tallies[index]!;
    return countsOf([tally], tally.latency.summary());
  }

  /** How much later than due requests were sent; milliseconds. */
  lateness(): LatencySummary | null {
    return this.#late.summary();
  }
}

function countsOf(tallies: readonly TargetTally[], latency: LatencySummary | null): LoadCounts {
  const sum = (pick: (tally: TargetTally) => number) =>
    tallies.reduce((total, tally) => total + pick(tally), 0);
  const errorsByKind: Record<string, number> = {};
  const byStatus: Record<string, number> = {};
  for (const tally of tallies) {
    for (const [kind, count] of tally.byKind) errorsByKind[kind] = (errorsByKind[kind] ?? 0) + count;
    for (const [status, count] of tally.byStatus.entries()) {
      if (count === 0) continue;
      byStatus[status] = (byStatus[status] ?? 0) + count;
      if (status >= 400) errorsByKind[`status ${status}`] = (errorsByKind[`status ${status}`] ?? 0) + count;
    }
  }
  return {
    sent: sum(({ sent }) => sent),
    answered: sum(({ answered }) => answered),
    errors: sum(({ errors }) => errors),
    errorsByKind,
    byStatus,
    bytes: sum(({ bytes }) => bytes),
    latency,
  };
}
