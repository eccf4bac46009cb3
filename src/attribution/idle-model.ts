import type { Milliseconds, Nanoseconds, Watts } from '../util/units.ts';
import { NANOSECONDS_PER_SECOND } from '../util/units.ts';
import type { IdleState } from './interval.ts';

/**
 * Learns the idle power of one zone from the history of (power, utilisation).
 *
 * Intervals are collected in bins of utilisation, each with an exponentially forgotten weight. Idle power is the
 * intercept of a weighted straight line through the means of the bins; bins near zero weigh more, because power is
 * not linear in utilisation on real hardware and the intercept should follow the low end of the curve. Until the
 * utilisation has been seen to vary, intercept and slope cannot be told apart: the answer is then a guess between
 * zero and the lowest power seen, and is marked provisional.
 */
export interface IdleModelOptions {
  readonly forgettingHours: number;
  /** Set by the operator: nothing is learned. */
  readonly setWatts: Watts | undefined;
  /** Idle as a share of full power, used only while nothing has been learned. */
  readonly priorIdleShare: number;
}

export interface IdleEstimate {
  readonly watts: Watts;
  readonly state: IdleState;
  /** The range in which idle power lies by what was seen. */
  readonly lowWatts: Watts;
  readonly highWatts: Watts;
}

/** What is kept over a restart; plain JSON. */
export interface IdleModelState {
  readonly version: 1;
  readonly savedUnixMilliseconds: Milliseconds;
  readonly weights: readonly number[];
  readonly utilisationSums: readonly number[];
  readonly powerSums: readonly number[];
  readonly squareSums: readonly number[];
}

const BINS = 40;
/** A bin with less than this many seconds says nothing. */
const MIN_BIN_SECONDS = 2;
/** Utilisation must have been seen this far apart before idle counts as learned. */
const MIN_SPREAD = 0.15;
/** And the standard error of the intercept must be below this share of it. */
const MAX_RELATIVE_ERROR = 0.01;
/** A bin seen for longer than this gains little more weight, so that a day at half load does not drown an idle minute. */
const SATURATION_SECONDS = 600;
/** Shape of the preference for low utilisation. */
const LOW_END = 0.1;

/** Whether something that was kept can be taken up; it comes from a file, so that it may be anything. */
export function isIdleModelState(state: unknown): state is IdleModelState {
  if (typeof state !== 'object' || state === null) return false;
  const { version, savedUnixMilliseconds, weights, utilisationSums, powerSums, squareSums } =
    state as Partial<IdleModelState>;
  const isColumn = (column: unknown) =>
    Array.isArray(column) &&
    column.length === BINS &&
    column.every((entry) => Number.isFinite(entry) && entry >= 0);
  return (
    version === 1 &&
    Number.isFinite(savedUnixMilliseconds) &&
    [weights, utilisationSums, powerSums, squareSums].every(isColumn)
  );
}

export class IdleModel {
  readonly #options: IdleModelOptions;
  readonly #weights = new Float64Array(BINS);
  readonly #utilisation = new Float64Array(BINS);
  readonly #power = new Float64Array(BINS);
  readonly #squares = new Float64Array(BINS);
  #cached: IdleEstimate | undefined;

  constructor(options: IdleModelOptions) {
    this.#options = options;
  }

  /** Takes one interval. Utilisation is 0..1 of what the zone's CPUs could have done. */
  observe(watts: Watts, utilisation: number, durationNanoseconds: Nanoseconds): void {
    const seconds = durationNanoseconds / NANOSECONDS_PER_SECOND;
    if (!(seconds > 0) || !(watts >= 0) || !(utilisation >= 0)) return;
    this.#forget(seconds / 3600);
    const bin = Math.min(BINS - 1, Math.floor(utilisation * BINS));
    this.#weights[bin]! += seconds;
    this.#utilisation[bin]! += seconds * utilisation;
    this.#power[bin]! += seconds * watts;
    this.#squares[bin]! += seconds * watts * watts;
    this.#cached = undefined;
  }

  estimate(): IdleEstimate {
    this.#cached ??= this.#fit();
    return this.#cached;
  }

