import type { RandomStream } from '../util/rng.ts';

/** In place, Fisher-Yates. */
export function shuffleIndices(indices: Int32Array, random: RandomStream): void {
  for (let i = indices.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const kept = indices[i]!;
    indices[i] = indices[j]!;
    indices[j] = kept;
  }
}
