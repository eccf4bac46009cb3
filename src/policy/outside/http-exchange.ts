import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { outsideErrors } from './errors.ts';
import type { ExchangeReply, ExchangeRequest, ExchangeSetup } from './exchange-worker.ts';

/** Time for the thread to say itself that the time is up, before we stop to wait for it. */
const GRACE_MILLISECONDS = 1000;

/**
 * A POST whose answer is waited for without giving up the thread: `PolicyRun.choose` is synchronous. Another thread does
 * the talking.
 */
export class HttpExchange {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #answered: Int32Array<SharedArrayBuffer>;
  #number = 0;
  #closed = false;

  /** @throws KISIM_E_SCORER_URL */
  constructor(url: string) {
    let parsed: URL;
    try {
      parsed = new URL(url);
    } catch (cause) {
      throw outsideErrors.KISIM_E_SCORER_URL(`'${url}'`, { cause });
    }
    if (parsed.protocol !== 'http:') throw outsideErrors.KISIM_E_SCORER_URL(`'${url}'`);
    const { port1, port2 } = new MessageChannel();
    const answered = new SharedArrayBuffer(4);
    const setup: ExchangeSetup = { url: parsed.href, port: port2, answered };
    this.#port = port1;
    this.#answered = new Int32Array(answered);
    this.#worker = new Worker(new URL('./exchange-worker.ts', import.meta.url), {
      workerData: setup,
      transferList: [port2],
    });
    // A program that has nothing else to do may end.
    this.#worker.unref();
    this.#port.unref();
  }

  /**
   * Blocks until an answer is there, at most the time-out and a second.
   *
   * @throws KISIM_E_SCORER_CLOSED
   */
  post(body: string, timeoutMilliseconds: number): ExchangeReply {
    if (this.#closed) throw outsideErrors.KISIM_E_SCORER_CLOSED('the exchange');
    // Stays a positive 32-bit integer.
    this.#number = (this.#number % 2147483647) + 1;
    const number = this.#number;
    const request: ExchangeRequest = { number, body, timeoutMilliseconds };
    this.#worker.postMessage(request);
    const until = performance.now() + timeoutMilliseconds + GRACE_MILLISECONDS;
    for (;;) {
      const seen = Atomics.load(this.#answered, 0);
      const received = receiveMessageOnPort(this.#port) as { message: ExchangeReply } | undefined;
      // Answers to questions that were given up are passed over.
      if (received?.message.number === number) return received.message;
      if (received !== undefined) continue;
      const left = until - performance.now();
      if (left <= 0) return { number, failure: 'timeout', reason: 'the thread that asks does not answer' };
      Atomics.wait(this.#answered, 0, seen, left);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#port.close();
    await this.#worker.terminate();
  }
}
