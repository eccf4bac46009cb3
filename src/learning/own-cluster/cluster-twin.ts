import type { Pod } from '../../cluster/pod.ts';
import { perturbed, TEN_PERCENT_OFF } from '../../power-model/perturb.ts';
import type { ArrivalRhythm } from '../../simulation/generators/arrivals.ts';
import { DurationLaw } from '../../simulation/generators/duration.ts';
import type { PodClass, PodMix } from '../../simulation/generators/pod-mix.ts';
import { generateWorkload, type WorkloadPlan } from '../../simulation/generators/workload.ts';
import type { SimulationOptions } from '../../simulation/simulation.ts';
import type { WorkItem, Workload } from '../../simulation/workload.ts';
import { exp } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';
import { errors } from '../errors.ts';
import { restoreNodes, type SavedNodes } from './saved-node.ts';
import type { Twin } from './twin.ts';

/** A kind of pods, as JSON: `PodClass` with the two numbers of its duration law. */
export interface SavedPodClass extends Omit<PodClass, 'duration'> {
  readonly medianSeconds: number;
  readonly sigma: number;
}

/** Pods that are there all the time: alike ones together. */
export interface StandingPods {
  readonly count: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** CPU in use of what is asked for. */
  readonly useOfRequest: number;
}

/**
 * How sure the twin is of itself: standard deviations of logarithms (shares, durations), and ranges. Every workload of a
 * seed is drawn from a cluster that differs so much from the one that is described, so that a policy is not fitted to
 * numbers which nobody knows exactly.
 */
export interface TwinUncertainty {
  /** Load times a number from this range. */
  readonly load: readonly [number, number];
  readonly shares: number;
  readonly durations: number;
  /** Standard deviation of the logarithm of predictions, from this range. */
  readonly prediction: readonly [number, number];
  /** Curves off by some ten percent in level, tilt and idle, times this. */
  readonly curves: number;
}

export const usualUncertainty: TwinUncertainty = {
  load: [0.8, 1.2],
  shares: 0.4,
  durations: 0.25,
  prediction: [0.3, 0.6],
  curves: 1,
};

/** A real cluster as it can be simulated, as JSON. */
export interface ClusterTwinPlan extends SavedNodes {
  readonly kind: 'cluster';
  readonly name: string;
  /** `clusterDigest` of the nodes as they are, without what is taken off for pods that belong to them. */
  readonly digest: string;
  readonly classes: readonly SavedPodClass[];
  readonly useSigma: number;
  readonly useLimit: number;
  /** Share of the nodes' CPU that pods which come and go ask for, in the mean. */
  readonly load: number;
  readonly standing: readonly StandingPods[];
  readonly rhythm: ArrivalRhythm;
  readonly windowSeconds: number;
  readonly slack: WorkloadPlan['slack'];
  readonly predictionSigma: number;
  /** Left out: exactly as described. */
  readonly uncertainty?: TwinUncertainty;
  /** Whatever was not known and had to be taken as usual, for people. */
  readonly assumptions: readonly string[];
}

/** Loads beyond these cannot be simulated in any sensible way. */
const LEAST_LOAD = 0.02;
const MOST_LOAD = 0.95;

const BYTES_PER_GIB = 2 ** 30;
/** The workload generator gives memory in steps of an eighth of a GiB, at least one. */
const MEMORY_STEP = BYTES_PER_GIB / 8;

const OPTIONS: SimulationOptions = {
  tickSeconds: 300,
  reconsider: 'tick',
  unplaced: 'queue',
  beginAsleep: true,
  seriesSeconds: 0,
  sloSeconds: 600,
};

