import type { Agent } from '../../../src/learning/agent.ts';
import { A2c, type A2cSettings } from '../../../src/learning/algorithms/a2c.ts';
import { Dqn, type DqnSettings } from '../../../src/learning/algorithms/dqn.ts';
import { Ppo, type PpoSettings } from '../../../src/learning/algorithms/ppo.ts';
import type { Environment } from '../../../src/learning/environment.ts';
import { Acrobot } from '../../../src/learning/environments/acrobot.ts';
import { CartPole } from '../../../src/learning/environments/cart-pole.ts';
import { MountainCar } from '../../../src/learning/environments/mountain-car.ts';
import { VectorEnvironment } from '../../../src/learning/vector-environment.ts';

/*
 * Hyperparameters of the RL Baselines3 Zoo (hyperparams/{dqn,ppo,a2c}.yml, those that made its benchmark.md) on the defaults of
 * Stable-Baselines3, which the defaults here are too.
 */

export interface ClassicTask {
  readonly name: string;
  readonly algorithm: 'DQN' | 'PPO' | 'A2C';
  readonly environment: () => Environment;
  readonly environments: number;
  /** Environment steps within which the goal is to be reached. */
  readonly budget: number;
  /** Mean return over 100 greedy episodes. */
  readonly goal: number;
  readonly evaluateEvery: number;
  /** Least environment steps a CPU second, where the task is timed. */
  readonly stepsPerSecond?: number;
  /** Whether to go on to the end of the budget once the goal is reached: for the speed, and for what comes after. */
  readonly toTheEnd: boolean;
  readonly agent: (environments: VectorEnvironment, seed: number) => Agent;
  /** Floating-point operations of one environment step, learning and acting together. */
  readonly operationsPerStep: number;
}

const dqnCartPole: Partial<DqnSettings> = {
  totalSteps: 50_000,
  learningRate: 2.3e-3,
  batchSize: 64,
  bufferSize: 100_000,
  learningStarts: 1000,
  gamma: 0.99,
  targetEvery: 10,
  trainEvery: 256,
  gradientSteps: 128,
  explorationShare: 0.16,
  exploration: { from: 1, to: 0.04 },
  hidden: [256, 256],
};

const dqnAcrobot: Partial<DqnSettings> = {
  totalSteps: 100_000,
  learningRate: 6.3e-4,
  batchSize: 128,
  bufferSize: 50_000,
  learningStarts: 0,
  gamma: 0.99,
  targetEvery: 250,
  trainEvery: 4,
  gradientSteps: 4,
  explorationShare: 0.12,
  exploration: { from: 1, to: 0.1 },
  hidden: [256, 256],
};

const dqnMountainCar: Partial<DqnSettings> = {
  totalSteps: 120_000,
  learningRate: 4e-3,
  batchSize: 128,
  bufferSize: 10_000,
  learningStarts: 1000,
  gamma: 0.98,
  targetEvery: 600,
  trainEvery: 16,
  gradientSteps: 8,
  explorationShare: 0.2,
  exploration: { from: 1, to: 0.07 },
  hidden: [256, 256],
};

const ppoCartPole: Partial<PpoSettings> = {
  totalSteps: 100_000,
  rolloutSteps: 32,
  minibatch: 256,
  lambda: 0.8,
  gamma: 0.98,
  epochs: 20,
  entropyCoefficient: 0,
  learningRate: { from: 1e-3, to: 0 },
  clip: { from: 0.2, to: 0 },
};

const ppoAcrobot: Partial<PpoSettings> = {
  totalSteps: 1_000_000,
  rolloutSteps: 256,
  lambda: 0.94,
  gamma: 0.99,
  epochs: 4,
  entropyCoefficient: 0,
  normaliseObservations: true,
  normaliseRewards: true,
};

const a2cCartPole: Partial<A2cSettings> = { totalSteps: 500_000, entropyCoefficient: 0 };

