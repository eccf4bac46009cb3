import type { KisimError } from '../../util/errors.ts';
import type { Milliseconds } from '../../util/units.ts';
import { httpLoadErrors } from './errors.ts';
import { type FailureKind, isAbsence } from './failure.ts';
import type { LoadTarget } from './target.ts';

/** A target that is asked seldom is not given up for two failures far apart. */
const LEAST_FAILURES = 5;

/** Finds targets that are not there from the start, and those that give no answer for long. */
export class TargetWatch {
  readonly #targets: readonly LoadTarget[];
  readonly #giveUpMilliseconds: Milliseconds;
  readonly #answered: boolean[];
  /** Failures since the last answer. */
  readonly #failures: number[];
  /** When the first of them was seen. */
  readonly #silentSince: Milliseconds[];

  constructor(targets: readonly LoadTarget[], giveUpMilliseconds: Milliseconds) {
    this.#targets = targets;
    this.#giveUpMilliseconds = giveUpMilliseconds;
    this.#answered = targets.map(() => false);
    this.#failures = targets.map(() => 0);
    this.#silentSince = targets.map(() => 0);
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
      this.#failures[target] = 0;
      return undefined;
    }
    const { name } = this.#targets[target]!;
    const why = cause instanceof Error && cause.message !== '' ? `${kind} (${cause.message})` : kind;
    // Being slow at the beginning is no absence; being refused is.
    if (!this.#answered[target] && isAbsence(kind))
      return httpLoadErrors.KISIM_E_LOAD_REFUSED(`${name}: ${why}`, { cause });
    const failures = ++this.#failures[target]!;
    if (failures === 1) this.#silentSince[target] = now;
    const silent = now - this.#silentSince[target]!;
    if (failures < LEAST_FAILURES || silent < this.#giveUpMilliseconds) return undefined;
    return httpLoadErrors.KISIM_E_LOAD_TARGET_GONE(
      `${name}: ${why}, no answer for ${(silent / 1000).toFixed(1)} s`,
      { cause },
    );
  }
}
