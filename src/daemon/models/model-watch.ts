import type { ChosenPolicy, ModelChanges } from '../../policy/learned/learned-for-cluster.ts';
import { newLearnedCounts } from '../../policy/learned/learned-policy.ts';
import type { ModelStore } from '../../policy/learned/model-store.ts';
import type { Logger } from '../../util/log.ts';
import type { Service } from '../supervisor.ts';

const EVERY_MILLISECONDS = 30_000;
/** Looks between two lines about decisions: an hour. */
const LOOKS_BETWEEN = 120;

export interface ModelWatchOptions {
  readonly store: ModelStore;
  readonly log: Logger;
  /** Whether what `auto` came to is kept beside the models, for `kisimd explain`. */
  readonly keepsNotes: boolean;
  readonly everyMilliseconds?: number;
  readonly now?: () => Date;
}

/**
 * Sees when another model is put to use, or undone, or another policy is found best, by whichever process; keeps what `auto` came to;
 * and tells every hour and at the end how many decisions were the model's, and how many its rule's.
 */
export class ModelWatch implements Service, ModelChanges {
  readonly name = 'model-watch';
  readonly decisions = newLearnedCounts();
  readonly #store: ModelStore;
  readonly #log: Logger;
  readonly #keepsNotes: boolean;
  readonly #everyMilliseconds: number;
  readonly #now: () => Date;
  #chosen: ChosenPolicy | undefined;
  #known: string | undefined;
  #count = 0;
  #looks = 0;
  #told = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ModelWatchOptions) {
    const {
      store,
      log,
      keepsNotes,
      everyMilliseconds = EVERY_MILLISECONDS,
      now = () => new Date(),
    } = options;
    this.#store = store;
    this.#log = log;
    this.#keepsNotes = keepsNotes;
    this.#everyMilliseconds = everyMilliseconds;
    this.#now = now;
  }

  /** What `auto` came to last; undefined: it has not begun, or is not what places pods. */
  get chosen(): ChosenPolicy | undefined {
    return this.#chosen;
  }

  readonly chose = (chosen: ChosenPolicy): void => {
    const before = this.#chosen;
    this.#chosen = chosen;
    const { cluster, policy, reason } = chosen;
    if (before?.cluster === cluster && before.policy === policy && before.reason === reason) return;
    this.#log.info('policy-chosen', { ...chosen });
    if (!this.#keepsNotes) return;
    try {
      this.#store.note({ time: this.#now().toISOString(), ...chosen });
    } catch (error) {
      this.#log.error('models-unwritable', { error });
    }
  };

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
    this.#tellDecisions();
  }

  look(): void {
    if (++this.#looks % LOOKS_BETWEEN === 0) this.#tellDecisions();
    try {
      const now = JSON.stringify(
        this.#store
          .clusters()
          .map((cluster) => [cluster, this.#store.swaps(cluster), this.#store.choice(cluster)?.time]),
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

  #tellDecisions(): void {
    const { decisions } = this.decisions;
    if (decisions === this.#told) return;
    this.#told = decisions;
    this.#log.info('learned-decisions', { ...this.decisions });
  }
}
