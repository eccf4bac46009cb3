import { Dqn } from '../../../src/learning/algorithms/dqn.ts';
import type { Twin } from '../../../src/learning/own-cluster/twin.ts';
import { PlacementEnvironment } from '../../../src/learning/placement/placement-environment.ts';
import { VectorEnvironment } from '../../../src/learning/vector-environment.ts';
import { pricedKilowattHours } from '../../../src/simulation/priced-energy.ts';

const ENVIRONMENTS = 4;
/** Workloads of training lie behind those of the gate's blocks. */
const TRAINING = 4_000_000;
const TRAINING_WORKLOADS = 64;

/**
 * The DQN that those before us built, with nothing of ours but the masks and the shared network: it starts from nothing, one step at
 * a time, and is paid less the watts of the whole cluster.
 *
 * @returns priced kilowatt-hours of its greedy policy on the workloads of `seeds`, and the decisions it learned from
 */
export function rawPowerDqn(options: {
  readonly twin: Twin;
  readonly seed: number;
  readonly seconds: number;
  readonly cpuSeconds: () => number;
  readonly seeds: readonly number[];
}): { readonly costs: readonly number[]; readonly decisions: number } {
  const { twin, seed, seconds, cpuSeconds, seeds } = options;
  const mostNodes = twin.situation(seeds[0]!).nodes.length;
  const train = new VectorEnvironment(
    Array.from(
      { length: ENVIRONMENTS },
      () =>
        new PlacementEnvironment({
          situation: (n) => twin.situation(TRAINING + (n % TRAINING_WORKLOADS)),
          mostNodes,
          reward: 'raw-power',
        }),
    ),
  );
  const agent = new Dqn(train, {
    seed,
    hidden: [32],
    entities: mostNodes + 1,
    learningRate: 1e-3,
    bufferSize: 20_000,
    learningStarts: 2000,
    trainEvery: 8,
    targetEvery: 1000,
    gamma: 0.99,
    // Exploration ends with the fifth part of what 30 seconds are about enough for.
    totalSteps: 400_000,
    explorationShare: 0.2,
  });
  const began = cpuSeconds();
  while (cpuSeconds() - began < seconds) agent.trainUntil(agent.steps + 2000);
  const decisions = agent.steps;
  let at = 0;
  const test = new PlacementEnvironment({ situation: () => twin.situation(seeds[at]!), mostNodes });
  const observation = new Float32Array(test.observationSize);
  const mask = new Uint8Array(mostNodes + 1);
  const action = new Int32Array(1);
  const costs = seeds.map((_, i) => {
    at = i;
    test.reset(observation, i);
    do {
      test.writeMask(mask);
      agent.act(observation, mask, 1, action);
    } while (!test.step(action, observation).terminated);
    return pricedKilowattHours(test.lastResult!);
  });
  return { costs, decisions };
}
