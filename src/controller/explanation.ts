import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Pod } from '../cluster/pod.ts';
import type { DecisionNode } from '../history/decision-record.ts';
import type { Candidates, ExplainedTerm, Policy, PolicyRun } from '../policy/policy.ts';

/** Why a node, in terms of the rule that chose it. */
export interface Explanation {
  readonly terms: readonly ExplainedTerm[];
  readonly others: readonly DecisionNode[];
  readonly reference: (DecisionNode & { readonly policy: string }) | undefined;
  readonly candidates: number;
}

/** Other nodes whose terms are kept. */
const OTHERS = 3;

export interface Reference {
  readonly policy: Policy;
  readonly run: PolicyRun | undefined;
}

/** To be made before the pod is booked, while the cluster is still the one that was decided on. */
export function explain(
  run: PolicyRun,
  cluster: ClusterState,
  pod: Pod,
  candidates: Candidates,
  node: number,
): Pick<Explanation, 'terms' | 'others'> {
  const others = bestOthers(run, pod, candidates, node);
  return {
    terms: run.explain(pod, node),
    others: others.map((at) => ({ node: cluster.nodes[at]!.name, terms: run.explain(pod, at) })),
  };
}

/** What another rule would have chosen, at the prices of the one that decided. */
export function compare(
  run: PolicyRun,
  cluster: ClusterState,
  pod: Pod,
  candidates: Candidates,
  reference: Reference | undefined,
): Explanation['reference'] {
  if (reference?.run === undefined) return undefined;
  const node = reference.run.choose(pod, candidates);
  if (node < 0) return undefined;
  return { policy: reference.policy.name, node: cluster.nodes[node]!.name, terms: run.explain(pod, node) };
}

/** Best first; of equal ones the first. A rule that ranks nothing has no order to tell. */
function bestOthers(run: PolicyRun, pod: Pod, candidates: Candidates, chosen: number): readonly number[] {
  if (run.scores === undefined) return [];
  const { nodes, count } = candidates;
  const scores = new Float64Array(count);
  run.scores(pod, candidates, scores);
  const best: number[] = [];
  for (let i = 0; i < count; i++) {
    if (nodes[i] === chosen || (best.length === OTHERS && scores[i]! <= scores[best[OTHERS - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && scores[best[at - 1]!]! < scores[i]!) at--;
    best.splice(at, 0, i);
    if (best.length > OTHERS) best.pop();
  }
  return best.map((i) => nodes[i]!);
}
