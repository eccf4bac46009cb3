import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../util/errors.ts';
import { errors } from '../errors.ts';
import type { ModelCard } from '../model-card.ts';
import { TrainingFolder } from '../training-folder.ts';
import { decodeOrder, encodeOrder, type TrainingOrder } from './order.ts';
import { type CheckedParcel, checkParcel, type TrainingParcel } from './parcel.ts';

/** Where the workers of a training are, and what was asked for there: enough to find them again. */
export interface RemotePlace {
  readonly id: string;
  /** Address of the API server. */
  readonly server: string;
  readonly namespace: string;
  readonly image: string;
  readonly parallelism: number;
  readonly memory: string;
  /** Jobs so far, each for some seeds by its indices; the last one is under way where seeds are missing. */
  readonly jobs: readonly { readonly name: string; readonly seeds: readonly [number, ...number[]] }[];
}

const PLACE = 'job.json';
const ORDER = 'order.gz';
const FORMAT = 1;

/**
 * The folder of a training that runs elsewhere: `job.json` (where), `order.gz` (what), below `seeds` a folder for each seed
 * that was gathered, and in the end the files of a training here.
 */
export class SeedsFolder {
  readonly files: TrainingFolder;

  constructor(path: string) {
    this.files = new TrainingFolder(path);
  }

  /** Whether a folder is one of a training elsewhere. */
  static isOne(path: string): boolean {
    return existsSync(join(path, PLACE));
  }

  get path(): string {
    return this.files.path;
  }

  /** @throws KISIM_E_LEARNING_FOLDER where a training is there already, KISIM_E_LEARNING_OUTPUT */
  create(order: TrainingOrder, place: RemotePlace): void {
    if (SeedsFolder.isOne(this.path) || existsSync(join(this.path, 'checkpoint.bin')))
      throw errors.KISIM_E_LEARNING_FOLDER(`${this.path}: a training was begun there`);
    this.#make(this.path);
    this.files.write(ORDER, encodeOrder(order));
    this.save(place);
  }

  save(place: RemotePlace): void {
    this.files.write(PLACE, `${JSON.stringify({ format: FORMAT, ...place }, undefined, 2)}\n`);
  }

  /** @throws KISIM_E_LEARNING_FOLDER where there is none or it is damaged, KISIM_E_TRAINING_ORDER */
  load(): { readonly order: TrainingOrder; readonly place: RemotePlace } {
    const path = join(this.path, PLACE);
    let read: RemotePlace & { readonly format: unknown };
    try {
      read = JSON.parse(this.#read(PLACE).toString());
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw errors.KISIM_E_LEARNING_FOLDER(`${path}: ${cause.message}`, { cause });
    }
    const { format, ...place } = read;
    if (format !== FORMAT) throw errors.KISIM_E_LEARNING_FOLDER(`${path}: format ${format}, here ${FORMAT}`);
    return { order: decodeOrder(this.#read(ORDER), join(this.path, ORDER)), place };
  }

  /** Keeps the result of a seed as the files of a training. @param report makes its page */
  keep(seed: number, parcel: TrainingParcel, report: (parcel: TrainingParcel) => string): void {
    const { card, onnx, log } = parcel;
    this.#make(join(this.path, 'seeds', String(seed)));
    const write = (name: string, content: Uint8Array | string) =>
      this.files.write(join('seeds', String(seed), name), content);
    write('model.onnx', onnx);
    write('log.jsonl', log);
    write('report.html', report(parcel));
    // Last: with its card a result is whole.
    write('card.json', `${JSON.stringify(card, undefined, 2)}\n`);
  }

  /** Results that were kept, by seed. @throws KISIM_E_TRAINING_RESULT where one is not what was asked for, or was changed */
  kept(order: TrainingOrder): ReadonlyMap<number, CheckedParcel> {
    const found = new Map<number, CheckedParcel>();
    for (const seed of order.seeds) {
      const folder = join('seeds', String(seed));
      if (!existsSync(join(this.path, folder, 'card.json'))) continue;
      const parcel = {
        card: JSON.parse(this.#read(join(folder, 'card.json')).toString()) as ModelCard,
        onnx: new Uint8Array(this.#read(join(folder, 'model.onnx'))),
        log: this.#read(join(folder, 'log.jsonl')).toString(),
      };
      found.set(seed, checkParcel(parcel, order, seed, join(this.path, folder)));
    }
    return found;
  }

  #read(name: string): Buffer {
    const path = join(this.path, name);
    try {
      return readFileSync(path);
    } catch (cause) {
      throw errors.KISIM_E_LEARNING_FOLDER(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
    }
  }

  #make(path: string): void {
    try {
      mkdirSync(path, { recursive: true });
    } catch (cause) {
      throw errors.KISIM_E_LEARNING_OUTPUT(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
    }
  }
}
