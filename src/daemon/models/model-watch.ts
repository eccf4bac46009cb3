import type { ModelStore } from '../../policy/learned/model-store.ts';
import type { Logger } from '../../util/log.ts';
import type { Service } from '../supervisor.ts';

const EVERY_MILLISECONDS = 30_000;

/** Sees when another model is put to use, or undone, by whichever process. */
export class ModelWatch implements Service {
  readonly name = 'model-watch';
  readonly #store: ModelStore;
  readonly #log: Logger;
  readonly #everyMilliseconds: number;
  #known: string | undefined;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: ModelStore, log: Logger, everyMilliseconds = EVERY_MILLISECONDS) {
    this.#store = store;
    this.#log = log;
    this.#everyMilliseconds = everyMilliseconds;
  }

  /** Grows with every change that was seen. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    this.look();
    this.#timer = setInterval(() => this.look(), this.#everyMilliseconds);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    try {
      const now = JSON.stringify(
        this.#store.clusters().map((cluster) => [cluster, this.#store.swaps(cluster)]),
      );
      const isChange = this.#known !== undefined && this.#known !== now;
      this.#known = now;
      if (!isChange) return;
      this.#count++;
      this.#log.info('models-changed', { folder: this.#store.folder });
    } catch (error) {
      this.#log.error('models-unreadable', { error });
    }
  }
}
