import { Worker } from 'node:worker_threads';
import { errors } from './errors.ts';
import {
  type LoggedRecord,
  type OfflineRecord,
  type PairingRecord,
  type RunRecord,
  recordKey,
} from './records.ts';
import { cellName, type Pairing, pairingsOf, policiesOf, type Suite } from './suite.ts';
import type { FromWorker, ToWorker, WorkerSetting } from './worker.ts';

export interface RunnerOptions {
  readonly suite: Suite;
  /** Module with `openLaboratory`; the program's own scenarios, policies and engine unless told. */
  readonly laboratory?: URL;
  readonly hardware: string | undefined;
  /** Threads that simulate. The results do not depend on it. */
  readonly workers: number;
  /** Of an earlier, stopped benchmark: these are not run again. */
  readonly earlier: readonly LoggedRecord[];
  /** Told every record once, in the order in which they happen to be made; may throw, which ends the benchmark. */
  readonly onRecord: (record: LoggedRecord) => void;
  readonly onProgress?: (progress: RunnerProgress) => void;
  /** Ends the runs; what was recorded stays. */
  readonly signal: AbortSignal;
}

export interface RunnerProgress {
  /** Runs that are done, those of an earlier benchmark among them. */
  readonly done: number;
  /** Runs made by this one. */
  readonly made: number;
  readonly total: number;
  readonly last: RunRecord | OfflineRecord | undefined;
}

export interface RunnerResult {
  readonly pairings: readonly PairingRecord[];
  readonly runs: readonly (RunRecord | OfflineRecord)[];
  /** How many of the runs are new. */
  readonly made: number;
  /** Whether every run of the suite is there; false where the signal came first. */
  readonly complete: boolean;
}

interface Task {
  readonly pairing: Pairing;
  readonly policies: readonly string[];
}

/**
 * Runs what is missing of a suite, a pairing at a time on each worker.
 *
 * @throws KISIM_E_EVALUATION_RUN_FAILED for the first run that fails, KISIM_E_EVALUATION_WORK_DIFFERS for the first
 *   policy that completed other work than the rest of its pairing; both end all workers
 */
export async function runSuite(options: RunnerOptions): Promise<RunnerResult> {
  const { suite, signal, onProgress } = options;
  const books = new Books(suite, options.earlier);
  const tasks = books.missing();
  const progress = (last?: RunRecord | OfflineRecord) => onProgress?.({ ...books.count(), last });
  progress();
  if (tasks.length > 0 && !signal.aborted) {
    const take = (record: LoggedRecord) => {
      if (!books.take(record)) return;
      options.onRecord(record);
      if (record.kind !== 'pairing') progress(record);
    };
    await runTasks(tasks, options, take);
  }
  const { done, made, total } = books.count();
  return {
    pairings: [...books.pairings.values()],
    runs: [...books.runs.values()],
    made,
    complete: done === total,
  };
}

/** What is there and what is missing. */
class Books {
  readonly runs = new Map<string, RunRecord | OfflineRecord>();
  readonly pairings = new Map<string, PairingRecord>();
  readonly #suite: Suite;
  readonly #tasks: readonly Task[];
  readonly #digests = new Map<string, RunRecord>();
  #earlier = 0;

  constructor(suite: Suite, earlier: readonly LoggedRecord[]) {
    this.#suite = suite;
    this.#tasks = pairingsOf(suite).map((pairing) => ({
      pairing,
      policies: policiesOf(suite, pairing.cell),
    }));
    for (const record of earlier) this.take(record);
    this.#earlier = this.runs.size;
  }

  count(): { done: number; made: number; total: number } {
    const total = this.#tasks.reduce((sum, { policies }) => sum + policies.length, 0);
    return { done: this.runs.size, made: this.runs.size - this.#earlier, total };
  }

  missing(): Task[] {
    return this.#tasks.flatMap(({ pairing, policies }) => {
      const place = { ...pairing, cell: cellName(this.#suite.cells[pairing.cell]!) };
      const left = policies.filter((policy) => !this.runs.has(recordKey(place, policy)));
      return left.length === 0 ? [] : [{ pairing, policies: left }];
    });
  }

  /** False for what is known already. */
  take(record: LoggedRecord): boolean {
    if (record.kind === 'pairing') {
      const key = recordKey(record, '');
      if (this.pairings.has(key)) return false;
      this.pairings.set(key, record);
      return true;
    }
    const key = recordKey(record, record.policy);
    if (this.runs.has(key)) return false;
    if (record.kind === 'run') this.#compareWork(record);
    this.runs.set(key, record);
    return true;
  }

  #compareWork(record: RunRecord): void {
    const key = recordKey(record, '');
    const first = this.#digests.get(key);
    if (first === undefined) this.#digests.set(key, record);
    else if (first.digest !== record.digest) {
      const where = `${record.cell}, cluster ${record.cluster}, seed ${record.seed}`;
      const did = ({ policy, completed, dropped }: RunRecord) =>
        `${policy} completed ${completed} pods and dropped ${dropped}`;
      throw errors.KISIM_E_EVALUATION_WORK_DIFFERS(`${where}: ${did(first)}, ${did(record)}`);
    }
  }
}

async function runTasks(
  tasks: readonly Task[],
  options: RunnerOptions,
  take: (record: LoggedRecord) => void,
): Promise<void> {
  const { suite, signal, hardware } = options;
  const laboratory = (options.laboratory ?? new URL('./own-laboratory.ts', import.meta.url)).href;
  const workerData: WorkerSetting = { suite, laboratory, hardware };
  let next = 0;
  const ended = Promise.withResolvers<void>();
  const workers: Worker[] = [];
  const onAbort = () => ended.resolve();
  let idle = 0;
  const count = Math.max(1, Math.min(options.workers, tasks.length));
  const give = (worker: Worker) => {
    const task = tasks[next++];
    if (task !== undefined) worker.postMessage(task satisfies ToWorker);
    else if (++idle === count) ended.resolve();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (let i = 0; i < count; i++) {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
      workers.push(worker);
      worker.on('error', (error) => ended.reject(error));
      worker.on('message', (message: FromWorker) => {
        // After the end of it all whatever still arrives is not wanted: it would come behind the closed log.
        if (signal.aborted) return;
        try {
          if (message.kind === 'failed') throw failure(suite, message);
          if (message.kind === 'record') take(message.record);
          else give(worker);
        } catch (error) {
          ended.reject(error);
        }
      });
      give(worker);
    }
    await ended.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    for (const worker of workers) worker.removeAllListeners('message');
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function failure(suite: Suite, { pairing, policy, says, action }: FromWorker & { kind: 'failed' }): Error {
  const where = `${cellName(suite.cells[pairing.cell]!)}, cluster ${pairing.cluster}, seed ${pairing.seed}`;
  const found = `${policy === undefined ? '' : `${policy} on `}${where}: ${says}`;
  return errors.KISIM_E_EVALUATION_RUN_FAILED(found, action === undefined ? {} : { action });
}
