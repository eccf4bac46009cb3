import { existsSync } from 'node:fs';
import type { NativeCounterSet } from '../native/counters.ts';
import { systemErrorCode } from '../util/errors.ts';

export type CounterSetFactory = () => NativeCounterSet;

/** Errors that say that the device behind a held descriptor is no more (kernfs gives ENODEV). */
const GONE = new Set(['ENOENT', 'ENODEV', 'ENXIO', 'ESTALE']);

/**
 * Counter files held open for the life of a source. A file that cannot be opened or that vanishes stops none of
 * the others; each is tried again at every `read`, so that a permission granted or a driver loaded again is seen.
 */
export class HeldCounters {
  readonly #factory: CounterSetFactory;
  #paths: readonly string[] = [];
  #set: NativeCounterSet | undefined;
  #indexes: number[] = [];
  #rawValues = new Float64Array(0);
  #rawTimes = new Float64Array(0);
  #errors: string[] = [];
  /** As the last read found it. */
  #vanished: boolean[] = [];
  /** The descriptor held is of a file that has gone. */
  #gone: boolean[] = [];
  #generation = 0;
  /** Last readings by path; NaN where the read failed. */
  values = new Float64Array(0);
  /** CLOCK_MONOTONIC nanoseconds of each read; meaningless where the value is NaN. */
  times = new Float64Array(0);

  constructor(factory: CounterSetFactory) {
    this.#factory = factory;
  }

  /** Grows when the files had to be opened anew: whoever else holds them must do the same. */
  get generation(): number {
    return this.#generation;
  }

  open(paths: readonly string[]): void {
    this.#paths = paths;
    this.values = new Float64Array(paths.length).fill(Number.NaN);
    this.times = new Float64Array(paths.length).fill(Number.NaN);
    this.#vanished = paths.map(() => false);
    this.#gone = paths.map(() => false);
    this.#openAll();
  }

  read(): void {
    const set = this.#set;
    if (set === undefined) return;
    set.read(this.#rawValues, this.#rawTimes);
    let returned = false;
    for (let at = 0; at < this.#paths.length; at += 1) {
      if (this.#readOne(set, at)) returned = true;
    }
    if (returned) this.#reopenAll();
  }

  /** System error name of the last failed read or open of a file, '' if the last read was good. */
  error(at: number): string {
    return this.#errors[at] ?? '';
  }

  vanished(at: number): boolean {
    return this.#vanished[at] ?? false;
  }

  close(): void {
    this.#set?.close();
    this.#set = undefined;
  }

  /** Returns true where a file that had vanished is there again, so that it must be opened anew. */
  #readOne(set: NativeCounterSet, at: number): boolean {
    const path = this.#paths[at] ?? '';
    const index = this.#indexes[at] ?? -1;
    const previous = this.values[at];
    const value = index < 0 ? Number.NaN : (this.#rawValues[index] ?? Number.NaN);
    this.values[at] = value;
    this.times[at] = index < 0 ? Number.NaN : (this.#rawTimes[index] ?? Number.NaN);
    if (index < 0) {
      // Its value is read from the next call on.
      this.#indexes[at] = this.#tryAdd(set, at);
      this.#vanished[at] = this.#gone[at] === true;
      if (this.#indexes[at] !== -1) this.#gone[at] = false;
      return false;
    }
    if (Number.isNaN(value)) {
      this.#errors[at] = set.lastError(index) || 'EIO';
      const exists = existsSync(path);
      this.#gone[at] = GONE.has(this.#errors[at] ?? '') || !exists;
      this.#vanished[at] = this.#gone[at] === true;
      return this.#vanished[at] === true && exists;
    }
    // A descriptor can outlive its file without an error (a tree that is no sysfs): a counter that stands still is
    // looked up by name, which costs a call only for zones that do nothing. What comes back may be another file.
    if (this.#gone[at] === true || (value === previous && !existsSync(path))) {
      this.values[at] = Number.NaN;
      this.#errors[at] = 'ENOENT';
      this.#gone[at] = true;
      this.#vanished[at] = true;
      return existsSync(path);
    }
    this.#errors[at] = '';
    this.#vanished[at] = false;
    return false;
  }

  #openAll(): void {
    const set = this.#factory();
    this.#set = set;
    this.#rawValues = new Float64Array(this.#paths.length);
    this.#rawTimes = new Float64Array(this.#paths.length);
    this.#errors = this.#paths.map(() => '');
    this.#indexes = this.#paths.map((_, at) => this.#tryAdd(set, at));
  }

  #reopenAll(): void {
    this.#set?.close();
    this.#generation += 1;
    this.#openAll();
    this.#gone = this.#gone.map((gone, at) => gone && (this.#indexes[at] ?? -1) < 0);
  }

  /** Index in the set, or -1 with the reason kept. The set never holds more files than there are paths. */
  #tryAdd(set: NativeCounterSet, at: number): number {
    try {
      return set.add(this.#paths[at] ?? '');
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      this.#errors[at] = code;
      return -1;
    }
  }
}
