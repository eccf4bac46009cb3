import type { Node } from '../../src/cluster/node.ts';
import { policyByName } from '../../src/policy/registry.ts';
import type { AdmissionPolicy } from '../../src/queueing/policy.ts';
import type { JobTimes } from '../../src/queueing/simulated/job-times.ts';
import { type QueueSituation, simulateQueue } from '../../src/queueing/simulated/simulate-queue.ts';
import type { JobWorkload, SimulatedJob } from '../../src/queueing/workload/job.ts';
import { RandomStream } from '../../src/util/rng.ts';
import { simNode } from './simulation-input.ts';

const GIB = 2 ** 30;

export type JobGiven = Partial<SimulatedJob>;

/** Jobs of one pod of a core that know how long they take, unless said otherwise. Ids follow from their places. */
export function queueJobs(...given: readonly JobGiven[]): JobWorkload {
  const jobs = given.map((job, id): SimulatedJob => {
    const seconds = job.seconds ?? 100;
    const cpuMilliPerPod = job.cpuMilliPerPod ?? 1000;
    return {
      name: `job-${id}`,
      namespace: 'default',
      type: 'generic',
      priority: 0,
      arrivalSeconds: 0,
      pods: 1,
      memoryBytesPerPod: GIB,
      gpusPerPod: 0,
      useMilliPerPod: cpuMilliPerPod,
      peakMemoryBytesPerPod: 0,
      peakAtShare: 1,
      estimatedSeconds: seconds,
      estimateOrigin: 'simulated',
      ...job,
      id,
      seconds,
      cpuMilliPerPod,
    };
  });
  const last = jobs.at(-1)?.arrivalSeconds ?? 0;
  return { name: 'test', jobs, windowSeconds: Math.max(1000, last), notes: [] };
}

/** `count` nodes of so many cores. */
export function coreNodes(count: number, cores: number): readonly Node[] {
  return Array.from({ length: count }, (_, i) => simNode(`node-${i}`, { cpuMilli: cores * 1000 }));
}

export function queueSituation(nodes: readonly Node[], workload: JobWorkload): QueueSituation {
  return { nodes, workload, placement: policyByName('best-fit', { ties: 'lexicographic' }) };
}

export function timesOf(
  nodes: readonly Node[],
  workload: JobWorkload,
  policy: AdmissionPolicy,
  seed = 1,
): JobTimes {
  return simulateQueue(queueSituation(nodes, workload), policy, seed).times;
}

/**
 * A small busy queue. Whole seconds and whole cores, so that times compare exactly.
 *
 * @param over how much too long estimates may be: 1 is exact
 */
export function randomQueue(
  seed: number,
  over: number,
): { readonly nodes: readonly Node[]; readonly workload: JobWorkload } {
  const random = new RandomStream(seed);
  const count = 1 + random.integer(3);
  const cores = 2 + random.integer(6);
  const nodes = coreNodes(count, cores);
  let at = 0;
  const jobs = Array.from({ length: 30 }, (): JobGiven => {
    at += random.integer(40);
    const size = 1 + random.integer(cores);
    const seconds = 1 + random.integer(200);
    return {
      arrivalSeconds: at,
      seconds,
      cpuMilliPerPod: size * 1000,
      pods: 1 + random.integer(Math.min(4, count * Math.floor(cores / size))),
      estimatedSeconds: Math.ceil(seconds * random.uniform(1, over)),
      priority: random.integer(3),
    };
  });
  return { nodes, workload: queueJobs(...jobs) };
}
