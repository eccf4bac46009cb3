import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { Leadership, LoopTime, PauseSource } from '../ports.ts';

export interface RoundsOptions {
  readonly time: LoopTime;
  readonly leadership: Leadership;
  readonly paused: PauseSource;
  readonly everyMilliseconds: Milliseconds;
  /** One round; to end soon where `isOver`. What it throws is told, and the next round comes all the same. */
  readonly work: (isOver: () => boolean) => Promise<void>;
  readonly log: Logger;
}

/**
 * Does something now and then, one round at a time, while this daemon leads and placement is not paused: at once when it comes
 * to lead, and after each pause.
 */
export class Rounds {
  readonly #o: RoundsOptions;
  #ends: (() => void)[] = [];
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #isStopped = true;

  constructor(options: RoundsOptions) {
    this.#o = options;
  }

  start(): void {
    const { leadership, paused } = this.#o;
    this.#isStopped = false;
    this.#ends = [leadership.subscribe(() => this.#begin()), paused.subscribe(() => this.#begin())];
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#running;
  }

  get #mayWork(): boolean {
    const { leadership, paused } = this.#o;
    return !this.#isStopped && leadership.isLeader && paused.reason === undefined;
  }

  #begin(): void {
    if (this.#running !== undefined || !this.#mayWork) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#running = this.#round();
  }

  async #round(): Promise<void> {
    try {
      await this.#o.work(() => !this.#mayWork);
    } catch (error) {
      this.#o.log.error('round-failed', { error });
    }
    this.#running = undefined;
    // Who does not lead any more is called when it leads again.
    if (this.#mayWork)
      this.#cancel = this.#o.time.after(this.#o.everyMilliseconds, () => {
        this.#cancel = undefined;
        this.#begin();
      });
  }
}
