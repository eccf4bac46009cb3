import type { Config } from '../../config/config.ts';
import type { ClusterKind } from '../../history/cluster-kind.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { Service } from '../supervisor.ts';
import type { QuietProcess, StartQuietly } from './quiet-process.ts';

export interface PolicyReviewOptions {
  readonly config: Pick<Config, 'history' | 'placement' | 'training' | 'sleep'>;
  /** Which cluster the daemon serves. */
  readonly cluster: ClusterKind;
  readonly log: Logger;
  readonly start: StartQuietly;
  /** Calls back after some milliseconds, unless the function that it returns is called before. */
  readonly later?: (call: () => void, milliseconds: Milliseconds) => () => void;
}

const HOUR_MILLISECONDS: Milliseconds = 3_600_000;
/** A daemon that has just begun has other things to do. */
const FIRST_MILLISECONDS: Milliseconds = 600_000;
/** Until enough is known of the cluster, and after a failure. */
const AGAIN_MILLISECONDS = HOUR_MILLISECONDS;
/** Where training is off. */
const USUAL_HOURS = 24;
/** What says that it is too early. */
const TOO_EARLY = 'KISIM_E_LEARNING_HISTORY';

/**
 * Finds out now and then which policy is best on this cluster, for `auto`: in a process of the lowest priority, by simulation of what
 * the history shows (`kisimd model choose --use`). As often as models are trained, once a day where none are.
 */
export class PolicyReview implements Service {
  readonly name = 'policy-review';
  readonly #options: PolicyReviewOptions;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #process: QuietProcess | undefined;
  #isEnding = false;

  constructor(options: PolicyReviewOptions) {
    this.#options = options;
  }

  start(): void {
    this.#next(FIRST_MILLISECONDS);
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#cancel?.();
    this.#process?.stop();
    await this.#running;
  }

  #next(milliseconds: Milliseconds): void {
    if (this.#isEnding) return;
    this.#cancel = (this.#options.later ?? later)(() => {
      this.#running = this.#review().then((wait) => this.#next(wait));
    }, milliseconds);
  }

  /** Resolves to when it is time for the next one. */
  async #review(): Promise<Milliseconds> {
    const { config, log, start } = this.#options;
    const hours = config.training.scheduleHours === 0 ? USUAL_HOURS : config.training.scheduleHours;
    try {
      this.#process = start(this.#args());
      const { status, told } = await this.#process.ended;
      if (status === 0) {
        log.info('policy-reviewed', { told });
        return hours * HOUR_MILLISECONDS;
      }
      if (told.includes(TOO_EARLY)) log.info('policy-review-too-early', { told });
      else if (!this.#isEnding) log.error('policy-review-failed', { status, told });
    } catch (error) {
      log.error('policy-review-failed', { error });
    } finally {
      this.#process = undefined;
    }
    return AGAIN_MILLISECONDS;
  }

  #args(): readonly string[] {
    const { cluster, config } = this.#options;
    const { history, placement, training, sleep } = config;
    const settings = [
      `history.path=${history.path}`,
      `placement.estimate-missing-power=${placement.estimateMissingPower}`,
      `sleep.enabled=${sleep.enabled}`,
      ...(placement.model === undefined ? [] : [`placement.model=${placement.model}`]),
    ];
    return [
      'model',
      'choose',
      '--use',
      ...['--cluster', cluster],
      ...['--db', history.path],
      ...(placement.nodeTable === undefined ? [] : ['--node-table', placement.nodeTable]),
      ...['--seconds', String(training.budgetSeconds)],
      ...settings.flatMap((setting) => ['--set', setting]),
    ];
  }
}

function later(call: () => void, milliseconds: Milliseconds): () => void {
  const timer = setTimeout(call, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
}
