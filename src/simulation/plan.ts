import { ClusterState } from '../cluster/cluster-state.ts';
import { couldEverFit } from '../cluster/feasible.ts';
import type { Node } from '../cluster/node.ts';
import type { Pod } from '../cluster/pod.ts';
import { hasConstraints } from '../policy/kube/constraint-filter.ts';
import { Digest } from './digest.ts';
import { errors } from './errors.ts';
import type { SimulationInput } from './simulation.ts';
import type { Rhythm, WorkItem, Workload } from './workload.ts';

/** The workload in columns by pod id, checked. Never changes: all copies of a simulation share it. */
export interface Plan {
  readonly pods: readonly Pod[];
  readonly count: number;
  /** Items before this one run since before the beginning. */
  readonly prefilled: number;
  readonly arrival: Float64Array;
  /** The last instant at which a policy may still say WAIT. */
  readonly deadline: Float64Array;
  readonly cpuMilli: Float64Array;
  readonly memoryBytes: Float64Array;
  readonly useMilli: Float64Array;
  readonly seconds: Float64Array;
  readonly isBatch: Uint8Array;
  /** Index into `rhythms`; -1: constant use. */
  readonly rhythm: Int32Array;
  readonly rhythms: readonly Rhythm[];
  readonly gpuUse: Float64Array;
  readonly windowSeconds: number;
  /** Whether taints, affinity and their like can keep a pod off a node that it fits. */
  readonly isConstrained: boolean;
  /** Up to when nodes that may sleep are counted, and pods without an end stay; from the workload alone. */
  readonly horizonSeconds: number;
}

function describe(item: WorkItem, id: number): string {
  return `pod ${item.pod.namespace}/${item.pod.name} (item ${id})`;
}

function checkItem(item: WorkItem, id: number, windowSeconds: number): void {
  const refuse = (what: string) => errors.KISIM_E_SIM_WORKLOAD_INVALID(`${describe(item, id)} ${what}`);
  const { pod, arrivalSeconds, kind, useMilli, seconds, rhythm, gpuUse } = item;
  if (pod.id !== id) throw refuse(`has the id ${pod.id}`);
  if (!(arrivalSeconds >= 0)) throw refuse(`arrives at ${arrivalSeconds} s`);
  if (item.prefill === true && arrivalSeconds !== 0)
    throw refuse(`is prefilled and arrives at ${arrivalSeconds} s`);
  if (arrivalSeconds > windowSeconds)
    throw refuse(`arrives at ${arrivalSeconds} s, after the window of ${windowSeconds} s`);
  if (!(useMilli >= 0 && useMilli < Number.POSITIVE_INFINITY)) throw refuse(`uses ${useMilli} milli-cores`);
  if (!(seconds > 0)) throw refuse(`takes ${seconds} s`);
  if (kind === 'batch' && seconds === Number.POSITIVE_INFINITY) throw refuse('is a batch pod without an end');
  if (!(pod.slackSeconds >= 0 && pod.slackSeconds < Number.POSITIVE_INFINITY))
    throw refuse(`has a slack of ${pod.slackSeconds} s`);
  if (!(pod.cpuMilli >= 0 && pod.memoryBytes >= 0))
    throw refuse(`asks for ${pod.cpuMilli} milli-cores and ${pod.memoryBytes} bytes`);
  if (gpuUse !== undefined && !(gpuUse >= 0 && gpuUse <= 1)) throw refuse(`uses ${gpuUse} of its GPUs`);
  if (rhythm === undefined) return;
  if (kind === 'batch') throw refuse('is a batch pod with a rhythm');
  if (!(rhythm.periodSeconds > 0 && rhythm.amplitude >= 0 && rhythm.amplitude <= 1))
    throw refuse(`has a rhythm of amplitude ${rhythm.amplitude} and period ${rhythm.periodSeconds} s`);
}

