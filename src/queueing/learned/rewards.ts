import type { Node } from '../../cluster/node.ts';
import type { QueueState } from '../policy.ts';
import { NONE } from '../policy.ts';
import type { QueueRun } from '../simulated/queue-run.ts';
import { runSeconds } from '../workload/job.ts';

/** What a decision earns. One episode long. */
export interface QueueReward {
  begin(run: QueueRun, now: number): void;
  /** @param decided id of the job that was admitted, or NONE */
  after(decided: number, run: QueueRun, now: number): number;
}

/** Weights of SKRueue's reward, under its names. */
export interface SkrueueWeights {
  readonly throughput: number;
  readonly utilization: number;
  readonly wait_penalty: number;
  readonly failure_penalty: number;
}

export const SKRUEUE_WEIGHTS: SkrueueWeights = {
  throughput: 0.4,
  utilization: 0.3,
  wait_penalty: 0.2,
  failure_penalty: 0.1,
};

const HOUR = 3600;

/**
 * SKRueue's reward: clip(throughput x jobs that left the queue + utilization x mean use of CPU and memory - wait_penalty x min(mean wait / 1 h, 1), -1, 1). Its
 * failure_penalty was for an admission that failed, which the mask leaves none of; here it is for each pod that is killed for its memory.
 */
export function skrueueReward(weights: SkrueueWeights = SKRUEUE_WEIGHTS): QueueReward {
  let waiting = 0;
  let kills = 0;
  return {
    begin: (run) => {
      waiting = run.jobs.length;
      kills = run.kills;
    },
    after: (_decided, run, now) => {
      const left = Math.max(0, waiting - run.jobs.length);
      waiting = run.jobs.length;
      const killed = run.kills - kills;
      kills = run.kills;
      const use = (run.cpuUtilisation + run.memoryUtilisation) / 2;
      const wait = run.jobs.reduce((sum, { arrivalSeconds }) => sum + now - arrivalSeconds, 0);
      const meanHours = run.jobs.length === 0 ? 0 : wait / run.jobs.length / HOUR;
      const reward =
        weights.throughput * left +
        weights.utilization * use -
        weights.wait_penalty * Math.min(1, meanHours) -
        weights.failure_penalty * killed;
      return Math.max(-1, Math.min(1, reward));
    },
  };
}

/**
 * The program's own reward: less what waiting adds to all slowdowns until the next decision (whose sum over an episode is the sum of
 * slowdowns, but for those below 1), less a price on the energy that the admitted job takes on its nodes beyond what it would on the best.
 *
 * @param energyWeight what the extra energy of a mean job costs, in slowdowns
 */
export function slowdownReward(nodes: readonly Node[], energyWeight: number): QueueReward {
  const watts = nodes.map(({ power, cpuMilli }) => (power!.watts(1) - power!.idleWatts) / cpuMilli);
  const least = watts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  let slowdown = 0;
  let meanWork = 1;
  return {
    begin: (run, now) => {
      slowdown = run.slowdownUntil(now);
      const { jobs } = run.times;
      meanWork =
        jobs.reduce((sum, job) => sum + job.pods * job.useMilliPerPod * runSeconds(job), 0) / jobs.length;
    },
    after: (decided, run, now) => {
      const until = run.slowdownUntil(now);
      const waited = until - slowdown;
      slowdown = until;
      return (
        -waited - (decided === NONE ? 0 : energyWeight * extraEnergy(decided, run, watts, least, meanWork))
      );
    },
  };
}

/** Energy of a job's pods where they are, beyond that on the best node, in mean jobs on the best node. */
function extraEnergy(
  id: number,
  run: QueueRun & QueueState,
  watts: readonly number[],
  least: number,
  meanWork: number,
): number {
  const job = run.times.jobs[id]!;
  let sum = 0;
  for (const node of run.nodesOf(id)) sum += watts[node]! / least - 1;
  return (sum * job.useMilliPerPod * runSeconds(job)) / meanWork;
}