/** @throws KISIM_E_LEARNING_TWIN for a plan that nothing can be drawn from */
export function clusterTwin(plan: ClusterTwinPlan): Twin {
  if (plan.nodes.length === 0) throw errors.KISIM_E_LEARNING_TWIN('no node');
  if (plan.classes.length === 0) throw errors.KISIM_E_LEARNING_TWIN('no pods that come and go');
  const waits = plan.slack.share > 0;
  return {
    name: plan.name,
    sleeps: plan.nodes.some(({ sleep }) => sleep !== undefined),
    waits,
    situation(seed) {
      const random = new RandomStream(seed).fork('cluster twin');
      const { uncertainty } = plan;
      const off = (deviation: number) => exp(deviation * random.normal());
      const curves = random.fork('curves');
      const nodes = restoreNodes(plan, (curve) => {
        if (uncertainty === undefined || uncertainty.curves === 0) return curve;
        const { level, tilt, idle } = TEN_PERCENT_OFF;
        const times = uncertainty.curves;
        return perturbed(curve, curves, { level: times * level, tilt: times * tilt, idle: times * idle });
      });
      const capacityMilli = nodes.reduce((sum, node) => sum + node.cpuMilli, 0);
      const times = uncertainty === undefined ? 1 : random.uniform(...uncertainty.load);
      const sigma =
        uncertainty === undefined ? plan.predictionSigma : random.uniform(...uncertainty.prediction);
      const mix: PodMix = {
        name: plan.name,
        useSigma: plan.useSigma,
        useLimit: plan.useLimit,
        classes: plan.classes.map(({ medianSeconds, sigma: spread, ...rest }) => ({
          ...rest,
          share: rest.share * (uncertainty === undefined ? 1 : off(uncertainty.shares)),
          duration: new DurationLaw(
            medianSeconds * (uncertainty === undefined ? 1 : off(uncertainty.durations)),
            spread,
          ),
        })),
      };
      const prediction = { kind: 'log-normal', sigma } as const;
      const drawn = generateWorkload(
        {
          mix: withWholeShares(mix),
          load: Math.min(MOST_LOAD, Math.max(LEAST_LOAD, plan.load * times)),
          capacityMilli,
          windowSeconds: plan.windowSeconds,
          rhythm: plan.rhythm,
          durationPrediction: prediction,
          usePrediction: prediction,
          slack: plan.slack,
        },
        seed,
      );
      const largest = nodes.reduce((most, { memoryBytes }) => Math.max(most, memoryBytes), 0);
      return { nodes, workload: withStanding(drawn, plan.standing, largest), options: OPTIONS };
    },
  };
}

/** The same cluster while nobody puts its nodes to sleep, whether they could or not. */
export function neverSleeping(plan: ClusterTwinPlan): ClusterTwinPlan {
  return { ...plan, nodes: plan.nodes.map(({ sleep, ...node }) => node) };
}

/** Shares add up to 1, as rates are told by them. */
function withWholeShares(mix: PodMix): PodMix {
  const sum = mix.classes.reduce((total, { share }) => total + share, 0);
  return { ...mix, classes: mix.classes.map((each) => ({ ...each, share: each.share / sum })) };
}

/**
 * The pods that are always there, before all others; memory that generating has rounded up beyond the largest node is cut.
 */
function withStanding(
  { items, windowSeconds }: Workload,
  standing: readonly StandingPods[],
  largestBytes: number,
): Workload {
  const shapes = new Map<string, number>();
  const shapeOf = (cpuMilli: number, memoryBytes: number) => {
    const key = `${cpuMilli}/${memoryBytes}`;
    const shape = shapes.get(key) ?? shapes.size;
    shapes.set(key, shape);
    return shape;
  };
  const there: WorkItem[] = [];
  for (const [kind, { count, cpuMilli, memoryBytes, useOfRequest }] of standing.entries())
    for (let i = 0; i < count; i++) {
      const useMilli = cpuMilli * useOfRequest;
      const pod: Pod = {
        id: there.length,
        name: `standing-${kind}-${i}`,
        namespace: 'default',
        cpuMilli,
        memoryBytes,
        predictedCpuMilli: useMilli,
        predictedSeconds: Number.POSITIVE_INFINITY,
        slackSeconds: 0,
        shape: shapeOf(cpuMilli, memoryBytes),
      };
      there.push({
        pod,
        arrivalSeconds: 0,
        prefill: true,
        kind: 'service',
        useMilli,
        seconds: Number.POSITIVE_INFINITY,
      });
    }
  const rest = items.map((item, i): WorkItem => {
    const memoryBytes = Math.min(item.pod.memoryBytes, Math.max(MEMORY_STEP, largestBytes));
    const id = there.length + i;
    return {
      ...item,
      pod: { ...item.pod, id, memoryBytes, shape: shapeOf(item.pod.cpuMilli, memoryBytes) },
    };
  });
  return { items: [...there, ...rest], windowSeconds };
}
