import type { KisimError } from '../../util/errors.ts';
import type { Milliseconds } from '../../util/units.ts';
import { httpLoadErrors } from './errors.ts';
import { type FailureKind, isAbsence } from './failure.ts';
import type { LoadTarget } from './target.ts';

/** Finds targets that are not there from the start, and those that go away and stay away. */
export class TargetWatch {
  readonly #targets: readonly LoadTarget[];
  readonly #giveUpMilliseconds: Milliseconds;
  readonly #answered: boolean[];
  /** Since when a target that answered once has been absent. */
  readonly #absentSince: (Milliseconds | undefined)[];

  constructor(targets: readonly LoadTarget[], giveUpMilliseconds: Milliseconds) {
    this.#targets = targets;
    this.#giveUpMilliseconds = giveUpMilliseconds;
    this.#answered = targets.map(() => false);
    this.#absentSince = targets.map(() => undefined);
  }

  /** @returns why the run is to end, if it is */
  seen(
    target: number,
    now: Milliseconds,
    kind: FailureKind | undefined,
    cause: unknown,
  ): KisimError | undefined {
    if (kind === undefined) {
      this.#answered[target] = true;
      this.#absentSince[target] = undefined;
      return undefined;
    }
    // A request that is not answered in time says nothing of either.
    if (!isAbsence(kind)) return undefined;
    const { name } = this.#targets[target]!;
    const why = cause instanceof Error && cause.message !== '' ? `${kind} (${cause.message})` : kind;
    if (!this.#answered[target]) return httpLoadErrors.KISIM_E_LOAD_REFUSED(`${name}: ${why}`, { cause });
    const since = this.#absentSince[target];
    if (since === undefined) {
      this.#absentSince[target] = now;
      return undefined;
    }
    if (now - since < this.#giveUpMilliseconds) return undefined;
    const seconds = ((now - since) / 1000).toFixed(1);
    return httpLoadErrors.KISIM_E_LOAD_TARGET_GONE(`${name}: ${why}, no answer for ${seconds} s`, { cause });
  }
}
