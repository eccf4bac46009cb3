import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { TERM_COUNT, WAIT_TERM_COUNT } from '../energy/term-table.ts';
import { learnedErrors } from './errors.ts';
import type { LoadedModel } from './load-model.ts';
import type { NoAnswer, ScorerEngine } from './scorer-engine.ts';

/** Words of the memory that both threads look at. */
export const CONTROL = { asked: 0, answered: 1, count: 2, outcome: 3, status: 4 } as const;
export const STATUS = { starting: 0, ready: 1 } as const;

export interface OnnxBuffers {
  readonly terms: SharedArrayBuffer;
  readonly mask: SharedArrayBuffer;
  readonly waitTerms: SharedArrayBuffer;
  readonly scores: SharedArrayBuffer;
  readonly wait: SharedArrayBuffer;
}

export interface OnnxWorkerSetup {
  readonly onnx: Uint8Array;
  readonly control: SharedArrayBuffer;
}

/** A pod is not held up for longer: its rule decides then. Some hundred times what an answer takes. */
const DEADLINE_MILLISECONDS = 50;
/** After so many questions without an answer in a row ... */
const MISSES = 3;
/** ... so many are not asked at all. */
const REST = 100;

/**
 * Runs a model by onnxruntime-node in a thread of its own. The caller waits, since policies choose at once, but never
 * beyond the deadline; a model that keeps failing is left alone for a while.
 */
export class OnnxEngine implements ScorerEngine {
  /** Resolves when the model is loaded. Rejects with KISIM_E_MODEL_ENGINE where it cannot be. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * 5));
  readonly #deadline: number;
  #size = 0;
  #fresh: OnnxBuffers | undefined;
  #terms: Float64Array = new Float64Array(0);
  #scores: Float64Array = new Float64Array(0);
  #waitTerms: Float64Array = new Float64Array(0);
  #wait: Float64Array = new Float64Array(0);
  #misses = 0;
  #resting = 0;

  constructor(
    { path, onnx }: Pick<LoadedModel, 'path' | 'onnx'>,
    deadlineMilliseconds = DEADLINE_MILLISECONDS,
  ) {
    this.#deadline = deadlineMilliseconds;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.unref();
    const workerData = { onnx, control: this.#control.buffer, port: port2 };
    this.#worker = new Worker(new URL('./onnx-worker.ts', import.meta.url), {
      workerData,
      transferList: [port2],
    });
    const failed = new Promise<never>((_, reject) => {
      this.#worker.once('error', (cause: Error) => {
        reject(learnedErrors.KISIM_E_MODEL_ENGINE(`${path}: ${cause.message}`, { cause }));
      });
    });
    const loaded = Atomics.waitAsync(this.#control, CONTROL.status, STATUS.starting);
    this.ready = Promise.race([Promise.resolve(loaded.value).then(() => undefined), failed]);
    // A program must not end while it waits for this, and need not go on for it afterwards. Who does not look at it still
    // learns of a failure: every question then is one without an answer.
    this.ready.then(
      () => this.#worker.unref(),
      () => undefined,
    );
  }

  /**
   * For callers that may block: waits until the model is loaded.
   *
   * @throws KISIM_E_MODEL_ENGINE where it is not within the time
   */
  waitUntilReady(milliseconds = 30_000): void {
    if (Atomics.wait(this.#control, CONTROL.status, STATUS.starting, milliseconds) === 'timed-out')
      throw learnedErrors.KISIM_E_MODEL_ENGINE(`not loaded within ${milliseconds} ms`);
  }

  score(columns: Float64Array, stride: number, count: number, out: Float64Array): NoAnswer | undefined {
    this.#reserve(count);
    for (let t = 0; t < TERM_COUNT; t++) {
      const from = t * stride;
      this.#terms.set(columns.subarray(from, from + count), t * count);
    }
    const failure = this.#ask(count);
    if (failure !== undefined) return failure;
    for (let i = 0; i < count; i++) {
      const score = this.#scores[i]!;
      if (!Number.isFinite(score)) return 'not-a-number';
      out[i] = score;
    }
    return undefined;
  }

  wait(terms: Float64Array): number | NoAnswer {
    this.#reserve(1);
    this.#waitTerms.set(terms);
    const failure = this.#ask(1);
    if (failure !== undefined) return failure;
    const wait = this.#wait[0]!;
    return Number.isFinite(wait) ? wait : 'not-a-number';
  }

  async close(): Promise<void> {
    this.#port.close();
    await this.#worker.terminate();
  }

  #ask(count: number): NoAnswer | undefined {
    const control = this.#control;
    if (Atomics.load(control, CONTROL.status) !== STATUS.ready) return 'starting';
    if (this.#resting > 0) {
      this.#resting--;
      return 'late';
    }
    if (this.#fresh !== undefined) {
      this.#port.postMessage(this.#fresh);
      this.#fresh = undefined;
    }
    Atomics.store(control, CONTROL.count, count);
    const number = (Atomics.load(control, CONTROL.asked) + 1) | 0;
    Atomics.store(control, CONTROL.asked, number);
    Atomics.notify(control, CONTROL.asked);
    const until = performance.now() + this.#deadline;
    for (;;) {
      const answered = Atomics.load(control, CONTROL.answered);
      if (answered === number) break;
      const left = until - performance.now();
      if (!(left > 0) || Atomics.wait(control, CONTROL.answered, answered, left) === 'timed-out')
        return this.#missed('late');
    }
    if (Atomics.load(control, CONTROL.outcome) !== 0) return this.#missed('failed');
    this.#misses = 0;
    return undefined;
  }

  #missed(why: NoAnswer): NoAnswer {
    if (++this.#misses >= MISSES) {
      this.#misses = 0;
      this.#resting = REST;
    }
    return why;
  }

  /** Memory for so many candidates. The thread is told of it with the next question. */
  #reserve(count: number): void {
    if (count <= this.#size) return;
    this.#size = Math.max(count, 2 * this.#size);
    const doubles = (length: number) => new SharedArrayBuffer(8 * length);
    const fresh: OnnxBuffers = {
      terms: doubles(TERM_COUNT * this.#size),
      mask: new SharedArrayBuffer(this.#size),
      waitTerms: doubles(WAIT_TERM_COUNT),
      scores: doubles(this.#size),
      wait: doubles(1),
    };
    this.#fresh = fresh;
    this.#terms = new Float64Array(fresh.terms);
    new Uint8Array(fresh.mask).fill(1);
    this.#scores = new Float64Array(fresh.scores);
    this.#waitTerms = new Float64Array(fresh.waitTerms);
    this.#wait = new Float64Array(fresh.wait);
  }
}
