import { Worker } from 'node:worker_threads';
import type { KisimError } from '../../util/errors.ts';
import type { Milliseconds, Nanoseconds } from '../../util/units.ts';
import { blockErrors } from './errors.ts';
import { asKisimError } from './failure.ts';
import type { FromThread, ThreadSetting, ThreadTask } from './thread-messages.ts';
import { ThreadWords } from './thread-words.ts';

const script = new URL('./block-worker.ts', import.meta.url);
/** A thread that is within one transfer of a disk that hangs is not waited for. */
const END_MILLISECONDS: Milliseconds = 5_000;

interface Held {
  readonly kind: ThreadTask['kind'];
  readonly words: ThreadWords;
  readonly worker: Worker;
  readonly ended: Promise<void>;
}

/** The threads that hold what is asked for, and their end. */
export class HeldThreads {
  readonly #threads: Held[] = [];
  readonly #failure = Promise.withResolvers<KisimError>();
  #isEnding = false;

  /** Resolves with what went wrong in a thread, should that ever happen. */
  get failed(): Promise<KisimError> {
    return this.#failure.promise;
  }

  /** Starts a thread; resolves once it holds, or is ready to. Never where it fails: see `failed`. */
  start(task: ThreadTask): Promise<void> {
    const words = new ThreadWords();
    const setting: ThreadSetting = { task, words: words.memory };
    const ready = Promise.withResolvers<void>();
    const worker = new Worker(script, { workerData: setting, name: `block-${task.kind}` });
    const fail = (error: KisimError) => this.#failure.resolve(error);
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'ready') ready.resolve();
      else fail(asKisimError(message.failure));
    });
    worker.on('error', (cause) =>
      fail(blockErrors.KISIM_E_BLOCK_THREAD(`${task.kind}: ${cause.message}`, { cause })),
    );
    const ended = new Promise<void>((resolve) => {
      worker.on('exit', (status) => {
        if (!this.#isEnding) fail(blockErrors.KISIM_E_BLOCK_THREAD(`${task.kind}: exit status ${status}`));
        resolve();
      });
    });
    this.#threads.push({ kind: task.kind, words, worker, ended });
    return ready.promise;
  }

  of(kind: ThreadTask['kind']): readonly ThreadWords[] {
    return this.#threads.filter((thread) => thread.kind === kind).map(({ words }) => words);
  }

  /** When every thread lets go, whatever becomes of this one. */
  letGoAt(nanoseconds: Nanoseconds): void {
    for (const { words } of this.#threads) words.lastNanoseconds = nanoseconds;
  }

  /** Has every thread let go, and waits until they have. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const { words } of this.#threads) words.end();
    const late = setTimeout(() => {
      for (const { worker } of this.#threads) void worker.terminate();
    }, END_MILLISECONDS);
    await Promise.all(this.#threads.map(({ ended }) => ended));
    clearTimeout(late);
  }
}