export const classicTasks: readonly ClassicTask[] = [
  {
    name: 'DQN CartPole-v1',
    algorithm: 'DQN',
    environment: () => new CartPole(),
    environments: 1,
    budget: 50_000,
    goal: 475,
    evaluateEvery: 2560,
    stepsPerSecond: 2500,
    toTheEnd: true,
    agent: (environments, seed) => new Dqn(environments, { ...dqnCartPole, seed }),
    operationsPerStep: dqnOperations([4, 256, 256, 2], 64, 128 / 256),
  },
  {
    name: 'PPO CartPole-v1',
    algorithm: 'PPO',
    environment: () => new CartPole(),
    environments: 8,
    budget: 100_000,
    goal: 475,
    evaluateEvery: 5120,
    stepsPerSecond: 30_000,
    toTheEnd: true,
    agent: (environments, seed) => new Ppo(environments, { ...ppoCartPole, seed }),
    operationsPerStep: actorCriticOperations([4, 64, 64], 2, 20),
  },
  {
    name: 'A2C CartPole-v1',
    algorithm: 'A2C',
    environment: () => new CartPole(),
    environments: 8,
    budget: 500_000,
    goal: 475,
    evaluateEvery: 10_000,
    stepsPerSecond: 150_000,
    toTheEnd: true,
    agent: (environments, seed) => new A2c(environments, { ...a2cCartPole, seed }),
    operationsPerStep: actorCriticOperations([4, 64, 64], 2, 1),
  },
  {
    name: 'DQN Acrobot-v1',
    algorithm: 'DQN',
    environment: () => new Acrobot(),
    environments: 1,
    budget: 100_000,
    goal: -100,
    evaluateEvery: 4000,
    toTheEnd: false,
    agent: (environments, seed) => new Dqn(environments, { ...dqnAcrobot, seed }),
    operationsPerStep: dqnOperations([6, 256, 256, 3], 128, 1),
  },
  {
    name: 'PPO Acrobot-v1',
    algorithm: 'PPO',
    environment: () => new Acrobot(),
    environments: 16,
    budget: 1_000_000,
    goal: -100,
    evaluateEvery: 40_960,
    toTheEnd: false,
    agent: (environments, seed) => new Ppo(environments, { ...ppoAcrobot, seed }),
    operationsPerStep: actorCriticOperations([6, 64, 64], 3, 4),
  },
  {
    name: 'DQN MountainCar-v0',
    algorithm: 'DQN',
    environment: () => new MountainCar(),
    environments: 1,
    budget: 120_000,
    goal: -110,
    evaluateEvery: 4000,
    toTheEnd: false,
    agent: (environments, seed) => new Dqn(environments, { ...dqnMountainCar, seed }),
    operationsPerStep: dqnOperations([2, 256, 256, 3], 128, 0.5),
  },
];

export function batchOf(task: ClassicTask, count: number): VectorEnvironment {
  return new VectorEnvironment(Array.from({ length: count }, task.environment));
}

function multiplyAdds(widths: readonly number[]): number {
  return widths.slice(1).reduce((sum, width, i) => sum + width * widths[i]!, 0);
}

/** Two forwards, of both networks, and a backward pass of twice that but for the first layer's inputs; and one row to act. */
function dqnOperations(widths: readonly number[], batch: number, updatesPerStep: number): number {
  const forward = 2 * multiplyAdds(widths);
  const backward = 2 * forward - 2 * widths[0]! * widths[1]!;
  return updatesPerStep * batch * (2 * forward + backward) + forward;
}

/** Policy and value network: one forward to act, then forward and backward in each epoch. */
function actorCriticOperations(hidden: readonly number[], options: number, epochs: number): number {
  const forward = 2 * (multiplyAdds([...hidden, options]) + multiplyAdds([...hidden, 1]));
  const backward = 2 * forward - 4 * hidden[0]! * hidden[1]!;
  return forward + epochs * (forward + backward);
}
