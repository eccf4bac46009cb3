import type { ClusterState } from '../cluster/cluster-state.ts';
import type { RandomStream } from '../util/rng.ts';
import type { Candidates, PolicyContext, TieRule } from './policy.ts';

/** Position of every node in the order of names; names compare by code units, as Go compares ASCII. */
function orderOfNames(cluster: ClusterState): Int32Array {
  const byName = Array.from({ length: cluster.size }, (_, node) => node);
  byName.sort((a, b) => (cluster.nodes[a]!.name < cluster.nodes[b]!.name ? -1 : 1));
  const position = new Int32Array(cluster.size);
  for (let i = 0; i < byName.length; i++) position[byName[i]!] = i;
  return position;
}

/** Takes the best of some scores, and one of several that are equally good by a declared rule. */
export class TieBreaker {
  readonly rule: TieRule;
  readonly #position: Int32Array;
  readonly #random: RandomStream;

  constructor(rule: TieRule, context: PolicyContext) {
    this.rule = rule;
    this.#position = rule === 'lexicographic' ? orderOfNames(context.cluster) : new Int32Array(0);
    this.#random = context.random;
  }

  /** The candidate of the greatest score. A NaN never wins against a number. */
  greatest(scores: Float64Array, candidates: Candidates): number {
    const { nodes, count } = candidates;
    let best = 0;
    let ties = 1;
    for (let i = 1; i < count; i++) {
      if (scores[i]! > scores[best]! || Number.isNaN(scores[best]!)) {
        best = i;
        ties = 1;
      } else if (scores[i]! === scores[best]!) {
        ties++;
        if (this.rule === 'lexicographic' && this.#position[nodes[i]!]! < this.#position[nodes[best]!]!)
          best = i;
      }
    }
    if (ties === 1 || this.rule !== 'random') return nodes[best]!;
    let left = this.#random.integer(ties);
    for (let i = best; ; i++) if (scores[i]! === scores[best]! && left-- === 0) return nodes[i]!;
  }
}
