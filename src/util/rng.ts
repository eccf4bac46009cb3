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
