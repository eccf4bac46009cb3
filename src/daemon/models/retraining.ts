import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../util/log.ts';
import type { Service } from '../supervisor.ts';
import type { QuietProcess, StartQuietly } from './quiet-process.ts';

export interface RetrainingOptions {
  readonly config: Pick<Config, 'history' | 'placement' | 'training'>;
  readonly log: Logger;
  readonly startTraining: StartQuietly;
  /** Of now, for the folder's name. */
  readonly now: () => Date;
}

const HOUR_MILLISECONDS = 3_600_000;

/**
 * Trains from this daemon's own history now and then, in a process of the lowest priority; what comes out is put to use only
 * where it is proven better than the model in use (`kisimd train --adopt`). One at a time; a training that fails is logged,
 * and the next one is tried when its time comes.
 */
export class Retraining implements Service {
  readonly name = 'retraining';
  readonly #options: RetrainingOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #process: QuietProcess | undefined;

  constructor(options: RetrainingOptions) {
    this.#options = options;
  }

  start(): void {
    const { scheduleHours } = this.#options.config.training;
    if (scheduleHours === 0) return;
    this.#timer = setInterval(() => this.train(), scheduleHours * HOUR_MILLISECONDS);
    this.#timer.unref();
  }

  /** Begins a training, unless one runs already; resolves when it has ended. */
  train(): Promise<void> {
    this.#running ??= this.#train().finally(() => {
      this.#running = undefined;
      this.#process = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#process?.stop();
    await this.#running;
  }

  async #train(): Promise<void> {
    const { log, config, now, startTraining } = this.#options;
    const { history, placement, training } = config;
    const time = now().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
    const out = join(history.path, '..', 'training', time);
    log.info('training-began', { out });
    try {
      this.#process = startTraining([
        'train',
        '--from-history',
        ...['--db', history.path],
        ...(placement.nodeTable === undefined ? [] : ['--node-table', placement.nodeTable]),
        ...['--set', `history.path=${history.path}`],
        ...['--set', `placement.estimate-missing-power=${placement.estimateMissingPower}`],
        ...['--hours', String(training.budgetSeconds / 3600)],
        ...['--workers', '1'],
        '--adopt',
        ...['--out', out],
      ]);
      const { status, told } = await this.#process.ended;
      if (status === 0) log.info('training-ended', { out, told });
      else log.error('training-failed', { out, status, told });
    } catch (error) {
      log.error('training-failed', { out, error });
    }
  }
}
