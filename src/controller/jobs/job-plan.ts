import type { Pod } from '../../cluster/pod.ts';
import type { NodeChoice } from '../../kubernetes/affinity.ts';
import type { Explanation } from '../explanation.ts';

/** One pod of a Job, as it was decided before there is any. */
export interface PlannedPod {
  /** Under which it is booked. */
  readonly key: string;
  readonly pod: Pod;
  readonly index: number;
  readonly node: string;
  readonly gpus: Int32Array | undefined;
}

/** Where the pods of a Job are to go. */
export interface JobPlan {
  /** At least one. */
  readonly pods: readonly PlannedPod[];
  /** The nodes, joined by commas: first those that more of the pods go to. */
  readonly nodes: string;
  /** Whether all pods that the Job has at a time have a node. */
  readonly isComplete: boolean;
}

/** Names in the order of how often they occur; of equals the one that came first. */
export function mostFirst(names: readonly string[]): readonly [string, ...string[]] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
  return sorted as [string, ...string[]];
}

/**
 * How the nodes of a plan are to be written. Where some pods have found no node yet, a requirement would keep them off every
 * other node for good.
 */
export function planStrength(
  plan: JobPlan | undefined,
  configured: NodeChoice['strength'],
): NodeChoice['strength'] {
  return plan?.isComplete === true ? configured : 'preferred';
}

/** What the decisions for the pods of one Job cost together. Other nodes are told of a single pod alone. */
export function together(all: readonly Explanation[]): Explanation {
  const first = all[0]!;
  if (all.length === 1) return first;
  const references = all.map(({ reference }) => reference).filter((each) => each !== undefined);
  return {
    terms: sums(all.map(({ terms }) => terms)),
    others: [],
    reference:
      references.length < all.length
        ? undefined
        : {
            policy: references[0]!.policy,
            node: mostFirst(references.map(({ node }) => node)).join(','),
            terms: sums(references.map(({ terms }) => terms)),
          },
    candidates: first.candidates,
  };
}

function sums(lists: readonly Explanation['terms'][]): Explanation['terms'] {
  const byTerm = new Map<string, Explanation['terms'][number]>();
  for (const each of lists.flat()) {
    const key = `${each.unit} ${each.term}`;
    const before = byTerm.get(key)?.amount ?? 0;
    byTerm.set(key, { ...each, amount: before + each.amount });
  }
  return [...byTerm.values()];
}