/** @throws KISIM_E_SIM_POD_TOO_LARGE for the first pod that no open node could take while empty */
function checkSizes(nodes: readonly Node[], items: readonly WorkItem[]): void {
  const empty = new ClusterState(nodes);
  const open = nodes.flatMap((node, i) => (node.unschedulable === true ? [] : [i]));
  let last = open[0];
  for (let id = 0; id < items.length; id++) {
    const item = items[id]!;
    if (last !== undefined && couldEverFit(empty, item.pod, last)) continue;
    last = open.find((node) => couldEverFit(empty, item.pod, node));
    if (last !== undefined) continue;
    const { cpuMilli, memoryBytes, gpu } = item.pod;
    const gpus = gpu === undefined ? '' : `, ${gpu.count} GPUs`;
    const asks = `asks for ${cpuMilli} milli-cores, ${memoryBytes} bytes${gpus}`;
    throw errors.KISIM_E_SIM_POD_TOO_LARGE(`${describe(item, id)} ${asks}`);
  }
}

/** @throws KISIM_E_SIM_OPTIONS_INVALID, KISIM_E_SIM_WORKLOAD_INVALID for what is not about one pod */
function checkFrame({ nodes, workload, options }: SimulationInput): void {
  const { tickSeconds, seriesSeconds, sloSeconds } = options;
  if (!(tickSeconds > 0)) throw errors.KISIM_E_SIM_OPTIONS_INVALID(`tickSeconds ${tickSeconds}`);
  if (!(seriesSeconds >= 0)) throw errors.KISIM_E_SIM_OPTIONS_INVALID(`seriesSeconds ${seriesSeconds}`);
  if (!(sloSeconds >= 0)) throw errors.KISIM_E_SIM_OPTIONS_INVALID(`sloSeconds ${sloSeconds}`);
  const { windowSeconds } = workload;
  if (!(windowSeconds >= 0 && windowSeconds < Number.POSITIVE_INFINITY))
    throw errors.KISIM_E_SIM_WORKLOAD_INVALID(`a window of ${windowSeconds} s`);
  for (const { name, speed, smt } of nodes) {
    if (speed !== undefined && !(speed > 0))
      throw errors.KISIM_E_SIM_WORKLOAD_INVALID(`node ${name} has a speed of ${speed}`);
    if (smt && !(smt.threadsPerCore >= 1 && smt.secondThreadYield >= 0 && smt.secondThreadYield <= 1)) {
      const has = `${smt.threadsPerCore} threads a core, the second with ${smt.secondThreadYield}`;
      throw errors.KISIM_E_SIM_WORKLOAD_INVALID(`node ${name} has ${has}`);
    }
  }
}

const known = new WeakMap<Workload, { readonly nodes: readonly Node[]; readonly plan: Plan }>();

/**
 * Checks a workload against its nodes before anything runs. One that was checked with the same nodes is not checked
 * again: many policies run over one workload.
 *
 * @throws KISIM_E_SIM_WORKLOAD_INVALID, KISIM_E_SIM_OPTIONS_INVALID, KISIM_E_SIM_POD_TOO_LARGE
 */
export function planOf(input: SimulationInput): Plan {
  checkFrame(input);
  const last = known.get(input.workload);
  if (last?.nodes === input.nodes) return last.plan;
  const plan = newPlan(input.nodes, input.workload);
  known.set(input.workload, { nodes: input.nodes, plan });
  return plan;
}

