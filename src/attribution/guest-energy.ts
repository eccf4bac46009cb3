import type { Milliseconds, Nanoseconds } from '../util/units.ts';

interface Span {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
  /** By zone index. */
  readonly zoneMicrojoules: Float64Array;
  readonly cpuNanoseconds: Nanoseconds;
}

export interface GuestAmount {
  /** By zone index; may be shorter than the list of zones. */
  readonly zoneMicrojoules: Float64Array;
  readonly cpuNanoseconds: Nanoseconds;
}

/** Beyond so many the older half is kept half as finely: readings that do not come cost accuracy, never memory. */
const MOST_SPANS = 4096;

/** What a guest burnt, interval by interval, until it has been split over what runs in it. Times are monotonic. */
export class GuestEnergy {
  #spans: Span[] = [];

  /** Until when it is known. */
  get end(): Milliseconds {
    return this.#spans.at(-1)?.to ?? Number.NEGATIVE_INFINITY;
  }

  get isEmpty(): boolean {
    return this.#spans.length === 0;
  }

  /** In order, without overlap. */
  add(span: Span): void {
    this.#spans.push(span);
    if (this.#spans.length > MOST_SPANS) this.#coarsen();
  }

  /** Takes out all that was burnt until then; an interval across it is cut in proportion to time. */
  takeUntil(time: Milliseconds): GuestAmount {
    let count = 0;
    while (count < this.#spans.length && this.#spans[count]!.to <= time) count++;
    const taken = this.#spans.splice(0, count);
    const first = this.#spans[0];
    if (first !== undefined && first.from < time) {
      const part = (time - first.from) / (first.to - first.from);
      const inside = first.zoneMicrojoules.map((energy) => energy * part);
      const cpu = first.cpuNanoseconds * part;
      taken.push({ from: first.from, to: time, zoneMicrojoules: inside, cpuNanoseconds: cpu });
      this.#spans[0] = {
        from: time,
        to: first.to,
        zoneMicrojoules: first.zoneMicrojoules.map((energy, zone) => energy - inside[zone]!),
        cpuNanoseconds: first.cpuNanoseconds - cpu,
      };
    }
    return sumOf(taken);
  }

  #coarsen(): void {
    const old = this.#spans.splice(0, MOST_SPANS / 2);
    const merged: Span[] = [];
    for (let at = 0; at < old.length; at += 2) {
      const pair = old.slice(at, at + 2);
      merged.push({ from: pair[0]!.from, to: pair.at(-1)!.to, ...sumOf(pair) });
    }
    this.#spans.unshift(...merged);
  }
}

function sumOf(spans: readonly Span[]): GuestAmount {
  const zones = spans.reduce((most, span) => Math.max(most, span.zoneMicrojoules.length), 0);
  const zoneMicrojoules = new Float64Array(zones);
  let cpuNanoseconds = 0;
  for (const span of spans) {
    for (let zone = 0; zone < span.zoneMicrojoules.length; zone++)
      zoneMicrojoules[zone]! += span.zoneMicrojoules[zone]!;
    cpuNanoseconds += span.cpuNanoseconds;
  }
  return { zoneMicrojoules, cpuNanoseconds };
}
