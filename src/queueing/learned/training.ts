import { A2c, type A2cSettings } from '../../learning/algorithms/a2c.ts';
import { Dqn, type DqnSettings } from '../../learning/algorithms/dqn.ts';
import { Ppo, type PpoSettings } from '../../learning/algorithms/ppo.ts';
import type { EnvironmentBatch } from '../../learning/environment.ts';
import { networkOf } from '../../learning/onnx/agent-network.ts';
import type { NetworkDescription } from '../../learning/onnx/network-format.ts';
import { PooledValues } from '../../learning/placement/pooled-values.ts';
import { VectorEnvironment } from '../../learning/vector-environment.ts';
import { metricsOf } from '../evaluation/metrics.ts';
import { ROWS } from '../policies/job-rows.ts';
import { simulateQueue } from '../simulated/simulate-queue.ts';
import { runSeconds } from '../workload/job.ts';
import { QueueEnvironment } from './environment.ts';
import { imitate, reservingDecisions } from './imitation.ts';
import { LearnedAdmission, viewByName } from './learned-admission.ts';
import { OWN_VIEW } from './own-view.ts';
import { type SkrueueWeights, skrueueReward, slowdownReward } from './rewards.ts';
import { episodeOf, type QueueScenario } from './scenario.ts';
import { SKRUEUE_VIEW } from './skrueue-view.ts';

export const queueAlgorithms = ['ppo', 'dqn', 'a2c'] as const;
export type QueueAlgorithm = (typeof queueAlgorithms)[number];

export interface QueueTrainingRequest {
  readonly algorithm: QueueAlgorithm;
  /** Name of a view; its reward goes with it. */
  readonly state: string;
  readonly seed: number;
  readonly steps: number;
  /** What the extra energy of a mean job costs, in slowdowns; only of the state own. */
  readonly energyWeight: number;
  /** Of SKRueue's reward; only of the state skrueue. */
  readonly weights: SkrueueWeights;
}

export const DEFAULT_ENERGY_WEIGHT = 0.01;

const ENVIRONMENTS = 8;

/** After SKRueue: networks of 256, 256 and 128, and the settings of its agents where they differ from the learners' own. */
const SKRUEUE_HIDDEN = [256, 256, 128];

/**
 * Waiting shows for as long as the job in front runs, some thousand decisions: gamma 0.9995. No bonus for
 * chance: what is drawn in training, and seldom admits whom the best option never would, is not what decides later. The rest is near the
 * learners' own.
 */
const ppoOf = (own: boolean): Partial<PpoSettings> =>
  own
    ? {
        hidden: [32],
        activation: 'relu',
        learningRate: { from: 2e-4, to: 2e-5 },
        rolloutSteps: 512,
        minibatch: 512,
        epochs: 4,
        gamma: 0.9995,
        lambda: 0.99,
        clip: 0.15,
        entropyCoefficient: 0,
        targetKl: 0.015,
        normaliseRewards: true,
      }
    : { hidden: SKRUEUE_HIDDEN, activation: 'relu', rolloutSteps: 1024, minibatch: 64, epochs: 10 };

const a2cOf = (own: boolean): Partial<A2cSettings> => ({
  hidden: own ? [32] : SKRUEUE_HIDDEN,
  activation: 'relu',
  learningRate: own ? { from: 2e-4, to: 2e-5 } : 7e-4,
  rolloutSteps: own ? 64 : 8,
  gamma: own ? 0.997 : 0.99,
  lambda: own ? 0.95 : 1,
  entropyCoefficient: own ? 0 : 0.01,
  valueCoefficient: own ? 0.5 : 0.25,
  normaliseRewards: own,
});

const dqnOf = (own: boolean, steps: number): Partial<DqnSettings> => ({
  hidden: own ? [32] : SKRUEUE_HIDDEN,
  learningRate: own ? { from: 5e-4, to: 5e-5 } : 1e-4,
  batchSize: own ? 128 : 32,
  bufferSize: 50_000,
  learningStarts: Math.min(1000, Math.ceil(steps / 10)),
  gamma: own ? 0.997 : 0.99,
  trainEvery: own ? 16 : 4,
  targetEvery: own ? 2000 : 500,
  explorationShare: 0.5,
  exploration: { from: 1, to: 0.05 },
  double: own,
  steps: own ? 5 : 1,
});

/** How an agent does on weeks that are no episodes of the training. */
export interface QueueValidation {
  /** Mean bounded slowdown, plus `energyWeight` times the energy above idle against what the best nodes alone would take. */
  readonly score: number;
  readonly meanBoundedSlowdown: number;
  readonly energyKwh: number;
}

