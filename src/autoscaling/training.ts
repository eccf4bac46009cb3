import { createHash } from 'node:crypto';
import type { Agent } from '../learning/agent.ts';
import { Dqn, type DqnSettings } from '../learning/algorithms/dqn.ts';
import { Ppo, type PpoSettings } from '../learning/algorithms/ppo.ts';
import type { Environment } from '../learning/environment.ts';
import { FlattenedActions } from '../learning/flattened-actions.ts';
import { greedyEpisodes } from '../learning/greedy-episodes.ts';
import { networkOf } from '../learning/onnx/agent-network.ts';
import { networkGraph } from '../learning/onnx/network-graph.ts';
import { VectorEnvironment } from '../learning/vector-environment.ts';
import { writeOnnx } from '../util/onnx/write-model.ts';
import { mean } from '../util/statistics/mean.ts';
import { type Baselines, measureBaselines } from './baselines.ts';
import { AutoscalingEnvironment, BASELINE_SEED, vectorFormOf } from './environment.ts';
import { AUTOSCALING_KIND, AUTOSCALING_META, type AutoscalingModelForm } from './policies/learned.ts';
import type { AutoscalingProblem } from './problem.ts';

export const autoscalingAlgorithms = ['ppo', 'dqn'] as const;
export type AutoscalingAlgorithm = (typeof autoscalingAlgorithms)[number];

/** Settings of both algorithms that differ from the learners' defaults. */
export interface AgentSettings {
  readonly ppo: Partial<PpoSettings>;
  readonly dqn: Partial<DqnSettings>;
  /** Environments beside each other. */
  readonly environments: number;
}

/**
 * What a decision does shows within a few intervals: gamma 0.9 looks two and a half minutes ahead, and leaves out the noise of all
 * that comes later. Rollouts of three episodes of each environment; the rest is near the learners' defaults.
 */
export const defaultAgentSettings: AgentSettings = {
  ppo: {
    hidden: [64, 64],
    activation: 'tanh',
    learningRate: { from: 1e-3, to: 5e-5 },
    rolloutSteps: 120,
    minibatch: 480,
    epochs: 8,
    gamma: 0.9,
    lambda: 0.9,
    entropyCoefficient: { from: 0.02, to: 0.0005 },
    normaliseRewards: true,
  },
  dqn: {
    hidden: [128, 128],
    learningRate: { from: 5e-4, to: 5e-5 },
    batchSize: 128,
    bufferSize: 100_000,
    learningStarts: 2000,
    gamma: 0.9,
    trainEvery: 16,
    gradientSteps: 4,
    targetEvery: 2000,
    explorationShare: 0.3,
    exploration: { from: 1, to: 0.02 },
    double: true,
    dueling: true,
    steps: 3,
  },
  environments: 32,
};

export interface AutoscalingTraining {
  readonly problem: AutoscalingProblem;
  readonly algorithm: AutoscalingAlgorithm;
  readonly settings: AgentSettings;
  readonly seed: number;
  readonly steps: number;
}

/** What belongs to one training: the agent with nothing learned, and how it is judged. */
export interface AutoscalingLearner {
  readonly agent: Ppo | Dqn;
  /** Mean return of greedy episodes whose seeds are those of no training. */
  readonly validate: (agent: Agent) => number;
}

/** Seeds of validation: far from those of trainings, which count up from the seed given. */
const VALIDATION_SEED = 900_000_000;
const VALIDATION_EPISODES = 40;

function environmentOf(
  { problem, algorithm }: AutoscalingTraining,
  baselines: Baselines | undefined,
): Environment {
  const environment = new AutoscalingEnvironment(problem, baselines);
  return algorithm === 'dqn' ? new FlattenedActions(environment) : environment;
}

/** @throws KISIM_E_LEARNING_SETTINGS */
export function autoscalingLearner(training: AutoscalingTraining): AutoscalingLearner {
  const { problem, algorithm, settings, seed, steps } = training;
  const baselines = problem.reward === 'kisim' ? measureBaselines(problem, BASELINE_SEED) : undefined;
  const batch = (count: number) =>
    new VectorEnvironment(Array.from({ length: count }, () => environmentOf(training, baselines)));
  const environments = batch(settings.environments);
  const agent =
    algorithm === 'ppo'
      ? new Ppo(environments, { ...settings.ppo, seed, totalSteps: steps })
      : new Dqn(environments, { ...settings.dqn, seed, totalSteps: steps });
  const judges = batch(VALIDATION_EPISODES);
  return { agent, validate: (one) => mean(greedyEpisodes(one, judges, VALIDATION_SEED)) };
}

export interface AutoscalingModel {
  readonly onnx: Uint8Array;
  readonly sha256: string;
}

/** The model of an agent as it is now: the same agent gives the same bytes. */
export function autoscalingModel(training: AutoscalingTraining, agent: Ppo | Dqn): AutoscalingModel {
  const { problem, algorithm } = training;
  const environment = environmentOf({ ...training, problem: { ...problem, reward: 'own' } }, undefined);
  const form: AutoscalingModelForm = {
    algorithm,
    intervalSeconds: problem.intervalSeconds,
    windowSeconds: problem.windowSeconds,
    ...vectorFormOf(problem),
  };
  const onnx = writeOnnx(
    networkGraph(`autoscale-${algorithm}`, networkOf(agent, environment), {
      [AUTOSCALING_META.kind]: AUTOSCALING_KIND,
      [AUTOSCALING_META.form]: JSON.stringify(form),
    }),
  );
  return { onnx, sha256: createHash('sha256').update(onnx).digest('hex') };
}
