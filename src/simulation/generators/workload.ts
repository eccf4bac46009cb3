import type { Pod } from '../../cluster/pod.ts';
import { RandomStream } from '../../util/rng.ts';
import type { WorkItem, Workload } from '../workload.ts';
import { type ArrivalRhythm, poissonArrivals } from './arrivals.ts';
import { meanCores, type PodClass, type PodMix } from './pod-mix.ts';
import { type PredictionModel, predict } from './prediction-error.ts';

/** Requests of memory are whole multiples of it, as people write them: 128 MiB. */
const MEMORY_STEP = 2 ** 27;
const STEPS_PER_GIB = 8;

export interface WorkloadPlan {
  readonly mix: PodMix;
  /** Mean share of the cluster's CPU that is requested over the window, if nobody waits. */
  readonly load: number;
  /** CPU of all nodes, milli-cores. */
  readonly capacityMilli: number;
  readonly windowSeconds: number;
  readonly rhythm: ArrivalRhythm;
  readonly durationPrediction: PredictionModel;
  readonly usePrediction: PredictionModel;
  /** Share of the batch pods that may be held back, and for how long (uniform). */
  readonly slack: {
    readonly share: number;
    readonly fromSeconds: number;
    readonly toSeconds: number;
  };
}

/** A pod that may or may not be part of the workload, by its mark. */
interface Draft {
  readonly podClass: PodClass;
  readonly number: number;
  readonly mark: number;
  readonly start: number;
  readonly seconds: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly useMilli: number;
  readonly predictedUseMilli: number;
  /** Against the truth, for what is left of a pod that runs already. */
  readonly predictedSeconds: (left: number) => number;
  readonly slackSeconds: number;
}

/**
 * All pods of one episode, from one seed: the same for every policy. Arrivals begin before time 0, as long before as the
 * longest pod of the class can last; what still runs at 0 is the prefill, so that the episode starts in the process's own
 * steady state. Of more arrivals than needed those with the smallest random marks are kept, as many as give the load
 * over the window (up to half a pod): loads of one seed are nested, and seeds differ in their pods, not in their load.
 *
 * Pods that run on at the end of the window run to their own end: an episode is drained, and its work is fixed.
 */
export function generateWorkload(plan: WorkloadPlan, seed: number): Workload {
  const random = new RandomStream(seed).fork('workload');
  const drafts: Draft[] = [];
  let surplus = Math.max(1.8, 2 * plan.load);
  let kept: Draft[] | undefined;
  while (kept === undefined) {
    drafts.length = 0;
    for (const podClass of plan.mix.classes) draftClass(plan, podClass, surplus, random, drafts);
    kept = keepToLoad(drafts, plan);
    surplus *= 2;
  }
  // Equal times cannot be told apart by time alone: sorts are stable, and classes come in the order of the mix.
  kept.sort((a, b) => a.start - b.start);
  const shapes = new Map<string, number>();
  const items = kept.map((draft, id) => itemOf(draft, id, shapes));
  return { items, windowSeconds: plan.windowSeconds };
}

/** Pods per second at a load of 1. */
function fullRate(plan: WorkloadPlan): number {
  let coreSeconds = 0;
  for (const podClass of plan.mix.classes)
    coreSeconds += podClass.share * meanCores(podClass) * podClass.duration.meanSeconds;
  return plan.capacityMilli / 1000 / coreSeconds;
}

function draftClass(
  plan: WorkloadPlan,
  podClass: PodClass,
  surplus: number,
  random: RandomStream,
  drafts: Draft[],
): void {
  const truth = random.fork(podClass.name);
  const prediction = random.fork(`${podClass.name} predictions`);
  const rate = fullRate(plan) * surplus * podClass.share;
  const from = -podClass.duration.longestSeconds;
  const times = poissonArrivals(
    random.fork(`${podClass.name} arrivals`),
    rate,
    plan.rhythm,
    from,
    plan.windowSeconds,
  );
  const meanSeconds = podClass.duration.meanSeconds;
  for (const [number, start] of times.entries()) {
    const mark = truth.next();
    const seconds = podClass.duration.draw(truth);
    const cores = truth.pick(podClass.cores);
    const gibPerCore = truth.uniform(podClass.gibPerCore[0], podClass.gibPerCore[1]);
    const useFactor = truth.logNormal(podClass.useOfRequest, plan.mix.useSigma);
    const mayWait = truth.next() < plan.slack.share && podClass.kind === 'batch';
    const slackSeconds = truth.uniform(plan.slack.fromSeconds, plan.slack.toSeconds);
    const cpuMilli = Math.round(cores * 1000);
    const useMilli = cpuMilli * Math.min(useFactor, plan.mix.useLimit);
    const meanUse = cpuMilli * podClass.useOfRequest;
    const predictedUseMilli = predict(plan.usePrediction, useMilli, meanUse, prediction);
    const durationFactor = predict(plan.durationPrediction, 1, Number.NaN, prediction);
    if (start + seconds <= 0) continue;
    drafts.push({
      podClass,
      number,
      mark,
      start,
      seconds,
      cpuMilli,
      memoryBytes: Math.max(1, Math.round(cores * gibPerCore * STEPS_PER_GIB)) * MEMORY_STEP,
      useMilli,
      predictedUseMilli,
      predictedSeconds: (left) => (Number.isNaN(durationFactor) ? meanSeconds : left * durationFactor),
      slackSeconds: mayWait ? slackSeconds : 0,
    });
  }
}

/** Undefined where all drafts together are too few. */
function keepToLoad(drafts: readonly Draft[], plan: WorkloadPlan): Draft[] | undefined {
  const wanted = plan.load * plan.capacityMilli * plan.windowSeconds;
  const byMark = [...drafts].sort((a, b) => a.mark - b.mark);
  let sum = 0;
  for (const [i, draft] of byMark.entries()) {
    const from = Math.max(0, draft.start);
    const to = Math.min(plan.windowSeconds, draft.start + draft.seconds);
    const more = draft.cpuMilli * Math.max(0, to - from);
    // The last pod may be a large one: with it or without it, whatever is nearer.
    if (sum + more >= wanted) return byMark.slice(0, sum + more - wanted < wanted - sum ? i + 1 : i);
    sum += more;
  }
  return undefined;
}

function itemOf(draft: Draft, id: number, shapes: Map<string, number>): WorkItem {
  const key = `${draft.cpuMilli}/${draft.memoryBytes}`;
  const shape = shapes.get(key) ?? shapes.size;
  shapes.set(key, shape);
  const prefill = draft.start < 0;
  const arrivalSeconds = prefill ? 0 : draft.start;
  const left = prefill ? draft.start + draft.seconds : draft.seconds;
  const pod: Pod = {
    id,
    name: `${draft.podClass.name}-${draft.number}`,
    namespace: 'default',
    cpuMilli: draft.cpuMilli,
    memoryBytes: draft.memoryBytes,
    predictedCpuMilli: draft.predictedUseMilli,
    predictedSeconds: draft.predictedSeconds(left),
    slackSeconds: prefill ? 0 : draft.slackSeconds,
    shape,
  };
  return {
    pod,
    arrivalSeconds,
    kind: draft.podClass.kind,
    useMilli: draft.useMilli,
    seconds: left,
    ...(prefill ? { prefill } : {}),
  };
}
