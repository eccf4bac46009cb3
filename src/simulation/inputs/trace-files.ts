import { basename } from 'node:path';
import { readInput } from './csv-rows.ts';
import { inputErrors } from './errors.ts';
import { type ReplicaPlan, readRequestCounts, readTokenCounts, replicasFor } from './request-series.ts';
import type { Trace } from './trace.ts';
import { parseTrace } from './trace-csv.ts';
import { readMachineUse, readVms, vmJobs } from './use-series.ts';

export interface TraceFileOptions {
  /** The machines of a table of use: `vm,cpu_count,...`. */
  readonly vms?: string;
  /** For logs of requests. */
  readonly replicas?: ReplicaPlan;
}

export interface TraceFile {
  readonly trace: Trace;
  readonly notes: readonly string[];
}

/**
 * Any of the CSV traces, told apart by the names in the first line: jobs, requests or tokens over time, or the measured use
 * of machines.
 *
 * @throws KISIM_E_INPUT_...; each names file and line
 */
export function readTraceFile(path: string, options: TraceFileOptions = {}): TraceFile {
  const text = readInput(path);
  const end = text.indexOf('\n');
  const columns = (end < 0 ? text : text.slice(0, end)).trim().split(',');
  const name = basename(path).replace(/\.[^.]*$/, '');
  if (columns.includes('context_tokens') || columns.includes('requests')) {
    if (options.replicas === undefined)
      throw inputErrors.KISIM_E_INPUT_SCALE(`${path}: how much one replica can take is not said`, {
        action: 'give the requests (or tokens) a minute that one replica takes: --per-replica 100',
      });
    const series = columns.includes('requests') ? readRequestCounts(path) : readTokenCounts(path);
    const jobs = replicasFor(series, options.replicas, path);
    return {
      trace: { name, jobs, unit: 'cores', kind: 'service' },
      notes: [`each step runs as many replicas as it needs of ${options.replicas.amountPerReplica} a minute`],
    };
  }
  if (columns[0] === 'slot_5min') {
    if (options.vms === undefined)
      throw inputErrors.KISIM_E_INPUT_SCALE(`${path}: the size of its machines is not said`, {
        action: 'give the table of the machines: --vms FILE',
      });
    const use = readMachineUse(path);
    const steps = Math.max(...[...use.shares.values()].map((series) => series.length));
    const { jobs, unmeasured } = vmJobs(readVms(options.vms), use, 0, steps * use.stepSeconds);
    return {
      trace: { name, jobs, unit: 'cores', kind: 'service' },
      notes: [
        'every machine uses its mean',
        ...(unmeasured.length > 0 ? [`left out, never measured: ${unmeasured.join(', ')}`] : []),
      ],
    };
  }
  return { trace: parseTrace(text, path), notes: [] };
}
