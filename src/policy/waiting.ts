import type { Pod } from '../cluster/pod.ts';
import { ClusterPower } from './energy/cluster-power.ts';
import type { WaitRule } from './energy/rules.ts';
import { WaitDecision } from './energy/wait-decision.ts';
import { type Candidates, type ExplainedTerm, type Policy, type PolicyRun, WAIT } from './policy.ts';
import { WrappedRun } from './wrapped-run.ts';

/**
 * Lets a policy choose, and holds the pod back where a wait rule says so of that node. Pods without slack never wait.
 *
 * @throws KISIM_E_POLICY_NO_POWER at its start, where a node has no power curve
 */
export function waiting(policy: Policy, rule: WaitRule): Policy {
  return {
    name: `${policy.name}+wait:${rule.name}`,
    start: (context) => {
      const power = new ClusterPower(context.cluster.nodes);
      return new WaitingRun(policy.start(context), new WaitDecision(context.cluster, power, rule.weights));
    },
  };
}

class WaitingRun extends WrappedRun {
  readonly #decision: WaitDecision;

  constructor(inner: PolicyRun, decision: WaitDecision) {
    super(inner);
    this.#decision = decision;
  }

  choose(pod: Pod, candidates: Candidates): number {
    const node = this.inner.choose(pod, candidates);
    if (node === WAIT) return WAIT;
    return this.#decision.waits(pod, node, candidates.slackLeft ?? pod.slackSeconds) ? WAIT : node;
  }

  override explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    const inner = this.inner.explain(pod, node);
    return pod.slackSeconds > 0 ? [...inner, ...this.#decision.explain(pod, node, pod.slackSeconds)] : inner;
  }
}
