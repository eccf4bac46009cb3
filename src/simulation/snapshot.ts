import type { SavedCluster } from '../cluster/cluster-state.ts';
import type { SavedDecisions } from './decisions.ts';
import type { SavedMeter } from './energy-meter.ts';
import { errors } from './errors.ts';
import type { SavedHeap } from './indexed-heap.ts';
import type { SavedExecution } from './node-execution.ts';
import type { SavedNodePower } from './node-power.ts';
import type { SavedOutcome } from './outcome.ts';
import type { SavedQueue } from './pending-queue.ts';
import type { SavedSeries } from './series.ts';

/** All of a simulation that changes. */
export interface SavedSimulation {
  readonly cluster: SavedCluster;
  readonly decisions: SavedDecisions;
  readonly meter: SavedMeter;
  readonly execution: SavedExecution;
  readonly queue: SavedQueue;
  readonly outcome: SavedOutcome;
  readonly series: SavedSeries;
  readonly power: SavedNodePower;
  readonly deadlines: SavedHeap;
  readonly nextItem: number;
  readonly finiteRunning: number;
  readonly events: number;
  readonly begun: boolean;
  readonly finished: boolean;
}

/** A stopped simulation as JSON, without its input. */
export interface SimulationSnapshot {
  readonly format: 'kisimd-simulation';
  readonly version: 1;
  /** Of the input; see `fingerprint`. */
  readonly input: string;
  readonly state: unknown;
}

const KINDS = { f64: Float64Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array } as const;
type Kind = keyof typeof KINDS;

function kindOf(value: unknown): Kind | undefined {
  return (Object.keys(KINDS) as Kind[]).find((kind) => value instanceof KINDS[kind]);
}

/** Typed arrays as base64 of their little-endian bytes, and the numbers that JSON has no word for, by name. */
function encode(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? '-0' : `${value}` };
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(encode);
  const kind = kindOf(value);
  if (kind !== undefined) return { [`$${kind}`]: bytesOf(value as Float64Array) };
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, encode(part)]));
}

function decode(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(decode);
  const entries = Object.entries(value);
  const [name, part] = entries[0] ?? [''];
  if (name === '$number') return Number(part);
  const kind = name.startsWith('$') ? (name.slice(1) as Kind) : undefined;
  if (kind !== undefined && kind in KINDS) return arrayOf(kind, String(part));
  return Object.fromEntries(entries.map(([key, each]) => [key, decode(each)]));
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function bytesOf(array: Float64Array | Int32Array | Uint32Array | Uint8Array): string {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return swapped(Buffer.from(bytes), array.BYTES_PER_ELEMENT).toString('base64');
}

function arrayOf(kind: Kind, text: string): Float64Array | Int32Array | Uint32Array | Uint8Array {
  const bytes = swapped(Buffer.from(text, 'base64'), KINDS[kind].BYTES_PER_ELEMENT);
  return new KINDS[kind](new Uint8Array(bytes).buffer);
}

function swapped(bytes: Buffer, width: number): Buffer {
  if (isLittleEndian || width === 1) return bytes;
  return width === 8 ? bytes.swap64() : bytes.swap32();
}

export function encodeSnapshot(saved: SavedSimulation, input: string): SimulationSnapshot {
  return { format: 'kisimd-simulation', version: 1, input, state: encode(saved) };
}

/** @throws KISIM_E_SIM_SNAPSHOT where it is none, of another version, or of another input */
export function decodeSnapshot(snapshot: SimulationSnapshot, input: string): SavedSimulation {
  if (snapshot?.format !== 'kisimd-simulation') throw errors.KISIM_E_SIM_SNAPSHOT('not a snapshot');
  if (snapshot.version !== 1) throw errors.KISIM_E_SIM_SNAPSHOT(`version ${snapshot.version}`);
  if (snapshot.input !== input)
    throw errors.KISIM_E_SIM_SNAPSHOT(`made of the input ${snapshot.input}, resumed with ${input}`);
  return decode(snapshot.state) as SavedSimulation;
}