/** Seeds of validation: above those of episodes, which are below 2^31. */
const VALIDATION_SEED = 3_000_000_000;
const VALIDATION_DAYS = 7;
const IMITATED_SEED = 2_500_000_000;
const IMITATED_EPISODES = 2;
const IMITATION_STEPS = 3000;
/** Steps in which values are learned of the rule as it is: more than to the first validation, which is the rule's own. */
const VALUE_STEPS = 32_768;

export interface QueueLearner {
  readonly agent: Ppo | Dqn | A2c;
  /** The acting part as it is now. */
  network(): NetworkDescription;
  validate(weeks: number): QueueValidation;
  /**
   * Begins at the rule `reserving` instead of at random, where the algorithm has a policy and the state is the program's own: the policy
   * imitates the rule, and stays so while the values get to know it.
   *
   * @returns share of the rule's decisions that it agrees with; undefined where it begins at random
   */
  begin(): number | undefined;
}

/** @throws KISIM_E_QUEUE_OPTIONS, KISIM_E_LEARNING_SETTINGS */
export function queueLearner(request: QueueTrainingRequest, scenario: QueueScenario): QueueLearner {
  const { algorithm, state, seed, steps, energyWeight } = request;
  const isOwn = state === OWN_VIEW;
  const environment = () =>
    new QueueEnvironment({
      situation: (episode) => episodeOf(scenario, episode),
      view: viewByName(state),
      reward: () =>
        state === SKRUEUE_VIEW
          ? skrueueReward(request.weights)
          : slowdownReward(scenario.nodes, energyWeight),
    });
  const batch = new VectorEnvironment(Array.from({ length: ENVIRONMENTS }, environment));
  const { entities } = viewByName(state);
  const pooled: EnvironmentBatch = isOwn ? new PooledValues(batch, ROWS) : batch;
  const common = { seed, totalSteps: steps, entities };
  const agent =
    algorithm === 'ppo'
      ? new Ppo(pooled, { ...ppoOf(isOwn), ...common })
      : algorithm === 'a2c'
        ? new A2c(pooled, { ...a2cOf(isOwn), ...common })
        : new Dqn(batch, { ...dqnOf(isOwn, steps), ...common });
  const network = () => networkOf(agent, batch);
  return {
    agent,
    network,
    validate: (weeks) => validation(request, scenario, network(), weeks),
    begin: () => {
      if (agent instanceof Dqn || !isOwn) return undefined;
      const situations = Array.from({ length: IMITATED_EPISODES }, (_, i) =>
        episodeOf(scenario, IMITATED_SEED + i),
      );
      const { hidden } = agent.settings;
      const { parameters, agreement } = imitate(reservingDecisions(situations), {
        hidden,
        seed,
        steps: IMITATION_STEPS,
      });
      const { policy } = agent.model;
      policy.parameters.set(parameters);
      while (agent.steps < Math.min(VALUE_STEPS, steps / 4)) {
        agent.trainUntil(agent.steps + 1);
        policy.parameters.set(parameters);
      }
      return agreement;
    },
  };
}

function validation(
  { state, energyWeight }: QueueTrainingRequest,
  scenario: QueueScenario,
  network: NetworkDescription,
  weeks: number,
): QueueValidation {
  const policy = new LearnedAdmission('validated', viewByName(state), network);
  const middle = { ...scenario, days: VALIDATION_DAYS, strategies: scenario.strategies.slice(0, 1) };
  const load = (scenario.loads[0] + scenario.loads[1]) / 2;
  let [score, slowdown, energy] = [0, 0, 0];
  for (let week = 0; week < weeks; week++) {
    const situation = episodeOf({ ...middle, loads: [load, load] }, VALIDATION_SEED + week);
    const outcome = simulateQueue(situation, policy, week);
    const metrics = metricsOf(outcome, scenario.nodes, situation.workload.windowSeconds);
    const work = outcome.times.jobs.reduce(
      (sum, job) => sum + job.pods * job.useMilliPerPod * runSeconds(job),
      0,
    );
    const least = scenario.nodes.reduce(
      (best, { power, cpuMilli }) => Math.min(best, (power!.watts(1) - power!.idleWatts) / cpuMilli),
      Number.POSITIVE_INFINITY,
    );
    const dearness = outcome.result.activeJoules / (work * least);
    score += (metrics.meanBoundedSlowdown + energyWeight * dearness) / weeks;
    slowdown += metrics.meanBoundedSlowdown / weeks;
    energy += metrics.energyKwh / weeks;
  }
  return { score, meanBoundedSlowdown: slowdown, energyKwh: energy };
}
