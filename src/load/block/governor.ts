import type { Nanoseconds } from '../../util/units.ts';
import type { Resource } from './burden.ts';
import { blockErrors } from './errors.ts';
import { RateControl } from './rate-control.ts';
import { type Holding, Tally } from './tally.ts';

/** What has been used and done so far; sums since any moment before the beginning. */
export interface Reading {
  readonly cpuNanoseconds: Nanoseconds;
  readonly residentBytes: number;
  /** By the kernel's account; undefined where no disk is blocked. */
  readonly diskReadBytes: number | undefined;
  readonly diskWrittenBytes: number | undefined;
  /** By the threads' own count, which the kernel's must confirm. */
  readonly diskReadDone: number;
  readonly diskWriteDone: number;
  readonly sentBytes: number;
  readonly confirmedBytes: number;
}

/** Between two looks at what was used. */
export const LOOK_NANOSECONDS = 50e6;
/** So far in advance work is allowed: a look that comes late finds nobody idle. */
const HORIZON_SECONDS = 0.06;
const MOST_LAG_SECONDS = 1;
const WINDOW_NANOSECONDS = 1e9;
/** From here on the kernel must have counted what the threads have done. */
const ACCOUNT_BYTES = 32 * 1024 * 1024;

/**
 * Holds rates: looks at what was really used, and says how much may be done until the next look. Levels (memory) hold
 * themselves; here they are only compared with what was asked for.
 */
export class Governor {
  readonly #controls = new Map<Resource, RateControl>();
  readonly #tallies = new Map<Resource, Tally>();
  #begin: Reading;
  #beginNanoseconds: Nanoseconds;
  #window: Reading;
  #windowNanoseconds: Nanoseconds;

  /** @param asked in cores, bytes, and bytes per second */
  constructor(asked: ReadonlyMap<Resource, number>, nowNanoseconds: Nanoseconds, now: Reading) {
    for (const [resource, amount] of asked) {
      this.#tallies.set(resource, new Tally(resource, amount));
      // CPU time is counted in nanoseconds.
      const perSecond = resource === 'cpu' ? amount * 1e9 : amount;
      if (resource !== 'memory')
        this.#controls.set(resource, new RateControl(perSecond, HORIZON_SECONDS, MOST_LAG_SECONDS));
    }
    this.#begin = now;
    this.#beginNanoseconds = nowNanoseconds;
    this.#window = now;
    this.#windowNanoseconds = nowNanoseconds;
  }

  /**
   * What may be done until the next look, in nanoseconds of CPU time and bytes.
   *
   * @throws KISIM_E_BLOCK_ACCOUNT where transfers of the disk are not counted
   */
  look(nowNanoseconds: Nanoseconds, now: Reading): ReadonlyMap<Resource, number> {
    this.#checkAccount(now);
    const elapsedSeconds = (nowNanoseconds - this.#beginNanoseconds) / 1e9;
    const allowed = new Map<Resource, number>();
    for (const [resource, control] of this.#controls) {
      const measured = paced(resource, now) - paced(resource, this.#begin);
      allowed.set(resource, control.allowance(elapsedSeconds, measured));
    }
    return allowed;
  }

  /** Ends the window if it is full. True where it was. */
  window(nowNanoseconds: Nanoseconds, now: Reading): boolean {
    const length = nowNanoseconds - this.#windowNanoseconds;
    if (length < WINDOW_NANOSECONDS) return false;
    for (const [resource, tally] of this.#tallies) {
      const seconds = length / 1e9;
      tally.window(meanOf(resource, this.#window, now, seconds), seconds);
    }
    this.#window = now;
    this.#windowNanoseconds = nowNanoseconds;
    return true;
  }

  holdings(): readonly Holding[] {
    return [...this.#tallies.values()].map((tally) => tally.holding());
  }

  #checkAccount(now: Reading): void {
    for (const [what, done, counted] of [
      ['read', now.diskReadDone - this.#begin.diskReadDone, difference(now, this.#begin, 'diskReadBytes')],
      [
        'written',
        now.diskWriteDone - this.#begin.diskWriteDone,
        difference(now, this.#begin, 'diskWrittenBytes'),
      ],
    ] as const) {
      if (done < ACCOUNT_BYTES || counted >= done / 2) continue;
      throw blockErrors.KISIM_E_BLOCK_ACCOUNT(
        `${done} bytes were ${what}, of which it has counted ${counted}`,
      );
    }
  }
}

function difference(now: Reading, then: Reading, field: 'diskReadBytes' | 'diskWrittenBytes'): number {
  return (now[field] ?? 0) - (then[field] ?? 0);
}

/** What a rate is controlled by. */
function paced(resource: Resource, reading: Reading): number {
  switch (resource) {
    case 'cpu':
      return reading.cpuNanoseconds;
    case 'disk-read':
      return reading.diskReadBytes ?? 0;
    case 'disk-write':
      return reading.diskWrittenBytes ?? 0;
    case 'network':
      // What is under way would else be sent twice.
      return reading.sentBytes;
    case 'memory':
      return reading.residentBytes;
  }
}

/** What was held in a window, in the unit that it was asked for. */
function meanOf(resource: Resource, then: Reading, now: Reading, seconds: number): number {
  if (resource === 'memory') return now.residentBytes;
  if (resource === 'network') return (now.confirmedBytes - then.confirmedBytes) / seconds;
  const rate = (paced(resource, now) - paced(resource, then)) / seconds;
  return resource === 'cpu' ? rate / 1e9 : rate;
}
