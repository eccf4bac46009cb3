import { greedyEpisodes } from '../../../src/learning/greedy-episodes.ts';
import { mean } from '../../../src/util/statistics/mean.ts';
import { batchOf, type ClassicTask } from './classic-tasks.ts';

const EPISODES = 100;
/** First seeds of blocks of episodes that have nothing in common with each other or with training. */
const LOOKING = 1_000_000;
const JUDGING = 2_000_000;

export interface ClassicRun {
  readonly seed: number;
  /** Mean of 100 greedy episodes that nothing was chosen by, of the first checkpoint at the goal, else of the best one. */
  readonly score: number;
  /** Environment steps to that checkpoint. */
  readonly steps: number;
  /** CPU seconds of training (evaluation left out) to that checkpoint. */
  readonly seconds: number;
  readonly reached: boolean;
  /** Mean of the same 100 episodes at the end of the budget; left out where training ended at the goal. */
  readonly atTheEnd?: number;
  /** Environment steps a CPU second of training, over all of it. */
  readonly speed: number;
}

/**
 * Trains one seed. Checkpoints are chosen by 100 greedy episodes and judged by 100 others, so that choosing does not flatter; the goal
 * is reached where both means are at it.
 */
export function classicRun(task: ClassicTask, seed: number, budget: number): ClassicRun {
  const agent = task.agent(batchOf(task, task.environments), seed);
  const evaluation = batchOf(task, EPISODES);
  const scoreOn = (block: number) => mean([...greedyEpisodes(agent, evaluation, block)]);
  let seconds = 0;
  let best = Number.NEGATIVE_INFINITY;
  let chosen = { score: Number.NEGATIVE_INFINITY, steps: 0, seconds: 0, reached: false };
  while (agent.steps < budget && !(chosen.reached && !task.toTheEnd)) {
    const before = process.cpuUsage();
    agent.trainUntil(Math.min(agent.steps + task.evaluateEvery, budget));
    const used = process.cpuUsage(before);
    seconds += (used.user + used.system) / 1e6;
    // The last rollout may end beyond the budget; what was learned there does not count.
    if (chosen.reached || agent.steps > budget) continue;
    const looked = scoreOn(LOOKING);
    if (looked <= best) continue;
    best = looked;
    const score = scoreOn(JUDGING);
    chosen = { score, steps: agent.steps, seconds, reached: looked >= task.goal && score >= task.goal };
  }
  return {
    seed,
    ...chosen,
    ...(agent.steps >= budget ? { atTheEnd: scoreOn(JUDGING) } : {}),
    speed: agent.steps / seconds,
  };
}
