import type { Node } from '../../cluster/node.ts';
import { policyByName } from '../../policy/registry.ts';
import { RandomStream } from '../../util/rng.ts';
import type { QueueSituation } from '../simulated/simulate-queue.ts';
import { type EstimateModel, generateJobs, generatorFor } from '../workload/generate.ts';
import type { Strategy } from '../workload/strategies.ts';
import { strategyByName } from '../workload/strategies.ts';
import type { JobTemplate } from '../workload/templates.ts';

const DAY = 86400;

/** Where a training learns: a cluster, and what comes to it. */
export interface QueueScenario {
  readonly nodes: readonly Node[];
  /** Name of the placement policy of admitted jobs. */
  readonly placement: string;
  /** Drawn from for each episode, all equally likely; a name may stand in it more than once. */
  readonly strategies: readonly Strategy[];
  readonly templates: readonly JobTemplate[];
  readonly estimates: EstimateModel;
  /** Lowest and highest load of an episode. */
  readonly loads: readonly [number, number];
  readonly days: number;
  /** The strategies' rates are jobs an hour, and no load is set. */
  readonly ratesAreJobsPerHour?: boolean;
}

/** Mostly the realistic week, at loads around 0.85: a whole week, since what a shorter one leaves over at its end would cost nothing. */
export const defaultScenario: Pick<QueueScenario, 'strategies' | 'loads' | 'days'> = {
  strategies: ['realistic', 'realistic', 'realistic', 'uniform', 'burst'].map(strategyByName),
  loads: [0.7, 0.95],
  days: 7,
};

/** The episode of a seed below 2^31. */
export function episodeOf(scenario: QueueScenario, seed: number): QueueSituation {
  const { nodes, placement, strategies, templates, estimates, loads, days } = scenario;
  const random = new RandomStream(seed).fork('episode');
  const workload = generateJobs({
    ...generatorFor(nodes),
    strategy: random.pick(strategies),
    templates,
    estimates,
    load: scenario.ratesAreJobsPerHour === true ? 'as-said' : random.uniform(loads[0], loads[1]),
    windowSeconds: days * DAY,
    seed,
  });
  return { nodes, workload, placement: policyByName(placement, { ties: 'lexicographic' }) };
}
