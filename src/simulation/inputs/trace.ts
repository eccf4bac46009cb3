import { createHash } from 'node:crypto';
import { inputErrors } from './errors.ts';

/** One job of a trace. What a trace does not tell is undefined, never a guess. */
export interface TraceJob {
  /** Seconds from the first record of the trace. */
  readonly arrivalSeconds: number;
  /** How long it ran. */
  readonly seconds: number;
  /** Milli-cores asked for; undefined where the trace tells GPUs only. */
  readonly cpuMilli: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly gpus: number | undefined;
  /** Mean CPU in use as a share of the request, where it was measured. */
  readonly useOfRequest: number | undefined;
  /** The time that its user asked for; left out where the trace does not tell it. */
  readonly requestedSeconds?: number;
}

export interface Trace {
  /** Part of the hash by which rows are thinned, so that it must stay the same: the file's name without its ending. */
  readonly name: string;
  readonly jobs: readonly TraceJob[];
  /** What a load is a share of. */
  readonly unit: 'cores' | 'GPUs';
  /** Batch jobs have an amount of work, services a life; batch where left out. */
  readonly kind?: 'batch' | 'service';
}

const DAY = 86400;

/** Cores or GPUs of one job. */
function amountOf(job: TraceJob, unit: Trace['unit']): number {
  return unit === 'GPUs' ? (job.gpus ?? 0) : (job.cpuMilli ?? 0) / 1000;
}

function lastArrival(trace: Trace): number {
  return trace.jobs.at(-1)?.arrivalSeconds ?? 0;
}

/** Mean of the cores (or GPUs) held at once over a span of the trace, if every job ran when it arrived. Exact. */
export function concurrentDemand(trace: Trace, fromSeconds: number, toSeconds: number): number {
  let sum = 0;
  for (const job of trace.jobs) {
    const from = Math.max(fromSeconds, job.arrivalSeconds);
    const to = Math.min(toSeconds, job.arrivalSeconds + job.seconds);
    if (to > from) sum += (to - from) * amountOf(job, trace.unit);
  }
  return sum / (toSeconds - fromSeconds);
}

/** The same over the middle 90 % of the span of arrivals: neither its empty start nor its end. */
export function steadyDemand(trace: Trace): number {
  const span = lastArrival(trace);
  return concurrentDemand(trace, 0.05 * span, 0.95 * span);
}

/**
 * The factor that brings a trace's demand to a load of a cluster.
 *
 * @param capacity cores or GPUs of all nodes, by the trace's unit
 * @throws KISIM_E_INPUT_SCALE for a trace without demand
 */
export function factorForLoad(trace: Trace, capacity: number, load: number): number {
  const demand = steadyDemand(trace);
  if (!(demand > 0))
    throw inputErrors.KISIM_E_INPUT_SCALE(`${trace.name}: a demand of ${demand} ${trace.unit}`);
  return (capacity * load) / demand;
}

/**
 * Keeps a share of the jobs, the same ones on every machine: job i where the first four bytes of sha256("name:i"), as a
 * fraction, are below the share.
 */
export function thin(trace: Trace, share: number): Trace {
  checkFactor(trace, share, share <= 1);
  const jobs = trace.jobs.filter((_, i) => {
    const digest = createHash('sha256').update(`${trace.name}:${i}`).digest();
    return digest.readUInt32BE(0) / 4294967296 < share;
  });
  return { ...trace, jobs };
}

/** Divides the times of arrival by a factor and leaves the durations: more at once, in a shorter and faster day. */
export function compress(trace: Trace, factor: number): Trace {
  checkFactor(trace, factor, factor >= 1);
  const jobs = trace.jobs.map((job) => ({ ...job, arrivalSeconds: job.arrivalSeconds / factor }));
  return { ...trace, jobs };
}

/**
 * Lays copies of the trace over each other, copy k moved by k whole periods and round the end, and thins one more copy
 * for what is left of the factor: more at once, with the rhythm of the day kept.
 */
export function overlay(trace: Trace, factor: number, periodSeconds = DAY): Trace {
  checkFactor(trace, factor, factor >= 1);
  const copies = Math.floor(factor);
  const round = Math.ceil((lastArrival(trace) + 1) / periodSeconds) * periodSeconds;
  const rest = factor - copies;
  const jobs: TraceJob[] = [];
  for (let copy = 0; copy <= copies; copy++) {
    if (copy === copies && rest === 0) break;
    const source = copy < copies ? trace : thin({ ...trace, name: `${trace.name}/rest` }, rest);
    for (const job of source.jobs)
      jobs.push({ ...job, arrivalSeconds: (job.arrivalSeconds + copy * periodSeconds) % round });
  }
  // A stable sort: of equal arrivals the earlier copy is first.
  jobs.sort((a, b) => a.arrivalSeconds - b.arrivalSeconds);
  return { ...trace, jobs };
}

export type GrowMethod = 'compress' | 'overlay';

/** Thins below 1; above it compresses or overlays. */
export function scale(trace: Trace, factor: number, grow: GrowMethod): Trace {
  if (factor < 1) return thin(trace, factor);
  return grow === 'compress' ? compress(trace, factor) : overlay(trace, factor);
}

/**
 * Where to begin to measure: a trace starts empty, so after the first 5 % of its span, and not before the time that nine
 * jobs of ten stay below.
 */
export function settledSeconds(trace: Trace): number {
  const durations = trace.jobs.map((job) => job.seconds).sort((a, b) => a - b);
  const p90 = durations[Math.min(durations.length - 1, Math.floor(0.9 * durations.length))] ?? 0;
  return Math.max(0.05 * lastArrival(trace), p90);
}

function checkFactor(trace: Trace, factor: number, fits: boolean): void {
  if (!(factor > 0 && Number.isFinite(factor) && fits))
    throw inputErrors.KISIM_E_INPUT_SCALE(`${trace.name} by ${factor}`);
}
