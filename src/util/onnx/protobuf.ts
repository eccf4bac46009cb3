import { onnxErrors } from './errors.ts';

/*
 * The wire format of protocol buffers (protobuf.dev/programming-guides/encoding), as far as ONNX needs it: varints,
 * 32-bit floats and what has a length. Fields are written in the order of the calls.
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** A whole number from -2^53 to 2^53; negative ones take ten bytes, as the format has it. */
  integer(field: number, value: number): this {
    this.#key(field, VARINT);
    return this.#varint(value);
  }

  float(field: number, value: number): this {
    this.#key(field, FIXED32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#push(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    this.#key(field, LENGTH);
    this.#varint(value.length);
    return this.#push(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  message(field: number, fill: (writer: ProtobufWriter) => unknown): this {
    const inner = new ProtobufWriter();
    fill(inner);
    return this.bytes(field, inner.finish());
  }

  /** Whole numbers in one field, packed. */
  integers(field: number, values: readonly number[]): this {
    const inner = new ProtobufWriter();
    for (const value of values) inner.#varint(value);
    return this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #key(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #varint(value: number): this {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    do {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      bytes.push(rest === 0n ? low : low | 0x80);
    } while (rest !== 0n);
    return this.#push(Uint8Array.from(bytes));
  }

  #push(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}

/** One field as it lies in the file. */
export interface ProtobufField {
  readonly field: number;
  readonly isVarint: boolean;
  /** Of varints, signed. */
  readonly integer: number;
  /** Of what has a length; of fixed fields the 4 or 8 bytes themselves. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The fields of a message, one after the other. @throws KISIM_E_ONNX_FORMAT where it is cut short or not one */
export function* protobufFields(message: Uint8Array): Generator<ProtobufField> {
  const reader = new Reader(message);
  while (!reader.isAtEnd) {
    const key = reader.varint();
    const field = Math.floor(key / 8);
    if (field < 1) throw onnxErrors.KISIM_E_ONNX_FORMAT(`a field numbered ${field}`);
    const wire = key % 8;
    if (wire === VARINT) yield { field, isVarint: true, integer: reader.varint(), bytes: NOTHING };
    else if (wire === LENGTH)
      yield { field, isVarint: false, integer: 0, bytes: reader.take(reader.varint()) };
    else if (wire === FIXED32) yield { field, isVarint: false, integer: 0, bytes: reader.take(4) };
    else if (wire === FIXED64) yield { field, isVarint: false, integer: 0, bytes: reader.take(8) };
    else throw onnxErrors.KISIM_E_ONNX_FORMAT(`a field of wire type ${wire}`);
  }
}

/** Whole numbers of a packed field. @throws KISIM_E_ONNX_FORMAT */
export function packedIntegers(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes);
  const values: number[] = [];
  while (!reader.isAtEnd) values.push(reader.varint());
  return values;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length)
      throw onnxErrors.KISIM_E_ONNX_FORMAT(`${length} bytes wanted at ${this.#at} of ${this.#bytes.length}`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        const signed = BigInt.asIntN(64, value);
        if (signed > BigInt(Number.MAX_SAFE_INTEGER) || signed < BigInt(Number.MIN_SAFE_INTEGER))
          throw onnxErrors.KISIM_E_ONNX_FORMAT(`a number of ${signed}`);
        return Number(signed);
      }
    }
    throw onnxErrors.KISIM_E_ONNX_FORMAT('a number longer than ten bytes');
  }
}
