import type { JobType } from '../../queueing/policy.ts';
import { generateJobs } from '../../queueing/workload/generate.ts';
import type { SimulatedJob } from '../../queueing/workload/job.ts';
import { type Strategy, strategies } from '../../queueing/workload/strategies.ts';
import { defaultTemplates, type JobTemplate } from '../../queueing/workload/templates.ts';
import type { Milliseconds } from '../../util/units.ts';

/** What a workload is made from. The same makes the same Jobs. */
export interface WorkloadSpec {
  readonly strategy: string;
  readonly seed: number;
  /** Mean share of the cluster's CPU that is asked for. */
  readonly load: number;
  /** So many seconds of the strategy are one here. */
  readonly speed: number;
  /** In all, over stops. */
  readonly hours: number;
  readonly mostJobs: number;
  /** Of the cluster when it was begun: the strategy's rates follow it. */
  readonly capacityMilli: number;
  readonly largestNode: { readonly cpuMilli: number; readonly memoryBytes: number };
  /** Seconds since Monday 0 h UTC at which it was begun: a strategy knows days and nights. */
  readonly weekSeconds: number;
}

/** A Job that is to be made. */
export interface PlannedJob {
  /** Since the beginning, of the time in which it was collected. */
  readonly atMilliseconds: Milliseconds;
  readonly name: string;
  readonly type: JobType;
  readonly priority: number;
  readonly pods: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly seconds: number;
  /** What it says of itself. */
  readonly expectedSeconds: number;
}

const WEEK = 7 * 86_400;
/** 1970-01-05 was a Monday. */
const MONDAY = 4 * 86_400;

export function weekSecondsAt(unixMilliseconds: Milliseconds): number {
  return (((unixMilliseconds / 1000 - MONDAY) % WEEK) + WEEK) % WEEK;
}

/**
 * The Jobs of a workload, in the order in which they come.
 *
 * @throws KISIM_E_QUEUE_WORKLOAD
 */
export function planJobs(spec: WorkloadSpec): readonly PlannedJob[] {
  const { seed, load, speed, hours, mostJobs, capacityMilli, largestNode } = spec;
  const strategy = strategies.find(({ name }) => name === spec.strategy)!;
  const from = startOf(strategy, spec);
  const { jobs } = generateJobs({
    strategy,
    load,
    capacityMilli,
    largestNode,
    templates: templatesFor(spec),
    windowSeconds: from + hours * 3600 * speed,
    seed,
  });
  return jobs
    .filter(({ arrivalSeconds }) => arrivalSeconds >= from)
    .slice(0, mostJobs)
    .map((job, i) => planned(job, i, from, spec));
}

/** Kinds that have a size which fits a node of the cluster; all of them where none does: that is an error, and told as one. */
export function templatesFor({ largestNode }: Pick<WorkloadSpec, 'largestNode'>): readonly JobTemplate[] {
  const fitting = defaultTemplates.filter(
    ({ coresPerPod, gibPerPod }) =>
      coresPerPod.some((cores) => cores * 1000 <= largestNode.cpuMilli) &&
      gibPerPod.some((gib) => gib * 2 ** 30 <= largestNode.memoryBytes),
  );
  return fitting.length === 0 ? defaultTemplates : fitting;
}

/** A strategy without days begins with its beginning, bursts too. */
function startOf({ pieces }: Strategy, { weekSeconds }: WorkloadSpec): number {
  return pieces.length > 1 ? weekSeconds : 0;
}

function planned(job: SimulatedJob, i: number, from: number, { seed, speed }: WorkloadSpec): PlannedJob {
  const { type, priority, pods, cpuMilliPerPod, memoryBytesPerPod, arrivalSeconds } = job;
  const within = (seconds: number) => Math.max(1, Math.round((10 * seconds) / speed) / 10);
  return {
    atMilliseconds: ((arrivalSeconds - from) / speed) * 1000,
    name: `${type}-${seed}-${i}`,
    type,
    priority,
    pods,
    cpuMilli: cpuMilliPerPod,
    memoryBytes: memoryBytesPerPod,
    seconds: within(job.seconds),
    expectedSeconds: within(job.estimatedSeconds),
  };
}
