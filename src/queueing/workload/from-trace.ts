import type { Node } from '../../cluster/node.ts';
import {
  factorForLoad,
  type GrowMethod,
  scale,
  type Trace,
  type TraceJob,
} from '../../simulation/inputs/trace.ts';
import { RandomStream } from '../../util/rng.ts';
import { errors } from '../errors.ts';
import { type EstimateModel, estimate } from './generate.ts';
import type { JobWorkload, SimulatedJob } from './job.ts';

const GIB = 2 ** 30;

/** What a log does not tell; told beside every result. */
const MEMORY_BYTES_PER_CORE = GIB;
const CPU_MILLI_PER_GPU = 8000;

export interface TraceRequest {
  readonly trace: Trace;
  readonly nodes: readonly Node[];
  /** The log is made denser or thinner to it; left out: it stays as it is. */
  readonly load?: number | undefined;
  readonly grow: GrowMethod;
  readonly fromSeconds: number;
  readonly windowSeconds: number;
  /** Of jobs whose log tells no time that their user asked for. */
  readonly estimates: EstimateModel;
  readonly seed: number;
}

/** The log as dense as asked, once for all of its windows. */
export function scaledTrace({
  trace,
  nodes,
  load,
  grow,
}: Pick<TraceRequest, 'trace' | 'nodes' | 'load' | 'grow'>): Trace {
  if (load === undefined) return trace;
  const capacity =
    trace.unit === 'GPUs'
      ? nodes.reduce((sum, { gpus }) => sum + (gpus?.count ?? 0), 0)
      : nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli / 1000, 0);
  return scale(trace, factorForLoad(trace, capacity, load), grow);
}

/**
 * A stretch of a log as jobs: those that arrive in it, in front of an empty cluster. Jobs of more than a node has are gangs of equal pods.
 * Jobs that the whole cluster cannot hold are left out, and counted in the notes.
 *
 * @param request whose trace is scaled already
 * @throws KISIM_E_QUEUE_WORKLOAD where no job falls into it
 */
export function traceJobs(request: TraceRequest): JobWorkload {
  const { trace, nodes, fromSeconds, windowSeconds, estimates, seed } = request;
  const random = new RandomStream(seed).fork('trace estimates');
  const jobs: SimulatedJob[] = [];
  let [large, undeclared, unmeasured] = [0, 0, 0];
  const within = trace.jobs.filter(
    ({ arrivalSeconds }) => arrivalSeconds >= fromSeconds && arrivalSeconds < fromSeconds + windowSeconds,
  );
  for (const job of within) {
    const drawn = estimate(estimates, job.seconds, job.seconds, random);
    const size = gangOf(job, nodes);
    if (size === undefined) {
      large++;
      continue;
    }
    if (job.requestedSeconds === undefined) undeclared++;
    if (job.memoryBytes === undefined) unmeasured++;
    const id = jobs.length;
    jobs.push({
      id,
      name: `${trace.name}-${id}`,
      namespace: 'default',
      type: trace.unit === 'GPUs' ? 'ml' : 'batch',
      priority: 0,
      arrivalSeconds: job.arrivalSeconds - fromSeconds,
      ...size,
      useMilliPerPod: size.cpuMilliPerPod * (job.useOfRequest ?? 1),
      peakMemoryBytesPerPod: 0,
      peakAtShare: 1,
      seconds: job.seconds,
      estimatedSeconds: job.requestedSeconds ?? drawn,
      estimateOrigin: job.requestedSeconds === undefined ? 'simulated' : 'declared',
    });
  }
  if (jobs.length === 0)
    throw errors.KISIM_E_QUEUE_WORKLOAD(
      `${trace.name}: no job in ${windowSeconds} s from second ${fromSeconds}`,
    );
  const notes = [
    ...(large > 0 ? [`${large} jobs left out that the empty cluster has no room for`] : []),
    ...(unmeasured > 0
      ? [
          `memory of ${unmeasured} jobs is not told: ${MEMORY_BYTES_PER_CORE / GIB} GiB a core; nobody is killed for it`,
        ]
      : []),
    ...(undeclared > 0
      ? [`durations of ${undeclared} jobs are not declared: estimates are drawn around the truth`]
      : []),
    ...(trace.unit === 'GPUs' ? [`${CPU_MILLI_PER_GPU / 1000} cores a GPU`] : []),
  ];
  return { name: trace.name, jobs, windowSeconds, notes };
}

interface Gang {
  readonly pods: number;
  readonly cpuMilliPerPod: number;
  readonly memoryBytesPerPod: number;
  readonly gpusPerPod: number;
}

/** The fewest equal pods that the empty cluster has room for at once; undefined where there are none. */
function gangOf(job: TraceJob, nodes: readonly Node[]): Gang | undefined {
  const gpus = job.gpus ?? 0;
  const cpuMilli = job.cpuMilli ?? gpus * CPU_MILLI_PER_GPU;
  const memoryBytes = job.memoryBytes ?? (cpuMilli / 1000) * MEMORY_BYTES_PER_CORE;
  const most = gpus > 0 ? gpus : Math.max(1, Math.ceil(cpuMilli / 1000));
  for (let pods = 1; pods <= most; pods++) {
    if (gpus % pods !== 0) continue;
    const gang: Gang = {
      pods,
      cpuMilliPerPod: Math.ceil(cpuMilli / pods),
      memoryBytesPerPod: Math.ceil(memoryBytes / pods),
      gpusPerPod: gpus / pods,
    };
    if (roomFor(gang, nodes) >= pods) return gang;
  }
  return undefined;
}

function roomFor({ cpuMilliPerPod, memoryBytesPerPod, gpusPerPod }: Gang, nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => {
    const slots = [
      node.pods,
      ...(cpuMilliPerPod > 0 ? [Math.floor(node.cpuMilli / cpuMilliPerPod)] : []),
      ...(memoryBytesPerPod > 0 ? [Math.floor(node.memoryBytes / memoryBytesPerPod)] : []),
      ...(gpusPerPod > 0 ? [Math.floor((node.gpus?.count ?? 0) / gpusPerPod)] : []),
    ];
    return sum + Math.min(...slots);
  }, 0);
}
