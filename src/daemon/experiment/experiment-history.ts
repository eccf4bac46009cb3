import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { DecisionSink } from '../../controller/ports.ts';
import type { DecisionRecord } from '../../history/decision-record.ts';
import { History } from '../../history/history.ts';
import type { Clock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import { daemonErrors } from '../errors.ts';
import type { Service } from '../supervisor.ts';

export interface ExperimentHistoryOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the experiment. */
  readonly folder: string;
}

/** Where decisions are looked for by `kisimd explain`: written so often where no meter does. */
const FLUSH_MILLISECONDS = 5_000;

/**
 * Decisions go where `kisimd explain` looks, and the energy of this host goes on there; beside the journal where another program,
 * such as the daemon, writes there. Nowhere where the configuration wants no history.
 */
export class ExperimentHistory implements Service, DecisionSink {
  readonly name = 'history';
  readonly #config: Config;
  readonly #options: ExperimentHistoryOptions;
  readonly #keepsEnergy: (history: History) => void;
  #history: History | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param keepsEnergy told at the start, where it is the usual history */
  constructor(config: Config, options: ExperimentHistoryOptions, keepsEnergy: (history: History) => void) {
    this.#config = config;
    this.#options = options;
    this.#keepsEnergy = keepsEnergy;
  }

  start(): void {
    const { path, enabled } = this.#config.history;
    if (!enabled) return;
    try {
      this.#history = this.#open(path);
      this.#keepsEnergy(this.#history);
    } catch (error) {
      if (!(error instanceof KisimError && error.code === 'KISIM_E_HISTORY_LOCKED')) throw error;
      const own = join(this.#options.folder, 'history.db');
      this.#options.log.warn('experiment-keeps-decisions-apart', { path: own, because: `${path} is in use` });
      this.#history = this.#open(own);
    }
    this.#timer = setInterval(() => this.#history?.flush(), FLUSH_MILLISECONDS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#history === undefined || this.#history.close()) return;
    const { lastError = 'no reason was told' } = this.#history.status;
    throw daemonErrors.KISIM_E_DAEMON_HISTORY_LOST(lastError);
  }

  record(decision: DecisionRecord): void {
    this.#history?.record(decision);
  }

  bound(uid: string, node: string): void {
    this.#history?.bound(uid, node);
  }

  #open(path: string): History {
    const { clock, log } = this.#options;
    const history = new History({ config: { ...this.#config.history, path }, clock, log });
    history.open();
    return history;
  }
}
