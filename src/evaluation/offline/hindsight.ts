import type { Node } from '../../cluster/node.ts';
import { type Plan, planOf } from '../../simulation/plan.ts';
import type { SimulationOptions } from '../../simulation/simulation.ts';
import type { WorkItem, Workload } from '../../simulation/workload.ts';
import { AssignedPolicy } from './assigned-policy.ts';
import { offlineErrors } from './errors.ts';

/** A cluster and all that it will be asked to run, which no policy knows. */
export interface Hindsight {
  readonly nodes: readonly Node[];
  readonly workload: Workload;
  readonly options: SimulationOptions;
}

/**
 * The yardsticks count on pods that run as long as they would alone, and on energy that CPU use decides.
 *
 * @throws KISIM_E_OFFLINE_UNSUPPORTED naming the node or pod
 */
export function checkHindsight({ nodes, workload }: Hindsight): void {
  for (const node of nodes) checkNode(node);
  for (const item of workload.items) checkItem(item);
}

/** The workload in columns, checked as the engine checks it. */
export function hindsightPlan(situation: Hindsight): Plan {
  checkHindsight(situation);
  return planOf({ ...situation, policy: new AssignedPolicy(new Int32Array(0)), seed: 0 });
}

function checkNode({ name, power, gpus, smt }: Node): void {
  if (power === undefined) throw offlineErrors.KISIM_E_OFFLINE_UNSUPPORTED(`node ${name} has no power curve`);
  if (gpus !== undefined && gpus.count > 0)
    throw offlineErrors.KISIM_E_OFFLINE_UNSUPPORTED(`node ${name} has GPUs`);
  if (smt !== undefined && smt.threadsPerCore > 1 && smt.secondThreadYield < 1)
    throw offlineErrors.KISIM_E_OFFLINE_UNSUPPORTED(`node ${name} has hyper-threads that slow one another`);
}

function checkItem({ pod, useMilli, rhythm }: WorkItem): void {
  const who = `pod ${pod.namespace}/${pod.name}`;
  if (rhythm !== undefined) throw offlineErrors.KISIM_E_OFFLINE_UNSUPPORTED(`${who} has a rhythm`);
  if (pod.gpu !== undefined && pod.gpu.count > 0)
    throw offlineErrors.KISIM_E_OFFLINE_UNSUPPORTED(`${who} asks for GPUs`);
  if (Object.values(pod.extended ?? {}).some((amount) => amount > 0))
    throw offlineErrors.KISIM_E_OFFLINE_UNSUPPORTED(`${who} asks for other resources`);
  if (useMilli > pod.cpuMilli)
    throw offlineErrors.KISIM_E_OFFLINE_UNSUPPORTED(`${who} uses ${useMilli} of ${pod.cpuMilli} milli-cores`);
}
