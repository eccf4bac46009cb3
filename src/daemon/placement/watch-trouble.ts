import type { TroublePlace } from '../../kubernetes/list-watch.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { Nanoseconds } from '../../util/units.ts';

/** The same trouble is logged again after so long. */
const AGAIN_NANOSECONDS: Nanoseconds = 300e9;

/** What goes wrong with watching: told once in a while, and kept until the server is heard again. */
export class WatchTrouble {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #toldAt = new Map<string, Nanoseconds>();
  #last: { readonly text: string; readonly at: Nanoseconds } | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  readonly told = (kind: string, place: TroublePlace, error: unknown): void => {
    const at = this.#clock.monotonicNanoseconds();
    const says = error instanceof Error ? error.message : String(error);
    // A handler that throws and an object that cannot be read are no trouble of the connection.
    if (place === 'list' || place === 'watch') this.#last = { text: `${kind}: ${says}`, at };
    const key = `${kind} ${place} ${says}`;
    const before = this.#toldAt.get(key);
    if (before !== undefined && at - before < AGAIN_NANOSECONDS) return;
    this.#toldAt.set(key, at);
    for (const [old, when] of this.#toldAt) if (at - when >= AGAIN_NANOSECONDS) this.#toldAt.delete(old);
    this.#log.warn('watch-trouble', { kind, place, error });
  };

  /** @param lastHeard when the server was last heard, of the kind that it was heard of least */
  current(lastHeard: Nanoseconds): string | undefined {
    return this.#last === undefined || lastHeard > this.#last.at ? undefined : this.#last.text;
  }
}
