import type { Milliseconds } from '../../util/units.ts';
import { AUTO } from './automatic-policy.ts';
import type { PolicyNote } from './model-store.ts';

/** Why `auto` had come to a policy when it decided. */
export class AutomaticReasons {
  readonly #notes: readonly PolicyNote[];

  /** @param notes from the first to the last */
  constructor(notes: readonly PolicyNote[]) {
    this.#notes = notes;
  }

  /** Undefined where the policy is one that somebody had named, and where nothing was noted. */
  of(decision: { readonly policy: string; readonly unixMilliseconds: Milliseconds }): string | undefined {
    const { policy, unixMilliseconds } = decision;
    if (!policy.startsWith(`${AUTO}:`)) return undefined;
    return this.#notes.findLast((note) => note.policy === policy && Date.parse(note.time) <= unixMilliseconds)
      ?.reason;
  }
}
