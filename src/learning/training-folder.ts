import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { FEATURE_SET } from '../policy/learned/model-format.ts';
import { replaceFile } from '../util/atomic-file.ts';
import { systemErrorCode } from '../util/errors.ts';
import { errors } from './errors.ts';
import type { TwinPlan } from './own-cluster/twin-plan.ts';
import { decodeState, encodeState, SavedFields, type SavedState } from './saved-state.ts';

/** What a training was asked for: enough to begin it again anywhere. */
export interface TrainingRequest {
  readonly plan: TwinPlan;
  readonly algorithm: string;
  readonly seed: number;
  /** Either a number of steps, or seconds out of which a number is made at the beginning. */
  readonly steps: number | { readonly withinSeconds: number };
}

/** How far a training is. */
export interface Checkpoint<Request = TrainingRequest> {
  readonly request: Request;
  /** Undefined: nothing was learned yet, not even the rule to begin at chosen. */
  readonly trainer: SavedState | undefined;
  /** Of all parts of the training together. */
  readonly seconds: number;
  readonly decisions: number;
  /** Length of the log that belongs to it: what comes behind was written after it. */
  readonly logBytes: number;
}

const FORMAT = 1;

/** The write of a whole file; tests have disks that fill up. */
export type ReplaceFile = (path: string, bytes: Uint8Array) => void;

/**
 * The files of one training: `checkpoint.bin`, `log.jsonl` and what comes out at the end. `Request` is whatever it is begun
 * anew from, as JSON.
 */
export class TrainingFolder<Request = TrainingRequest> {
  readonly path: string;
  readonly #replace: ReplaceFile;
  readonly #features: string;

  /** @param features what a checkpoint must have been learned from to be gone on with */
  constructor(path: string, replace: ReplaceFile = replaceFile, features: string = FEATURE_SET) {
    this.path = path;
    this.#replace = replace;
    this.#features = features;
  }

  get #checkpoint(): string {
    return join(this.path, 'checkpoint.bin');
  }

  get #log(): string {
    return join(this.path, 'log.jsonl');
  }

  /** @throws KISIM_E_LEARNING_FOLDER where a training is there already, KISIM_E_LEARNING_OUTPUT */
  create(request: Request): Checkpoint<Request> {
    if (existsSync(this.#checkpoint))
      throw errors.KISIM_E_LEARNING_FOLDER(`${this.path}: a training was begun there`);
    this.#write(this.path, () => mkdirSync(this.path, { recursive: true }));
    const checkpoint = { request, trainer: undefined, seconds: 0, decisions: 0, logBytes: 0 };
    this.save(checkpoint);
    this.cutLog(0);
    return checkpoint;
  }

  /**
   * The last checkpoint.
   *
   * @throws KISIM_E_LEARNING_FOLDER where there is none, KISIM_E_LEARNING_STATE where it is damaged,
   * KISIM_E_LEARNING_CHECKPOINT where it is of another version
   */
  load(): Checkpoint<Request> {
    let file: Uint8Array;
    try {
      file = readFileSync(this.#checkpoint);
    } catch (cause) {
      const found = `${this.#checkpoint}: ${systemErrorCode(cause) ?? String(cause)}`;
      throw errors.KISIM_E_LEARNING_FOLDER(found, { cause });
    }
    const state = decodeState(file);
    const fields = new SavedFields(state);
    fields.same('format', FORMAT);
    fields.same('features', this.#features);
    const trainer = fields.value('trainer');
    return {
      // Written by this version, as the two fields above say, and whole, as its checksum says.
      request: JSON.parse(String(fields.value('request'))) as Request,
      trainer: trainer === null ? undefined : (trainer as SavedState),
      seconds: fields.number('seconds'),
      decisions: fields.number('decisions'),
      logBytes: fields.number('logBytes'),
    };
  }

  /** @throws KISIM_E_LEARNING_OUTPUT; the checkpoint before is then as it was */
  save({ request, trainer, ...rest }: Checkpoint<Request>): void {
    const state = {
      format: FORMAT,
      features: this.#features,
      request: JSON.stringify(request),
      trainer: trainer ?? null,
      ...rest,
    };
    this.write('checkpoint.bin', encodeState(state));
  }

  /** A file of the result. @throws KISIM_E_LEARNING_OUTPUT */
  write(name: string, content: Uint8Array | string): void {
    const path = join(this.path, name);
    this.#write(path, () => this.#replace(path, Buffer.from(content)));
  }

  /** Adds a line, and tells how long the log then is. @throws KISIM_E_LEARNING_OUTPUT */
  appendLog(entry: Readonly<Record<string, unknown>>): number {
    return this.#write(this.#log, () => {
      const file = openSync(this.#log, 'a');
      try {
        writeSync(file, `${JSON.stringify(entry)}\n`);
      } finally {
        closeSync(file);
      }
      return statSync(this.#log).size;
    });
  }

  /** Takes away what was logged after a checkpoint. @throws KISIM_E_LEARNING_OUTPUT */
  cutLog(bytes: number): void {
    this.#write(this.#log, () => {
      const file = openSync(this.#log, 'a');
      fsyncSync(file);
      closeSync(file);
      if (statSync(this.#log).size > bytes) truncateSync(this.#log, bytes);
    });
  }

  /** Entries so far. */
  readLog(): readonly Readonly<Record<string, unknown>>[] {
    const text = this.#write(this.#log, () => readFileSync(this.#log, 'utf8'));
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  #write<T>(path: string, action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw errors.KISIM_E_LEARNING_OUTPUT(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
    }
  }
}
