import type { CpuCount } from '../../attribution/node-use.ts';
import type { Milliseconds, Nanoseconds } from '../../util/units.ts';
import type { UseRate } from './resource-metrics.ts';

interface Sum {
  cpuNanoseconds: Nanoseconds;
  at: Milliseconds;
  touched: number;
}

/** Rates further apart than this say nothing of what was between them. */
const MOST_GAP: Milliseconds = 300_000;

/** Makes counters of rates: each rate is taken for the whole time since the one before it. */
export class RateSums {
  readonly #sums = new Map<string, Sum>();
  #round = 0;

  /** To be called before each list; what was not in the two before is forgotten. */
  begin(): void {
    this.#round += 1;
    for (const [key, { touched }] of this.#sums) if (touched < this.#round - 2) this.#sums.delete(key);
  }

  /** The sum so far; as it was where the same rate was told before. */
  add(key: string, { cpus, unixMilliseconds, windowMilliseconds }: UseRate): CpuCount {
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      sum = { cpuNanoseconds: 0, at: unixMilliseconds - windowMilliseconds, touched: 0 };
      this.#sums.set(key, sum);
    }
    sum.touched = this.#round;
    const since = Math.max(sum.at, unixMilliseconds - MOST_GAP);
    if (unixMilliseconds > sum.at) {
      sum.cpuNanoseconds += cpus * (unixMilliseconds - since) * 1e6;
      sum.at = unixMilliseconds;
    }
    return { cpuNanoseconds: sum.cpuNanoseconds, unixMilliseconds: sum.at };
  }
}
