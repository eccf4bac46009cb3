import {
  energyOf,
  type Microjoules,
  NANOSECONDS_PER_SECOND,
  type Nanoseconds,
  type Watts,
} from '../util/units.ts';
import type { GapReason } from './power-source.ts';

/** What one counter made of one reading: either an energy or the reason why it is unknown. */
export interface CounterStep {
  readonly energyMicrojoules: Microjoules | undefined;
  readonly gap: GapReason | undefined;
  /** Since the previous good reading; 0 where there is none. */
  readonly intervalNanoseconds: Nanoseconds;
}

export interface CounterLimits {
  /** Value at which the counter starts again from 0; undefined where the host does not say. */
  readonly rangeMicrojoules: Microjoules | undefined;
  /** Power above which a difference is a fault and not a measurement. */
  readonly maxWatts: Watts;
  /**
   * True for the 32-bit counters of RAPL, which wrap even where the range cannot be read. False for counters the
   * kernel accumulates in 64 bits (hwmon).
   */
  readonly wraps: boolean;
}

/**
 * The smallest range of a RAPL counter: 2^32 units of 2^-16 J (AMD Zen, Sandy Bridge EP). Where a range cannot be
 * read this is not used to undo a wrap, only to tell how long an interval may be before one could go unseen.
 */
export const SMALLEST_RANGE_MICROJOULES = 65_532_610_987;

/** RAPL refreshes about each millisecond, so that a difference may hold energy of up to two more. */
const REFRESH_NANOSECONDS = 2e6;
/** RAPL counters are 32 bits wide (drivers/powercap/intel_rapl_common.c: max_energy_range_uj = (2^32-1) * unit). */
const COUNTS = 2 ** 32 - 1;
/** Granule taken for a counter of unknown range: the coarsest known, psys of Sapphire Rapids at 1 J. */
const COARSEST_UNIT_MICROJOULES = 1e6;

/**
 * Turns the readings of one free-running energy counter into energies. A decrease is one wrap where the range is
 * known and the result is possible, else a jump; an interval in which a second wrap could hide is unknown; every
 * fault re-bases on the new reading. After failed reads the counter still holds what was burnt meanwhile: the next
 * good reading gives it, over the whole time since the last good one.
 */
export class CounterTrack {
  readonly #limits: CounterLimits;
  #lastMicrojoules: number | undefined;
  #lastNanoseconds = 0;

  constructor(limits: CounterLimits) {
    this.#limits = limits;
  }

  step(microjoules: Microjoules, nanoseconds: Nanoseconds): CounterStep {
    const last = this.#lastMicrojoules;
    const intervalNanoseconds = last === undefined ? 0 : Math.max(0, nanoseconds - this.#lastNanoseconds);
    this.#lastMicrojoules = microjoules;
    this.#lastNanoseconds = nanoseconds;
    if (last === undefined) return unknown('first-reading', 0);

    const { rangeMicrojoules: range, maxWatts, wraps } = this.#limits;
    if (wraps && energyOf(maxWatts, intervalNanoseconds) > (range ?? SMALLEST_RANGE_MICROJOULES)) {
      return unknown('gap-exceeds-wrap', intervalNanoseconds);
    }
    const wrapped = microjoules < last;
    if (wrapped && (!wraps || range === undefined)) return unknown('negative-jump', intervalNanoseconds);
    // The true modulus is one unit more than max_energy_range_uj; 61 uJ once a wrap is below the counter's noise.
    const energy = wrapped ? (range ?? 0) - last + microjoules : microjoules - last;
    if (energy < 0 || energy > this.#largestPossible(intervalNanoseconds)) {
      return unknown(wrapped ? 'negative-jump' : 'absurd-jump', intervalNanoseconds);
    }
    return { energyMicrojoules: energy, gap: undefined, intervalNanoseconds };
  }

  /** A reading that failed: the last good one stays the base. */
  fail(gap: GapReason, nanoseconds: Nanoseconds): CounterStep {
    const interval =
      this.#lastMicrojoules === undefined ? 0 : Math.max(0, nanoseconds - this.#lastNanoseconds);
    return unknown(gap, interval);
  }

  /** The counter itself has gone: if one comes back, it may have started again from anywhere. */
  forget(): void {
    this.#lastMicrojoules = undefined;
  }

  #largestPossible(intervalNanoseconds: Nanoseconds): Microjoules {
    const { rangeMicrojoules: range, maxWatts } = this.#limits;
    const unit = range === undefined ? COARSEST_UNIT_MICROJOULES : range / COUNTS;
    return energyOf(maxWatts, intervalNanoseconds + REFRESH_NANOSECONDS) + 2 * unit;
  }
}

/** Longest interval between two readings in which no wrap can go unseen, in seconds. */
export function longestSafeSeconds(limits: CounterLimits): number {
  if (!limits.wraps) return Number.POSITIVE_INFINITY;
  const range = limits.rangeMicrojoules ?? SMALLEST_RANGE_MICROJOULES;
  return ((range / limits.maxWatts) * 1000) / NANOSECONDS_PER_SECOND;
}

function unknown(gap: GapReason, intervalNanoseconds: Nanoseconds): CounterStep {
  return { energyMicrojoules: undefined, gap, intervalNanoseconds };
}