  toState(nowUnixMilliseconds: Milliseconds): IdleModelState {
    return {
      version: 1,
      savedUnixMilliseconds: nowUnixMilliseconds,
      weights: [...this.#weights],
      utilisationSums: [...this.#utilisation],
      powerSums: [...this.#power],
      squareSums: [...this.#squares],
    };
  }

  /** Takes up a saved state, forgetting for the time that has passed. A state of another shape is refused. */
  restore(state: unknown, nowUnixMilliseconds: Milliseconds): boolean {
    if (!isIdleModelState(state)) return false;
    this.#weights.set(state.weights);
    this.#utilisation.set(state.utilisationSums);
    this.#power.set(state.powerSums);
    this.#squares.set(state.squareSums);
    this.#forget(Math.max(0, nowUnixMilliseconds - state.savedUnixMilliseconds) / 3_600_000);
    this.#cached = undefined;
    return true;
  }

  #forget(hours: number): void {
    const keep = 0.5 ** (hours / this.#options.forgettingHours);
    for (let bin = 0; bin < BINS; bin++) {
      this.#weights[bin]! *= keep;
      this.#utilisation[bin]! *= keep;
      this.#power[bin]! *= keep;
      this.#squares[bin]! *= keep;
    }
  }

  #fit(): IdleEstimate {
    const { setWatts } = this.#options;
    if (setWatts !== undefined)
      return { watts: setWatts, state: 'set', lowWatts: setWatts, highWatts: setWatts };

    let total = 0;
    let totalUtilisation = 0;
    let totalPower = 0;
    let lowestPower = Number.POSITIVE_INFINITY;
    let lowestUtilisation = Number.POSITIVE_INFINITY;
    let highestUtilisation = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const weight = this.#weights[bin]!;
      total += weight;
      totalUtilisation += this.#utilisation[bin]!;
      totalPower += this.#power[bin]!;
      if (weight < MIN_BIN_SECONDS) continue;
      lowestPower = Math.min(lowestPower, this.#power[bin]! / weight);
      lowestUtilisation = Math.min(lowestUtilisation, this.#utilisation[bin]! / weight);
      highestUtilisation = Math.max(highestUtilisation, this.#utilisation[bin]! / weight);
    }
    if (total === 0) return { watts: 0, state: 'provisional', lowWatts: 0, highWatts: 0 };

    const meanPower = totalPower / total;
    const high = Number.isFinite(lowestPower) ? lowestPower : meanPower;
    const line = highestUtilisation - lowestUtilisation >= MIN_SPREAD ? this.#line() : undefined;
    if (line !== undefined && line.slope > 0) {
      const watts = Math.min(Math.max(line.intercept, 0), high);
      const error = 2 * line.interceptError;
      if (error <= MAX_RELATIVE_ERROR * meanPower) {
        return {
          watts,
          state: 'learned',
          lowWatts: Math.max(0, watts - error),
          highWatts: Math.min(high, watts + error),
        };
      }
    }
    // P = full * (share + (1 - share) * u), solved for idle = full * share at the mean power and utilisation seen.
    const share = this.#options.priorIdleShare;
    const guess = (meanPower * share) / (share + (1 - share) * Math.min(1, totalUtilisation / total));
    return { watts: Math.min(guess, high), state: 'provisional', lowWatts: 0, highWatts: high };
  }

  /** Weighted least squares through the bin means; undefined where they do not determine a line. */
  #line(): { intercept: number; slope: number; interceptError: number } | undefined {
    let s = 0;
    let su = 0;
    let suu = 0;
    let sp = 0;
    let sup = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const seconds = this.#weights[bin]!;
      if (seconds < MIN_BIN_SECONDS) continue;
      const u = this.#utilisation[bin]! / seconds;
      const p = this.#power[bin]! / seconds;
      const weight = this.#kernel(seconds, u);
      s += weight;
      su += weight * u;
      suu += weight * u * u;
      sp += weight * p;
      sup += weight * u * p;
    }
    const determinant = s * suu - su * su;
    if (!(determinant > 1e-12 * s * s)) return undefined;
    const slope = (s * sup - su * sp) / determinant;
    const intercept = (sp - slope * su) / s;

    // Variance of a one-second mean about the line, from the sums of squares, and what it does to the intercept.
    let squares = 0;
    let total = 0;
    let spread = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const seconds = this.#weights[bin]!;
      if (seconds < MIN_BIN_SECONDS) continue;
      const u = this.#utilisation[bin]! / seconds;
      const p = this.#power[bin]! / seconds;
      const predicted = intercept + slope * u;
      squares += Math.max(
        0,
        this.#squares[bin]! - 2 * predicted * p * seconds + predicted * predicted * seconds,
      );
      total += seconds;
      const influence = (this.#kernel(seconds, u) * (suu - su * u)) / determinant;
      spread += (influence * influence) / seconds;
    }
    return { intercept, slope, interceptError: Math.sqrt((squares / total) * spread) };
  }

  #kernel(seconds: number, utilisation: number): number {
    return seconds / (1 + seconds / SATURATION_SECONDS) / (LOW_END + utilisation);
  }
}
