import type { Pod } from '../../cluster/pod.ts';
import { RandomStream } from '../../util/rng.ts';
import { type PredictionModel, predict } from '../generators/prediction-error.ts';
import type { WorkItem, Workload } from '../workload.ts';
import { inputErrors } from './errors.ts';
import { settledSeconds, type Trace, type TraceJob } from './trace.ts';

/**
 * What a trace does not tell and a simulation needs. Everything here is an assumption of whoever runs it, and is told
 * beside the results; a measured value of the trace goes first.
 */
export interface TraceAssumptions {
  readonly cpuMilliPerGpu: number;
  readonly memoryBytesPerCore: number;
  readonly memoryBytesPerGpu: number;
  readonly useOfRequest: number;
  readonly prediction: PredictionModel;
  /** Larger jobs are split into pods of at most this many milli-cores or GPUs, which start and end together. */
  readonly maxCpuMilli: number;
  readonly maxGpus: number;
}

/** Eight cores beside each GPU; pods use all of their request, and memory is not looked at where the trace has none. */
export const DEFAULT_ASSUMPTIONS: TraceAssumptions = {
  cpuMilliPerGpu: 8000,
  memoryBytesPerCore: 0,
  memoryBytesPerGpu: 0,
  useOfRequest: 1,
  prediction: { kind: 'log-normal', sigma: 0.3 },
  maxCpuMilli: 32000,
  maxGpus: 8,
};

export interface TraceWindow {
  /** Where measuring begins; left out: once the trace has settled (`settledSeconds`); services are there from the start. */
  readonly fromSeconds?: number;
  /** Left out: to the last arrival; of services to the last end. */
  readonly windowSeconds?: number;
}

/**
 * A stretch of a trace as pods. Jobs that run when it begins are the prefill, with what is left of them; jobs that run on
 * at its end are cut there.
 *
 * @param seed draws the errors of the predictions
 * @throws KISIM_E_INPUT_SCALE where no job falls into the stretch
 */
export function traceWorkload(
  trace: Trace,
  window: TraceWindow,
  assumptions: TraceAssumptions,
  seed: number,
): Workload {
  const isService = trace.kind === 'service';
  const from = window.fromSeconds ?? (isService ? 0 : settledSeconds(trace));
  const windowSeconds = window.windowSeconds ?? lastSecond(trace, isService) - from;
  const random = new RandomStream(seed).fork('trace predictions');
  const shapes = new Map<string, number>();
  const items: WorkItem[] = [];
  for (const [row, job] of trace.jobs.entries()) {
    // Drawn for every job, so that a pod's prediction does not depend on the stretch.
    const secondsFactor = predict(assumptions.prediction, 1, 1, random);
    const useFactor = predict(assumptions.prediction, 1, 1, random);
    const prefill = job.arrivalSeconds < from;
    const left = job.arrivalSeconds + job.seconds - from;
    if (prefill ? left <= 0 : job.arrivalSeconds >= from + windowSeconds) continue;
    const whole = prefill ? left : job.seconds;
    const arrivalSeconds = prefill ? 0 : job.arrivalSeconds - from;
    const seconds = Math.min(whole, windowSeconds - arrivalSeconds);
    for (const [part, asked] of split(job, assumptions).entries()) {
      const use = asked.cpuMilli * (job.useOfRequest ?? assumptions.useOfRequest);
      const key = `${asked.cpuMilli}/${asked.memoryBytes}/${asked.gpus}`;
      const shape = shapes.get(key) ?? shapes.size;
      shapes.set(key, shape);
      const pod: Pod = {
        id: items.length,
        name: `${trace.name}-${row}${part === 0 ? '' : `-${part}`}`,
        namespace: 'default',
        cpuMilli: asked.cpuMilli,
        memoryBytes: asked.memoryBytes,
        ...(asked.gpus > 0 ? { gpu: { count: asked.gpus, milliEach: 1000, models: [] } } : {}),
        predictedCpuMilli: use * useFactor,
        predictedSeconds: whole * secondsFactor,
        slackSeconds: 0,
        shape,
      };
      items.push({
        pod,
        arrivalSeconds,
        kind: trace.kind ?? 'batch',
        useMilli: use,
        seconds,
        ...(prefill ? { prefill } : {}),
      });
    }
  }
  if (items.length === 0)
    throw inputErrors.KISIM_E_INPUT_SCALE(`${trace.name}: no job in ${windowSeconds} s from second ${from}`);
  return { items, windowSeconds };
}

function lastSecond({ jobs }: Trace, toEnds: boolean): number {
  return jobs.reduce((last, job) => Math.max(last, job.arrivalSeconds + (toEnds ? job.seconds : 0)), 0);
}

interface Asked {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly gpus: number;
}

/** A job of more than a node holds runs as a gang of pods. */
function split(job: TraceJob, assumptions: TraceAssumptions): readonly Asked[] {
  if (job.gpus !== undefined) {
    const { cpuMilliPerGpu, memoryBytesPerGpu } = assumptions;
    return evenly(job.gpus, assumptions.maxGpus).map((gpus) => ({
      gpus,
      cpuMilli: gpus * cpuMilliPerGpu,
      memoryBytes: gpus * memoryBytesPerGpu,
    }));
  }
  const total = job.cpuMilli!;
  return evenly(total, assumptions.maxCpuMilli).map((cpuMilli) => ({
    gpus: 0,
    cpuMilli,
    memoryBytes:
      job.memoryBytes === undefined
        ? (cpuMilli / 1000) * assumptions.memoryBytesPerCore
        : Math.round((job.memoryBytes * cpuMilli) / total),
  }));
}

/** Whole parts of at most `most`, full ones first. */
function evenly(total: number, most: number): readonly number[] {
  const full = Math.floor(total / most);
  const rest = total - full * most;
  return [...new Array<number>(full).fill(most), ...(rest > 0 ? [rest] : [])];
}
