import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { historyErrors } from './errors.ts';

export const SECONDS_PER_BLOCK = 3600;
/** Zig-zag LEB128 varints of the differences, compressed with Zstandard level 3. */
export const CODEC_DELTA_VARINT_ZSTD = 1;

const SMALLEST_QUANTUM_MICROJOULES = 1000;
const STEPS_PER_MEAN = 256;
const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
const LONGEST_VARINT = 10;

export interface EncodedBlock {
  /** Values are multiples of this; the column `q`. */
  readonly quantum: number;
  /** Exact sum of the values given, not of the quantised ones; the column `uj_sum`. */
  readonly sum: number;
  readonly data: Buffer;
}

const scratch = new Uint8Array(SECONDS_PER_BLOCK * LONGEST_VARINT);

/**
 * Encodes one hour of energy, a value in microjoules a second (integers, not negative). The cumulative sum is
 * rounded to the quantum, not the single value, so that the sum over any range of seconds is off by at most one
 * quantum however long it is. The quantum is 1 mJ times the smallest power of two for which the mean of the seconds
 * that are not zero is at most 256 quanta.
 *
 * @param quantum given for series that are to be kept exactly (1); chosen from the mean when left out
 */
export function encodeBlock(perSecond: Float64Array, quantum = chooseQuantum(perSecond)): EncodedBlock {
  let length = 0;
  let sum = 0;
  let roundedSum = 0;
  let previous = 0;
  const last = perSecond.findLastIndex((value) => value !== 0);
  for (let second = 0; second < perSecond.length; second++) {
    sum += perSecond[second]!;
    let rounded = roundedSum;
    if (second < last) rounded = Math.round(sum / quantum);
    // Up at the end, so that what the decoder adds to make the sum exact falls on this second and on none before it.
    else if (second === last) rounded = Math.max(roundedSum, Math.ceil(sum / quantum));
    const steps = rounded - roundedSum;
    roundedSum = rounded;
    const difference = steps - previous;
    previous = steps;
    // Arithmetic instead of shifts: values may be above 2^31.
    let zigzag = difference >= 0 ? difference * 2 : -difference * 2 - 1;
    while (zigzag >= 128) {
      scratch[length++] = (zigzag % 128) + 128;
      zigzag = Math.floor(zigzag / 128);
    }
    scratch[length++] = zigzag;
  }
  return { quantum, sum, data: zstdCompressSync(scratch.subarray(0, length), ZSTD_OPTIONS) };
}

function chooseQuantum(perSecond: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of perSecond) {
    if (value === 0) continue;
    sum += value;
    count += 1;
  }
  let quantum = SMALLEST_QUANTUM_MICROJOULES;
  while (count > 0 && sum / count > STEPS_PER_MEAN * quantum) quantum *= 2;
  return quantum;
}

/**
 * The values of a block in microjoules a second, one for each second of the hour. What quantisation left over (less
 * than a quantum) is added to the last second that is not zero, so that they sum to `sum` exactly.
 */
export function decodeBlock(
  block: EncodedBlock & { readonly codec: number; readonly count: number },
): Float64Array {
  if (block.codec !== CODEC_DELTA_VARINT_ZSTD) {
    throw historyErrors.KISIM_E_HISTORY_BLOCK(`codec ${block.codec}`);
  }
  const bytes = decompress(block.data, block.count * LONGEST_VARINT);
  const values = new Float64Array(block.count);
  let position = 0;
  let steps = 0;
  let total = 0;
  let last = block.count - 1;
  for (let second = 0; second < block.count; second++) {
    let zigzag = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[position++];
      if (byte === undefined) throw historyErrors.KISIM_E_HISTORY_BLOCK(`the data end at second ${second}`);
      zigzag += (byte % 128) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    steps += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    const value = steps * block.quantum;
    values[second] = value;
    total += value;
    if (value !== 0) last = second;
  }
  if (position !== bytes.length) {
    throw historyErrors.KISIM_E_HISTORY_BLOCK(`${bytes.length - position} bytes after the last second`);
  }
  if (block.count > 0) values[last]! += block.sum - total;
  return values;
}

function decompress(data: Buffer, maxOutputLength: number): Buffer {
  try {
    return zstdDecompressSync(data, { maxOutputLength });
  } catch (cause) {
    throw historyErrors.KISIM_E_HISTORY_BLOCK('data that are no Zstandard frame', { cause });
  }
}