function newPlan(nodes: readonly Node[], { items, windowSeconds }: Workload): Plan {
  const count = items.length;
  const slowest = nodes.reduce((speed, node) => Math.min(speed, node.speed ?? 1), 1);
  const column = () => new Float64Array(count);
  const [arrival, deadline, cpuMilli, memoryBytes] = [column(), column(), column(), column()];
  const [useMilli, seconds, gpuUse] = [column(), column(), column()];
  const isBatch = new Uint8Array(count);
  const rhythm = new Int32Array(count).fill(-1);
  const rhythms = new RhythmTable();
  const pods: Pod[] = [];
  let prefilled = 0;
  let horizonSeconds = windowSeconds;
  for (let id = 0; id < count; id++) {
    const item = items[id]!;
    const { pod } = item;
    checkItem(item, id, windowSeconds);
    if (item.prefill === true && prefilled++ !== id)
      throw errors.KISIM_E_SIM_WORKLOAD_INVALID(`${describe(item, id)} is prefilled, behind one that is not`);
    if (id > 0 && item.arrivalSeconds < arrival[id - 1]!) {
      const times = `arrives at ${item.arrivalSeconds} s, behind one of ${arrival[id - 1]} s`;
      throw errors.KISIM_E_SIM_WORKLOAD_INVALID(`${describe(item, id)} ${times}`);
    }
    pods.push(pod);
    arrival[id] = item.arrivalSeconds;
    deadline[id] = item.prefill === true ? 0 : item.arrivalSeconds + pod.slackSeconds;
    cpuMilli[id] = pod.cpuMilli;
    memoryBytes[id] = pod.memoryBytes;
    useMilli[id] = item.useMilli;
    seconds[id] = item.seconds;
    gpuUse[id] = item.gpuUse ?? 1;
    isBatch[id] = item.kind === 'batch' ? 1 : 0;
    if (item.rhythm !== undefined) rhythm[id] = rhythms.indexOf(item.rhythm);
    if (item.seconds < Number.POSITIVE_INFINITY) {
      const alone = item.kind === 'batch' ? item.seconds / slowest : item.seconds;
      horizonSeconds = Math.max(horizonSeconds, deadline[id]! + alone);
    }
  }
  checkSizes(nodes, items);
  return {
    pods,
    count,
    prefilled,
    arrival,
    deadline,
    cpuMilli,
    memoryBytes,
    useMilli,
    seconds,
    isBatch,
    rhythm,
    rhythms: rhythms.all,
    gpuUse,
    isConstrained: hasConstraints(nodes, pods),
    windowSeconds,
    horizonSeconds,
  };
}

/** Equal rhythms once. */
class RhythmTable {
  readonly all: Rhythm[] = [];
  readonly #index = new Map<string, number>();

  indexOf(rhythm: Rhythm): number {
    const key = `${rhythm.amplitude} ${rhythm.periodSeconds} ${rhythm.phaseSeconds}`;
    const index = this.#index.get(key) ?? this.all.push(rhythm) - 1;
    this.#index.set(key, index);
    return index;
  }
}

/** Tells inputs apart: a snapshot is only taken up with the ones that it was made with. */
export function fingerprint(input: SimulationInput, plan: Plan): string {
  const digest = new Digest().text(input.policy.name).number(input.seed).text(JSON.stringify(input.options));
  for (const node of input.nodes) {
    const { power, sleep, smt, gpus } = node;
    digest.text(node.name).number(node.cpuMilli).number(node.memoryBytes).number(node.pods);
    for (let tenth = 0; tenth <= 10; tenth++) digest.number(power?.watts(tenth / 10) ?? -1);
    digest.text(JSON.stringify([sleep, smt, gpus, node.speed, node.taints, node.labels, node.unschedulable]));
  }
  digest.text(JSON.stringify(plan.rhythms)).number(plan.windowSeconds).number(plan.horizonSeconds);
  for (let id = 0; id < plan.count; id++) {
    digest.number(plan.arrival[id]!).number(plan.deadline[id]!).number(plan.cpuMilli[id]!);
    digest.number(plan.memoryBytes[id]!).number(plan.useMilli[id]!).number(plan.seconds[id]!);
    digest.word(plan.isBatch[id]!).number(plan.gpuUse[id]!).word(plan.rhythm[id]!);
    const { predictedCpuMilli, predictedSeconds } = plan.pods[id]!;
    digest.number(predictedCpuMilli).number(predictedSeconds);
  }
  return digest.hex;
}
