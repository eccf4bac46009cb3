import type { PatternName } from '../load/pattern/pattern-spec.ts';
import { defaultServing, type ServingSpec } from './backend.ts';
import type { LoadTrendForm } from './load-history.ts';
import type { BackendName, ReplicaLimits } from './policy.ts';

/** Patterns of KISim's experiments, in the order of the rotation. */
export const trainedPatterns = [
  'ramp',
  'spike',
  'periodic',
  'random',
] as const satisfies readonly PatternName[];
export type TrainedPattern = (typeof trainedPatterns)[number];

/** What an episode is worth. */
export type RewardForm =
  /** Minus energy, late requests and changes: `ownReward`. */
  | 'own'
  /** The four parts of KISim: `kisimReward`. */
  | 'kisim';

/** Weights of the four parts of KISim's reward. */
export interface KisimWeights {
  readonly latency: number;
  readonly throughput: number;
  readonly resourceEfficiency: number;
  readonly stability: number;
}

/** Weights of our own reward; each part is about 1 in an interval in which all goes badly. */
export interface OwnWeights {
  readonly energy: number;
  readonly late: number;
  readonly latency: number;
  readonly replicas: number;
  readonly change: number;
}

/**
 * What KISim does and most likely did not mean (docs/developer/autoscaling.md), each to be had again, none by default.
 */
export interface KisimDefects {
  /** The third number of the action changes nothing: requests are spread as they are. */
  readonly placementIgnored: boolean;
  /** The stability part never sees a change, and is a constant. */
  readonly stabilityBlind: boolean;
}

/** An autoscaling problem: what is served, what is seen of it, what may be done and what counts. */
export interface AutoscalingProblem {
  readonly serving: ServingSpec;
  readonly limits: ReplicaLimits;
  /** Replicas that are ready when an episode begins. */
  readonly initial: Readonly<Record<BackendName, number>>;
  readonly episodeSeconds: number;
  readonly intervalSeconds: number;
  /** A whole number of intervals: what utilizations, throughput and p95 are taken over. */
  readonly windowSeconds: number;
  readonly patterns: readonly TrainedPattern[];
  /** Requests a second of the patterns' lowest and highest level; a ramp begins at a tenth of the lowest. */
  readonly load: { readonly low: number; readonly high: number };
  /** A request that takes longer is late. */
  readonly objectiveSeconds: number;
  readonly observation: LoadTrendForm;
  readonly reward: RewardForm;
  readonly kisimWeights: KisimWeights;
  readonly ownWeights: OwnWeights;
  readonly defects: KisimDefects;
}

/** Changes of replicas by their number in an action. */
export const replicaChanges = [-2, -1, 0, 1, 2] as const;

/** KISim's MultiDiscrete [5, 5, 3]: change of the GPU and of the CPU replicas, placement. */
export const actionShape: readonly number[] = [replicaChanges.length, replicaChanges.length, 3];

/**
 * KISim's problem (its patterns of ten minutes, one to ten replicas, three of each to begin with) with decisions as often as the HPA
 * makes them, so that no policy sees more than another.
 */
export const defaultProblem: AutoscalingProblem = {
  serving: defaultServing,
  limits: { gpu: { min: 1, max: 10 }, cpu: { min: 1, max: 10 } },
  initial: { gpu: 3, cpu: 3 },
  episodeSeconds: 600,
  intervalSeconds: 15,
  windowSeconds: 15,
  patterns: trainedPatterns,
  load: { low: 10, high: 100 },
  objectiveSeconds: 0.13,
  observation: 'normalised',
  reward: 'own',
  kisimWeights: { latency: 0.4, throughput: 0.3, resourceEfficiency: 0.2, stability: 0.1 },
  ownWeights: { energy: 0.6, late: 12, latency: 0.2, replicas: 4, change: 0.02 },
  defects: { placementIgnored: false, stabilityBlind: false },
};
