import { ClusterPower } from '../../policy/energy/cluster-power.ts';
import { HORIZON_SECONDS, LEAST_MILLI } from '../../policy/energy/decision.ts';
import type { Situation } from '../../simulation/simulation.ts';
import type { Joules } from '../../util/units.ts';

/**
 * Mean over a workload's pods of the energy that each needs anyway: predicted use and time at the cluster's best watts per
 * core. The unit that rewards are told in, so that a pod of ten cores and three hours does not own the loss.
 *
 * @throws RangeError for a workload without pods
 */
export function meanOwnJoules({ nodes, workload }: Situation): Joules {
  const { items } = workload;
  if (items.length === 0) throw new RangeError('a workload without pods has no mean energy');
  const { bestWattsPerMilli } = new ClusterPower(nodes);
  let sum = 0;
  for (const { pod } of items)
    sum +=
      Math.max(LEAST_MILLI, pod.predictedCpuMilli) *
      Math.min(HORIZON_SECONDS, Math.max(1, pod.predictedSeconds));
  return (bestWattsPerMilli * sum) / items.length;
}

/** About what a run takes under a sensible policy: what all pods need anyway, and the idle watts of nodes that never sleep. */
export function aboutJoules(situation: Situation): Joules {
  const { nodes, workload } = situation;
  const power = new ClusterPower(nodes);
  const idle = nodes.reduce(
    (sum, node, i) => sum + (node.sleep === undefined ? power.idleWatts[i]! * workload.windowSeconds : 0),
    0,
  );
  return idle + meanOwnJoules(situation) * workload.items.length;
}
