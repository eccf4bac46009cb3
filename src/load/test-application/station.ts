import type { Clock } from '../../util/clock.ts';
import type { Nanoseconds } from '../../util/units.ts';
import { testApplicationErrors } from './errors.ts';

export interface Served<T> {
  readonly result: T;
  readonly waitNanoseconds: Nanoseconds;
  readonly serviceNanoseconds: Nanoseconds;
}

export interface StationOptions {
  readonly servers: number;
  /** Most requests that wait at once. */
  readonly queueLimit: number;
  readonly clock: Clock;
}

interface Waiting {
  readonly begin: (server: number) => void;
  readonly refuse: (error: Error) => void;
}

/**
 * A number of equal servers and one queue before them, first come, first served: with exponential work and Poisson
 * arrivals the M/M/c of the textbooks, as long as the queue is not full.
 */
export class Station {
  readonly #options: StationOptions;
  readonly #free: number[];
  readonly #queue = new Set<Waiting>();

  constructor(options: StationOptions) {
    this.#options = options;
    // Taken from the end: server 0 first.
    this.#free = Array.from({ length: options.servers }, (_, i) => options.servers - 1 - i);
  }

  get inService(): number {
    return this.#options.servers - this.#free.length;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /**
   * Waits for a server and holds it until `serve` is through. An abort takes the request out of the queue; one that is
   * being served stays until its end, as the work cannot be undone.
   *
   * @throws KISIM_E_TEST_APPLICATION_FULL; the reason of the abort; whatever `serve` throws
   */
  async run<T>(serve: (server: number) => Promise<T>, signal: AbortSignal): Promise<Served<T>> {
    const { clock, queueLimit, servers } = this.#options;
    const arrived = clock.monotonicNanoseconds();
    signal.throwIfAborted();
    let server = this.#free.pop();
    if (server === undefined) {
      if (this.#queue.size >= queueLimit) {
        const found = `${this.#queue.size} wait for ${servers} servers`;
        throw testApplicationErrors.KISIM_E_TEST_APPLICATION_FULL(found);
      }
      server = await this.#turn(signal);
    }
    const begun = clock.monotonicNanoseconds();
    try {
      const result = await serve(server);
      const ended = clock.monotonicNanoseconds();
      return { result, waitNanoseconds: begun - arrived, serviceNanoseconds: ended - begun };
    } finally {
      this.#pass(server);
    }
  }

  #turn(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#queue.delete(waiting);
        reject(signal.reason as Error);
      };
      const waiting: Waiting = {
        begin: (server) => {
          signal.removeEventListener('abort', leave);
          resolve(server);
        },
        refuse: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue.add(waiting);
    });
  }

  #pass(server: number): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#free.push(server);
      return;
    }
    this.#queue.delete(next);
    next.begin(server);
  }

  /** Refuses all that still wait. */
  refuseWaiting(error: Error): void {
    const waiting = [...this.#queue];
    this.#queue.clear();
    for (const { refuse } of waiting) refuse(error);
  }
}
