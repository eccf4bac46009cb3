import type { Node } from '../../../cluster/node.ts';
import type { NodeAffinity as Affinity } from '../../../cluster/pod.ts';
import { isEmptyTerm, isValidTerm, matchesTerm } from '../node-selection.ts';
import { defaultNormalise } from '../normalise.ts';

/** Sum of the weights of a pod's preferred terms, by node. */
export interface PreferredNodes {
  /** Undefined where a term cannot be parsed: Kubernetes then fails to score the pod at all. */
  readonly weights: Float64Array | undefined;
}

export function preferredNodes(nodes: readonly Node[], preferred: Affinity['preferred']): PreferredNodes {
  const terms = preferred.filter(({ weight, term }) => weight !== 0 && !isEmptyTerm(term));
  if (!terms.every(({ term }) => isValidTerm(term))) return { weights: undefined };
  return {
    weights: Float64Array.from(nodes, (node) =>
      terms.reduce((sum, { weight, term }) => (matchesTerm(term, node) ? sum + weight : sum), 0),
    ),
  };
}

/** NodeAffinity: nodeSelector and required terms; more weight of preferred terms is better (plugins/nodeaffinity). */
export class NodeAffinity {
  readonly name = 'NodeAffinity';
  readonly weight = 2;
  #required: Uint8Array | undefined;
  #preferred: PreferredNodes | undefined;

  prepare(required: Uint8Array | undefined, preferred: PreferredNodes | undefined): void {
    this.#required = required;
    this.#preferred = preferred;
  }

  filter(slot: number): boolean {
    return this.#required === undefined || this.#required[slot] === 1;
  }

  get scores(): boolean {
    return this.#preferred !== undefined;
  }

  /** Whether the preferred terms cannot be parsed, so that no score can be given. */
  get fails(): boolean {
    return this.#preferred !== undefined && this.#preferred.weights === undefined;
  }

  score(slots: Int32Array, count: number, out: Float64Array): void {
    const weights = this.#preferred!.weights!;
    for (let i = 0; i < count; i++) out[i] = weights[slots[i]!]!;
    defaultNormalise(out, count, false);
  }
}
