import { Ppo } from '../../src/learning/algorithms/ppo.ts';
import { defaultTraining, OwnClusterTraining } from '../../src/learning/own-cluster/training.ts';
import { ROW_FEATURES } from '../../src/learning/placement/node-features.ts';
import { PlacementEnvironment } from '../../src/learning/placement/placement-environment.ts';
import { PooledValues } from '../../src/learning/placement/pooled-values.ts';
import { VectorEnvironment } from '../../src/learning/vector-environment.ts';
import { policyByName } from '../../src/policy/registry.ts';
import { simulate } from '../../src/simulation/engine.ts';
import { scenarioByName } from '../../src/simulation/scenarios/scenarios.ts';
import type { Situation } from '../../src/simulation/simulation.ts';
import { type Bench, median } from './bench.ts';

const PPO_GOAL = 30_000;
const EVOLUTION_GOAL = 100_000;
const LOAD = 0.6;
const NODES = 24;
/** Workloads are generated beforehand, as a training generates each but once and uses it again and again. */
const WORKLOADS = 24;

const SETTINGS = {
  hidden: [16],
  activation: 'tanh',
  rolloutSteps: 256,
  minibatch: 256,
  epochs: 3,
  entities: NODES + 1,
  learningRate: 1e-3,
  gamma: 0.997,
  lambda: 0.97,
  normaliseRewards: true,
} as const;
const ENVIRONMENTS = 8;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Decisions with learning in a second of one core, on scenarios B and D: 24 nodes of three types. */
export const placementTrainingBench: Bench = {
  name: 'placement-training',
  what: 'placements decided and learned from a second, 24 nodes',
  async run({ quick, seed, progress }) {
    const rounds = quick ? 2 : 7;
    const ppo: number[] = [];
    const evolution: number[] = [];
    const control: number[] = [];
    const details: Record<string, number | string> = {};
    for (const name of ['B', 'D']) {
      const scenario = scenarioByName(name);
      const made = Array.from({ length: quick ? 4 : WORKLOADS }, (_, i) =>
        scenario.generate({ clusterSeed: 0, workloadSeed: seed + i, load: LOAD }),
      );
      const situation = (n: number): Situation => made[n % made.length]!;
      const environments = Array.from(
        { length: ENVIRONMENTS },
        () => new PlacementEnvironment({ situation, mostNodes: NODES }),
      );
      const batch = new PooledValues(new VectorEnvironment(environments), NODES + 1);
      const agent = new Ppo(batch, { ...SETTINGS, seed });
      const rollout = SETTINGS.rolloutSteps * ENVIRONMENTS;
      const training = new OwnClusterTraining({
        twin: { name, sleeps: scenario.sleeps, waits: scenario.waits, situation },
        simulate,
        settings: {
          ...defaultTraining,
          seed,
          generations: 1000,
          validations: 1,
          population: 8,
          seedsPerGeneration: 2,
          trainingSeeds: made.length,
        },
      });
      for (let round = 0; round <= rounds; round++) {
        progress(`${name}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
        let before = cpuSeconds();
        const steps = agent.steps;
        agent.trainUntil(agent.steps + (quick ? 2 : 6) * rollout);
        const learned = (agent.steps - steps) / (cpuSeconds() - before);
        before = cpuSeconds();
        const decisions = training.decisions;
        training.step();
        const evolved = (training.decisions - decisions) / (cpuSeconds() - before);
        before = cpuSeconds();
        const plain = simulate({ ...situation(round), policy: policyByName('marginal-run-out'), seed });
        const simulated = plain.decisions / (cpuSeconds() - before);
        if (round === 0) continue;
        ppo.push(learned);
        evolution.push(evolved);
        control.push(simulated);
      }
      details[`PPO after ${agent.steps} decisions on ${name}`] = JSON.stringify(agent.figures);
    }
    const beside = { what: 'one run of marginal-run-out in the same engine', value: median(control) };
    return {
      figures: [
        {
          what: 'PPO',
          value: median(ppo),
          unit: 'decisions/s',
          goal: PPO_GOAL,
          direction: 'at-least',
          control: beside,
        },
        {
          what: 'evolution',
          value: median(evolution),
          unit: 'decisions/s',
          goal: EVOLUTION_GOAL,
          direction: 'at-least',
          control: beside,
        },
      ],
      seeds: [seed],
      details: {
        nodes: NODES,
        load: LOAD,
        rounds,
        'numbers a node': ROW_FEATURES,
        PPO: JSON.stringify(SETTINGS),
        environments: ENVIRONMENTS,
        clock: 'CPU time of the process, user and system',
        ...details,
      },
    };
  },
};
