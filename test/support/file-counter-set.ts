import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { SamplerFactory } from '../../src/meter/rapl-powercap.ts';
import type { NativeCounterSampler, NativeCounterSet } from '../../src/native/counters.ts';

/**
 * A counter set in plain JavaScript with a clock that the test moves and faults that it injects. Files are opened
 * by name at every read, so that a file removed reads as ENOENT, like a device that went away.
 */
export class FakeCounters {
  nanoseconds = 0;
  /** System error name by path suffix: those reads and opens fail. */
  readonly faults = new Map<string, string>();
  /** Runs before each read of a file: the counter may be moved by it between two files. */
  beforeRead: ((path: string) => void) | undefined;
  opened = 0;
  closed = 0;

  readonly factory = (): NativeCounterSet => {
    this.opened += 1;
    return new FakeCounterSet(this);
  };

  fault(path: string): string | undefined {
    for (const [suffix, code] of this.faults) if (path.endsWith(suffix)) return code;
    return undefined;
  }
}

class FakeCounterSet implements NativeCounterSet {
  readonly #owner: FakeCounters;
  readonly #paths: string[] = [];
  readonly #errors: string[] = [];

  constructor(owner: FakeCounters) {
    this.#owner = owner;
  }

  add(path: string): number {
    const fault = this.#owner.fault(path);
    if (fault === 'EACCES' || fault === 'EPERM') {
      throw Object.assign(new Error(`${fault}: ${path}`), { code: fault });
    }
    closeSync(openSync(path, 'r'));
    this.#errors.push('');
    return this.#paths.push(path) - 1;
  }

  read(values: Float64Array, times: Float64Array): number {
    let failures = 0;
    for (const [index, path] of this.#paths.entries()) {
      this.#owner.beforeRead?.(path);
      const { value, error } = this.#readOne(path);
      values[index] = value;
      times[index] = error === '' ? this.#owner.nanoseconds : Number.NaN;
      this.#errors[index] = error;
      if (error !== '') failures += 1;
    }
    return failures;
  }

  lastError(index: number): string {
    return this.#errors[index] ?? '';
  }

  close(): void {
    this.#owner.closed += 1;
  }

  #readOne(path: string): { readonly value: number; readonly error: string } {
    const fault = this.#owner.fault(path);
    if (fault !== undefined) return { value: Number.NaN, error: fault };
    try {
      const text = readFileSync(path, 'utf8').trim();
      return /^\d+$/.test(text) ? { value: Number(text), error: '' } : { value: Number.NaN, error: 'EINVAL' };
    } catch (error) {
      return { value: Number.NaN, error: (error as NodeJS.ErrnoException).code ?? 'EIO' };
    }
  }
}

/** Keeps descriptors open like the native set: a file unlinked goes on reading its last value. */
export class HoldingCounterSet implements NativeCounterSet {
  readonly #files: number[] = [];
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  add(path: string): number {
    return this.#files.push(openSync(path, 'r')) - 1;
  }

  read(values: Float64Array, times: Float64Array): number {
    const buffer = Buffer.alloc(32);
    for (const [index, file] of this.#files.entries()) {
      const length = readSync(file, buffer, 0, buffer.length, 0);
      values[index] = Number(buffer.toString('latin1', 0, length));
      times[index] = this.#clock();
    }
    return 0;
  }

  lastError(): string {
    return '';
  }

  close(): void {
    for (const file of this.#files.splice(0)) closeSync(file);
  }
}

/** A sampler that reports the peaks a test has put into it, in microjoules per second by file path. */
export class FakeSampler {
  readonly peaks = new Map<string, number>();
  readonly started: {
    readonly paths: readonly string[];
    readonly wrapRanges: readonly number[];
    hz: number;
  }[] = [];
  stopped = 0;

  readonly factory: SamplerFactory = (options): NativeCounterSampler => {
    this.started.push(options);
    return {
      drain: (energy, times, maxPerSecond) => {
        for (const [slot, path] of options.paths.entries()) {
          energy[slot] = 0;
          times[slot] = 0;
          maxPerSecond[slot] = this.peaks.get(path) ?? Number.NaN;
        }
        return { samples: 1, missed: 0, failures: 0, cpuNanoseconds: 0 };
      },
      stop: () => {
        this.stopped += 1;
      },
    };
  };
}

/** A read context at a time, with every CPU idle unless told. */
export function contextAt(monotonicNanoseconds: number, busyNanoseconds = 0, cpuCount = 2) {
  return { monotonicNanoseconds, busyNanoseconds, cpuCount };
}
