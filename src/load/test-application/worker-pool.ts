import { Worker } from 'node:worker_threads';
import { testApplicationErrors } from './errors.ts';
import type { FromWorker, ThreadWork, WorkerSetting } from './work.ts';

const script = new URL('./worker.ts', import.meta.url);

type Done = Extract<FromWorker, { readonly kind: 'done' }>;

/** A thread and whoever waits for it. */
interface Lane {
  worker: Worker | undefined;
  waiting: PromiseWithResolvers<FromWorker> | undefined;
}

/** One thread for each server of the station, so that requests in service work at the same time. */
export class WorkerPool {
  readonly #setting: WorkerSetting;
  readonly #lanes: readonly Lane[];

  private constructor(count: number, setting: WorkerSetting) {
    this.#setting = setting;
    this.#lanes = Array.from({ length: count }, () => ({ worker: undefined, waiting: undefined }));
  }

  /** Resolves once every thread runs: the first requests must not wait for a thread to start. */
  static async start(count: number, setting: WorkerSetting): Promise<WorkerPool> {
    const pool = new WorkerPool(count, setting);
    try {
      await Promise.all(pool.#lanes.map((lane) => pool.#begin(lane)));
    } catch (error) {
      await pool.stop();
      throw error;
    }
    return pool;
  }

  /**
   * Has one thread, which must be free, do the work. A thread that has ended is replaced by a new one.
   *
   * @throws KISIM_E_TEST_APPLICATION_MEMORY, KISIM_E_TEST_APPLICATION_DISK, KISIM_E_TEST_APPLICATION_WORKER
   */
  async carryOut(server: number, work: ThreadWork): Promise<Done> {
    const lane = this.#lanes[server]!;
    if (lane.worker === undefined) await this.#begin(lane);
    const answer = this.#answer(lane);
    lane.worker!.postMessage(work);
    const told = await answer;
    if (told.kind === 'done') return told;
    if (told.kind === 'failed') {
      throw told.reason === 'memory'
        ? testApplicationErrors.KISIM_E_TEST_APPLICATION_MEMORY(told.says)
        : testApplicationErrors.KISIM_E_TEST_APPLICATION_DISK(told.says);
    }
    throw new Error('a thread said that it is ready in the place of an answer');
  }

  /** Ends the threads in the middle of what they do. */
  async stop(): Promise<void> {
    await Promise.all(this.#lanes.map(({ worker }) => worker?.terminate()));
  }

  /** Starts the thread of a lane, and waits until it says that it is ready. */
  async #begin(lane: Lane): Promise<void> {
    const worker = new Worker(script, { workerData: this.#setting, name: 'test-application' });
    lane.worker = worker;
    let cause: Error | undefined;
    worker.on('message', (message: FromWorker) => lane.waiting?.resolve(message));
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (status) => {
      lane.worker = undefined;
      const found = cause?.message ?? `exit status ${status}`;
      lane.waiting?.reject(testApplicationErrors.KISIM_E_TEST_APPLICATION_WORKER(found, { cause }));
    });
    await this.#answer(lane);
  }

  async #answer(lane: Lane): Promise<FromWorker> {
    const waiting = Promise.withResolvers<FromWorker>();
    lane.waiting = waiting;
    try {
      return await waiting.promise;
    } finally {
      lane.waiting = undefined;
    }
  }
}
