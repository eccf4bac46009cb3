import type { WorkloadWriter } from '../../kubernetes/collect/workload-writer.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import { collectErrors } from './errors.ts';
import type { PlannedJob } from './planned-job.ts';

export interface JobMakerOptions {
  readonly plan: readonly PlannedJob[];
  /** How many of them were made before a stop. */
  readonly made: number;
  readonly writer: Pick<WorkloadWriter, 'make'>;
  /** Of the time in which it was collected, since the beginning of all. */
  readonly elapsed: () => Milliseconds;
  readonly sleep: Sleep;
}

const TRIES = 3;
const AGAIN: Milliseconds = 1000;

/** Makes the Jobs of a plan, each when it is due. */
export class JobMaker {
  readonly #o: JobMakerOptions;
  #made: number;

  constructor(options: JobMakerOptions) {
    this.#o = options;
    this.#made = options.made;
  }

  /** With those made before a stop. */
  get made(): number {
    return this.#made;
  }

  /** Resolves when all are made, or the signal says so. @throws KISIM_E_COLLECT_WORKLOAD */
  async run(signal: AbortSignal): Promise<void> {
    const { plan, elapsed, sleep } = this.#o;
    while (this.#made < plan.length && !signal.aborted) {
      const job = plan[this.#made]!;
      const wait = job.atMilliseconds - elapsed();
      if (wait > 0) {
        await sleep(wait, signal);
        continue;
      }
      await this.#make(job, signal);
    }
  }

  async #make(job: PlannedJob, signal: AbortSignal): Promise<void> {
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        // A Job that is on its way is waited for: whether it was made has to be known.
        await this.#o.writer.make(job, new AbortController().signal);
        this.#made += 1;
        return;
      } catch (cause) {
        if (tries >= TRIES) {
          const says = cause instanceof Error ? cause.message : String(cause);
          throw collectErrors.KISIM_E_COLLECT_WORKLOAD(`${job.name}: ${says}`, { cause });
        }
        await this.#o.sleep(AGAIN, signal);
      }
    }
  }
}
