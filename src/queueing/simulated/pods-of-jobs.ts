import { ClusterState } from '../../cluster/cluster-state.ts';
import type { Node } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { WorkItem, Workload } from '../../simulation/workload.ts';
import { errors } from '../errors.ts';
import { gangFits } from '../gang.ts';
import { type JobWorkload, runSeconds, type SimulatedJob } from '../workload/job.ts';

/** Jobs as the engine takes them: pod by pod, those of a job one after another. */
export interface PodsOfJobs {
  readonly jobs: readonly SimulatedJob[];
  readonly workload: Workload;
  /** Job of each pod. */
  readonly jobOf: Int32Array;
  /** First pod of each job. */
  readonly firstPod: Int32Array;
}

/** @throws KISIM_E_QUEUE_WORKLOAD for jobs that are out of order, empty, or larger than the empty cluster */
export function podsOfJobs(nodes: readonly Node[], { jobs, windowSeconds, name }: JobWorkload): PodsOfJobs {
  const empty = new ClusterState(nodes);
  const count = jobs.reduce((sum, job) => sum + job.pods, 0);
  const jobOf = new Int32Array(count);
  const firstPod = new Int32Array(jobs.length);
  const shapes = new Map<string, number>();
  const items: WorkItem[] = [];
  let last = 0;
  for (const [id, job] of jobs.entries()) {
    const where = `${name}: job ${job.name}`;
    if (job.id !== id) throw errors.KISIM_E_QUEUE_WORKLOAD(`${where} has the id ${job.id} at place ${id}`);
    if (!(job.arrivalSeconds >= last && job.arrivalSeconds <= windowSeconds))
      throw errors.KISIM_E_QUEUE_WORKLOAD(`${where} arrives at ${job.arrivalSeconds} s after ${last} s`);
    if (!(Number.isInteger(job.pods) && job.pods >= 1 && job.seconds > 0 && job.estimatedSeconds > 0))
      throw errors.KISIM_E_QUEUE_WORKLOAD(
        `${where} has ${job.pods} pods, ${job.seconds} s, an estimate of ${job.estimatedSeconds} s`,
      );
    if (!gangFits(empty, job))
      throw errors.KISIM_E_QUEUE_WORKLOAD(
        `${where} asks for ${job.pods} pods of ${job.cpuMilliPerPod} milli-cores, ${job.memoryBytesPerPod} bytes and ${job.gpusPerPod} GPUs at once, which the empty cluster has no room for`,
      );
    last = job.arrivalSeconds;
    firstPod[id] = items.length;
    const key = `${job.cpuMilliPerPod}/${job.memoryBytesPerPod}/${job.gpusPerPod}`;
    const shape = shapes.get(key) ?? shapes.size;
    shapes.set(key, shape);
    for (let part = 0; part < job.pods; part++) {
      jobOf[items.length] = id;
      items.push(itemOf(job, part, items.length, shape));
    }
  }
  return { jobs, workload: { items, windowSeconds }, jobOf, firstPod };
}

function itemOf(job: SimulatedJob, part: number, id: number, shape: number): WorkItem {
  const pod: Pod = {
    id,
    name: job.pods === 1 ? job.name : `${job.name}-${part}`,
    namespace: job.namespace,
    cpuMilli: job.cpuMilliPerPod,
    memoryBytes: job.memoryBytesPerPod,
    ...(job.gpusPerPod > 0 ? { gpu: { count: job.gpusPerPod, milliEach: 1000, models: [] } } : {}),
    // Nothing tells how much of its request it will use.
    predictedCpuMilli: job.cpuMilliPerPod,
    predictedSeconds: job.estimatedSeconds,
    slackSeconds: 0,
    shape,
  };
  return {
    pod,
    arrivalSeconds: job.arrivalSeconds,
    kind: 'batch',
    useMilli: job.useMilliPerPod,
    seconds: runSeconds(job),
  };
}
