import { CsvRows, readInput } from './csv-rows.ts';
import { inputErrors } from './errors.ts';
import type { TraceJob } from './trace.ts';

/** Requests to a service over time: how many in each step; steps without a record are missing, not zero. */
export interface RequestSeries {
  readonly stepSeconds: number;
  readonly startSeconds: Float64Array;
  /** Requests of the step (or tokens, where the log tells them). */
  readonly amounts: Float64Array;
}

/** `t_s,requests`: counts of a minute (NASA's web server). */
export function readRequestCounts(path: string): RequestSeries {
  const rows = new CsvRows(readInput(path), path, ['t_s', 'requests']);
  const starts: number[] = [];
  const amounts: number[] = [];
  let last = -1;
  while (rows.next()) {
    const start = rows.number('t_s');
    if (start <= last) throw rows.bad(`t_s is ${start} after ${last}`);
    last = start;
    starts.push(start);
    amounts.push(rows.number('requests'));
  }
  return { stepSeconds: 60, startSeconds: Float64Array.from(starts), amounts: Float64Array.from(amounts) };
}

/**
 * `arrival_s,context_tokens,generated_tokens`: a row a request (Azure's LLM inference), summed to tokens a step. Steps in
 * which nothing came are zero: the log has every request.
 */
export function readTokenCounts(path: string, stepSeconds = 60): RequestSeries {
  const rows = new CsvRows(readInput(path), path, ['arrival_s', 'context_tokens', 'generated_tokens']);
  const amounts: number[] = [];
  let last = 0;
  while (rows.next()) {
    const arrival = rows.number('arrival_s');
    if (arrival < last) throw rows.bad(`arrival_s is ${arrival} after ${last}`);
    last = arrival;
    const step = Math.floor(arrival / stepSeconds);
    while (amounts.length <= step) amounts.push(0);
    amounts[step]! += rows.count('context_tokens') + rows.count('generated_tokens');
  }
  return {
    stepSeconds,
    startSeconds: Float64Array.from(amounts, (_, i) => i * stepSeconds),
    amounts: Float64Array.from(amounts),
  };
}

export interface ReplicaPlan {
  /** Requests (or tokens) of one step that one replica can take. */
  readonly amountPerReplica: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** Mean use of a replica's request when it takes all that it can. */
  readonly useOfRequest: number;
  /** Replicas are added at once and taken away only after this long with less to do. */
  readonly downSeconds: number;
}

/**
 * The replicas that a horizontal autoscaler would have run for these requests, as jobs: as many as the step needs, added
 * at once, the youngest taken away when fewer were needed for a while. Where the log has a gap they stay as they are.
 *
 * @throws KISIM_E_INPUT_SCALE for a plan that never needs a replica
 */
export function replicasFor(series: RequestSeries, plan: ReplicaPlan, name: string): readonly TraceJob[] {
  const jobs: TraceJob[] = [];
  /** Start of each running replica, oldest first. */
  const running: number[] = [];
  const end = (series.startSeconds.at(-1) ?? 0) + series.stepSeconds;
  const stop = (at: number) => {
    const start = running.pop()!;
    jobs.push({
      arrivalSeconds: start,
      seconds: at - start,
      cpuMilli: plan.cpuMilli,
      memoryBytes: plan.memoryBytes,
      gpus: undefined,
      useOfRequest: plan.useOfRequest,
    });
  };
  /** Greatest need of the last while: the steps within it, their needs falling. */
  const window: { at: number; need: number }[] = [];
  for (const [i, amount] of series.amounts.entries()) {
    const at = series.startSeconds[i]!;
    const need = Math.ceil(amount / plan.amountPerReplica);
    while (window.length > 0 && window.at(-1)!.need <= need) window.pop();
    window.push({ at, need });
    while (window[0]!.at < at - plan.downSeconds) window.shift();
    while (running.length < need) running.push(at);
    while (running.length > window[0]!.need) stop(at);
  }
  while (running.length > 0) stop(end);
  if (jobs.length === 0) throw inputErrors.KISIM_E_INPUT_SCALE(`${name}: no step needs a replica`);
  return jobs.sort((a, b) => a.arrivalSeconds - b.arrivalSeconds || a.seconds - b.seconds);
}
