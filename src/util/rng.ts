import { exp, ln } from './portable-math.ts';

/** A seeded source of random numbers in [0, 1). Injected, so that every run can be repeated. */
export interface RandomSource {
  next(): number;
}

/**
 * SplitMix-style 32-bit generator (mulberry32): small, fast, the same on every machine. For jitter and for
 * synthetic data; not for cryptography.
 */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    },
  };
}

export type RandomState = readonly [number, number, number, number];

/**
 * The generator of everything that is simulated: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), the same numbers from the same seed on every machine. A stream can be saved, restored and forked.
 */
export class RandomStream implements RandomSource {
  readonly #state = new Uint32Array(4);

  constructor(seed: number | RandomState) {
    if (typeof seed === 'number') {
      // Seeded by another generator, as its authors advise; never all zero.
      const filler = seededRandom(seed);
      for (let i = 0; i < 4; i++) this.#state[i] = Math.floor(filler.next() * 4294967296);
    } else this.#state.set(seed);
    if (this.#state.every((part) => part === 0)) this.#state[0] = 1;
  }

  get state(): RandomState {
    const [a, b, c, d] = this.#state;
    return [a!, b!, c!, d!];
  }

  /** Goes on from a state that was saved; who holds this stream sees it. */
  restore(state: RandomState): void {
    this.#state.set(state);
  }

  /** Uniform over all 32-bit unsigned integers. */
  bits32(): number {
    const s = this.#state;
    const five = Math.imul(s[1]!, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  next(): number {
    const high = this.bits32() >>> 5;
    const low = this.bits32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  uniform(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  /** Uniform over 0 .. count - 1, without bias (Lemire's rejection). */
  integer(count: number): number {
    if (!Number.isInteger(count) || count < 1 || count > 4294967296)
      throw new RangeError(`count must be an integer from 1 to 2^32, is ${count}`);
    const limit = 4294967296 - (4294967296 % count);
    let bits: number;
    do bits = this.bits32();
    while (bits >= limit);
    return bits % count;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.integer(from.length)]!;
  }

  /** Index drawn in proportion to weights of at least 0. */
  weighted(weights: readonly number[]): number {
    let rest = this.next() * weights.reduce((sum, weight) => sum + weight, 0);
    let last = 0;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i]! <= 0) continue;
      last = i;
      rest -= weights[i]!;
      if (rest < 0) return i;
    }
    return last;
  }

  /** In place, Fisher-Yates. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }

  /** Standard normal, by Marsaglia's polar method; the second value is thrown away, so that the state is four words. */
  normal(): number {
    for (;;) {
      const x = 2 * this.next() - 1;
      const y = 2 * this.next() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * ln(square)) / square);
    }
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * ln(1 - this.next());
  }

  /** Log-normal by its median and the standard deviation of its logarithm. */
  logNormal(median: number, sigma: number): number {
    return median * exp(sigma * this.normal());
  }

  /** A stream of its own for one purpose: what it draws does not depend on what others draw. */
  fork(label: string): RandomStream {
    // FNV-1a over the label, mixed with the state; the state itself stays as it is.
    let hash = 2166136261;
    for (const letter of label) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16777619);
    const [a, b, c, d] = this.state;
    return new RandomStream((hash ^ a ^ Math.imul(b, 3) ^ Math.imul(c, 5) ^ Math.imul(d, 7)) >>> 0);
  }
}
