import type { Node } from '../../cluster/node.ts';
import { CompensatedSums } from '../../simulation/compensated-sums.ts';
import { quantileOfSorted } from '../../util/statistics/quantile.ts';
import type { QueueOutcome } from '../simulated/simulate-queue.ts';
import { boundedSlowdown } from '../slowdown.ts';
import type { SimulatedJob } from '../workload/job.ts';

/** The figures of one run; the first five as SKRueue names them. Over all jobs that arrived, and of the window where there is time in them. */
export interface QueueMetrics {
  /** Jobs that ended well within the window, an hour of it. */
  readonly throughputPerHour: number;
  /** From arrival to the start of the last pod. */
  readonly meanWaitSeconds: number;
  /** Jobs that ended well, of those that arrived. */
  readonly successRate: number;
  /** Mean of the CPU that is asked for by running jobs, as a share of the capacity. */
  readonly utilisation: number;
  /** Jobs that were killed for their memory, of those that were started. */
  readonly oomRate: number;
  readonly meanBoundedSlowdown: number;
  readonly p95WaitSeconds: number;
  /** Whether anybody starves: a mean does not tell. */
  readonly longestWaitSeconds: number;
  readonly memoryUtilisation: number;
  readonly energyKwh: number;
  /** When the last job ended. */
  readonly endSeconds: number;
  readonly jobs: number;
  readonly decisions: number;
}

const WAIT = 0;
const SLOWDOWN = 1;
const CPU = 2;
const MEMORY = 3;

/** @param windowSeconds of the workload */
export function metricsOf(
  { times, result }: QueueOutcome,
  nodes: readonly Node[],
  windowSeconds: number,
): QueueMetrics {
  const { jobs, startSeconds, endSeconds, killed } = times;
  const sums = new CompensatedSums(4);
  const waits = new Float64Array(jobs.length);
  let wellInWindow = 0;
  let well = 0;
  let kills = 0;
  for (const [i, job] of jobs.entries()) {
    const start = startSeconds[i]!;
    const end = endSeconds[i]!;
    waits[i] = start - job.arrivalSeconds;
    sums.add(WAIT, waits[i]!);
    sums.add(SLOWDOWN, boundedSlowdown(job.arrivalSeconds, start, end));
    const within = Math.max(0, Math.min(end, windowSeconds) - Math.min(start, windowSeconds));
    sums.add(CPU, within * cpuOf(job));
    sums.add(MEMORY, within * job.pods * job.memoryBytesPerPod);
    if (killed[i] === 1) kills++;
    else {
      well++;
      if (end <= windowSeconds) wellInWindow++;
    }
  }
  const capacity = (of: (node: Node) => number) => nodes.reduce((sum, node) => sum + of(node), 0);
  const sorted = waits.slice().sort();
  const mean = (which: number) => (jobs.length === 0 ? 0 : sums.value(which) / jobs.length);
  return {
    throughputPerHour: wellInWindow / (windowSeconds / 3600),
    meanWaitSeconds: mean(WAIT),
    successRate: jobs.length === 0 ? 1 : well / jobs.length,
    utilisation: sums.value(CPU) / (capacity(({ cpuMilli }) => cpuMilli) * windowSeconds),
    oomRate: jobs.length === 0 ? 0 : kills / jobs.length,
    meanBoundedSlowdown: jobs.length === 0 ? 1 : mean(SLOWDOWN),
    p95WaitSeconds: jobs.length === 0 ? 0 : quantileOfSorted(sorted, 0.95),
    longestWaitSeconds: sorted.at(-1) ?? 0,
    memoryUtilisation: sums.value(MEMORY) / (capacity(({ memoryBytes }) => memoryBytes) * windowSeconds),
    energyKwh: result.energyJoules / 3.6e6,
    endSeconds: result.endSeconds,
    jobs: jobs.length,
    decisions: result.decisions,
  };
}

function cpuOf({ pods, cpuMilliPerPod }: SimulatedJob): number {
  return pods * cpuMilliPerPod;
}
