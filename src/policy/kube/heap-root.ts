import type { RandomSource } from '../../util/rng.ts';

/**
 * Index of the entry that Kubernetes 1.36 takes: the root of Go's container/heap after Init, ordered by greater score
 * alone. Without an extender nothing random is drawn (schedule_one.go, sortedNodeScores), so that equal scores are
 * settled by how the heap is built.
 *
 * @param heap scratch of at least `count` entries
 */
export function heapRoot(scores: Float64Array, count: number, heap: Int32Array): number {
  let first = 0;
  let ties = 1;
  for (let i = 1; i < count; i++) {
    if (scores[i]! > scores[first]!) {
      first = i;
      ties = 1;
    } else if (scores[i] === scores[first]) ties++;
  }
  // Alone at the top, or all equal: then no entry is ever less than another, and nothing moves.
  if (ties === 1 || ties === count) return first;
  for (let i = 0; i < count; i++) heap[i] = i;
  for (let start = (count >> 1) - 1; start >= 0; start--) {
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= count) break;
      if (child + 1 < count && scores[heap[child + 1]!]! > scores[heap[child]!]!) child++;
      if (!(scores[heap[child]!]! > scores[heap[at]!]!)) break;
      const moved = heap[at]!;
      heap[at] = heap[child]!;
      heap[child] = moved;
      at = child;
    }
  }
  return heap[0]!;
}

/** Index of one of the greatest scores, drawn with equal chances by one pass, as selectHost did up to 1.34. */
export function pickBest(scores: Float64Array, count: number, random: RandomSource): number {
  let best = 0;
  let ties = 1;
  for (let i = 1; i < count; i++) {
    if (scores[i]! > scores[best]!) {
      best = i;
      ties = 1;
    } else if (scores[i] === scores[best] && random.next() * ++ties < 1) best = i;
  }
  return best;
}
