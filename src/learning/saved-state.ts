import { createHash } from 'node:crypto';
import type { RandomState } from '../util/rng.ts';
import { errors } from './errors.ts';

export type SavedArray = Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** What a part of a training hands over to be gone on from: JSON, and typed arrays in it. */
export type SavedValue =
  | number
  | string
  | boolean
  | null
  | SavedArray
  | readonly SavedValue[]
  | { readonly [name: string]: SavedValue };

export type SavedState = { readonly [name: string]: SavedValue };

const MAGIC = 'KISIMLRN';
const VERSION = 1;
const DIGEST_BYTES = 32;
const PREFIX_BYTES = 16;
/** Arrays begin at multiples of this in the file, so that they can be read in place. */
const ALIGNMENT = 8;

const kinds = { u8: Uint8Array, i32: Int32Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array };
type Kind = keyof typeof kinds;

function kindOf(value: unknown): Kind | undefined {
  for (const kind of Object.keys(kinds) as Kind[]) if (value instanceof kinds[kind]) return kind;
  return undefined;
}

/**
 * A saved state as bytes: magic, version, length of the JSON, the JSON with each array replaced by its place, the arrays
 * (in the machine's byte order), and the SHA-256 of all that. The same state gives the same bytes.
 */
export function encodeState(state: SavedState): Uint8Array {
  const arrays: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  const described = (value: SavedValue): unknown => {
    const kind = kindOf(value);
    if (kind !== undefined) {
      const array = value as SavedArray;
      const at = end;
      arrays.push({ at, bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) });
      end = Math.ceil((at + array.byteLength) / ALIGNMENT) * ALIGNMENT;
      return { array: kind, at, length: array.length };
    }
    // JSON has no NaN, no infinities and no negative zero.
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { number: Object.is(value, -0) ? '-0' : String(value) };
    if (Array.isArray(value)) return value.map(described);
    if (typeof value === 'object' && value !== null)
      return {
        fields: Object.fromEntries(Object.entries(value).map(([name, field]) => [name, described(field)])),
      };
    return value;
  };
  const header = Buffer.from(JSON.stringify(described(state)));
  const dataAt = Math.ceil((PREFIX_BYTES + header.length) / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(dataAt + end + DIGEST_BYTES);
  const view = new DataView(file.buffer);
  file.set(Buffer.from(MAGIC, 'latin1'), 0);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, header.length, true);
  file.set(header, PREFIX_BYTES);
  for (const { at, bytes } of arrays) file.set(bytes, dataAt + at);
  const body = file.subarray(0, dataAt + end);
  file.set(createHash('sha256').update(body).digest(), body.length);
  return file;
}

/** The state that `encodeState` wrote. Throws KISIM_E_LEARNING_STATE where it is cut short, damaged or of another version. */
export function decodeState(file: Uint8Array): SavedState {
  if (file.length < PREFIX_BYTES + DIGEST_BYTES) throw errors.KISIM_E_LEARNING_STATE(`${file.length} bytes`);
  if (Buffer.from(file.subarray(0, 8)).toString('latin1') !== MAGIC)
    throw errors.KISIM_E_LEARNING_STATE('a file of another kind');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(8, true) !== VERSION)
    throw errors.KISIM_E_LEARNING_STATE(`version ${view.getUint32(8, true)}, not ${VERSION}`);
  const body = file.subarray(0, file.length - DIGEST_BYTES);
  const digest = createHash('sha256').update(body).digest();
  if (!digest.equals(file.subarray(body.length)))
    throw errors.KISIM_E_LEARNING_STATE('another checksum than the one it ends with: cut short or changed');
  const headerLength = view.getUint32(12, true);
  const dataAt = Math.ceil((PREFIX_BYTES + headerLength) / ALIGNMENT) * ALIGNMENT;
  const restored = (value: unknown): SavedValue => {
    if (Array.isArray(value)) return value.map(restored);
    if (typeof value !== 'object' || value === null) return value as SavedValue;
    if ('number' in value) return Number(value.number);
    if ('array' in value) {
      const { array, at, length } = value as { array: Kind; at: number; length: number };
      const result = new kinds[array](length);
      const bytes = body.subarray(dataAt + at, dataAt + at + result.byteLength);
      new Uint8Array(result.buffer).set(bytes);
      return result;
    }
    const { fields } = value as { fields: Record<string, unknown> };
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, restored(field)]));
  };
  const header = Buffer.from(body.subarray(PREFIX_BYTES, PREFIX_BYTES + headerLength)).toString();
  return restored(JSON.parse(header)) as SavedState;
}

/** Reads a saved state field by field; what is missing or of another shape throws KISIM_E_LEARNING_CHECKPOINT by name. */
export class SavedFields {
  readonly #state: SavedState;
  readonly #path: string;

  constructor(state: SavedValue, path = '') {
    this.#path = path;
    if (typeof state !== 'object' || state === null || Array.isArray(state) || kindOf(state) !== undefined)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`no fields in ${path === '' ? 'the state' : path}`);
    this.#state = state as SavedState;
  }

  value(name: string): SavedValue {
    const value = this.#state[name];
    if (value === undefined) throw errors.KISIM_E_LEARNING_CHECKPOINT(`no ${this.#path}${name}`);
    return value;
  }

  fields(name: string): SavedFields {
    return new SavedFields(this.value(name), `${this.#path}${name}.`);
  }

  list(name: string): readonly SavedValue[] {
    const value = this.value(name);
    if (!Array.isArray(value)) throw errors.KISIM_E_LEARNING_CHECKPOINT(`${this.#path}${name} is no list`);
    return value;
  }

  number(name: string): number {
    const value = this.value(name);
    if (typeof value !== 'number')
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${this.#path}${name} is no number`);
    return value;
  }

  bytes(name: string): Uint8Array {
    const value = this.value(name);
    if (!(value instanceof Uint8Array))
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${this.#path}${name} is no list of bytes`);
    return value;
  }

  random(name: string): RandomState {
    const words = this.list(name);
    if (words.length !== 4 || !words.every((word) => typeof word === 'number'))
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${this.#path}${name} is no state of a generator`);
    return words as unknown as RandomState;
  }

  /** Copies a saved array into one of the same kind and length. */
  into(name: string, target: SavedArray): void {
    const value = this.value(name);
    const kind = kindOf(target);
    if (kindOf(value) !== kind || (value as SavedArray).length !== target.length)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(
        `${this.#path}${name} is not an array of ${target.length} (${kind})`,
      );
    target.set(value as SavedArray);
  }

  /** Throws unless the field holds exactly this, as JSON: settings that must be the ones saved. */
  same(name: string, expected: SavedValue): void {
    const found = JSON.stringify(this.value(name));
    const wanted = JSON.stringify(expected);
    if (found !== wanted)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${this.#path}${name} was ${found} and is ${wanted}`);
  }
}
