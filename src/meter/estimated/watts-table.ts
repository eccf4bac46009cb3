import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Watts } from '../../util/units.ts';
import { meterErrors } from '../errors.ts';
import type { CpuIdentity } from './cpu-identity.ts';

/** Watts of whole servers by hardware thread; see models/cpu-watts.card.json for where they come from. */
export interface ThreadWatts {
  readonly name: string;
  /** Number of servers that the medians stand on. */
  readonly servers: number;
  readonly idleWattsPerThread: Watts;
  readonly maxWattsPerThread: Watts;
  /** 90th percentile of |median - server| / server, at idle and at full load. */
  readonly idleErrorP90: number;
  readonly maxErrorP90: number;
}

interface ProcessorRow {
  readonly vendor?: string;
  readonly family?: number;
  /** First and last model and stepping, both included. */
  readonly models?: readonly [number, number];
  readonly steppings?: readonly [number, number];
  readonly implementer?: string;
  readonly part?: string;
  readonly microarchitecture: string;
}

export interface WattsTable {
  readonly microarchitectures: readonly ThreadWatts[];
  readonly vendors: readonly ThreadWatts[];
  readonly any: ThreadWatts;
  readonly processors: readonly ProcessorRow[];
  /** Share of the way from idle to full watts at evenly spaced shares of busy CPU time, from 0 to 1. */
  readonly curve: readonly number[];
}

/** How well the processor was known: by its microarchitecture, by its vendor alone, or not at all. */
export type WattsStep = 'microarchitecture' | 'vendor' | 'any';

export interface WattsChoice {
  readonly step: WattsStep;
  readonly watts: ThreadWatts;
}

const tablePath = fileURLToPath(new URL('../../../models/cpu-watts.json', import.meta.url));

/** Reads the table that comes with the program. Throws KISIM_E_METER_WATTS_TABLE. */
export function readWattsTable(path: string = tablePath): WattsTable {
  let table: unknown;
  try {
    table = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw meterErrors.KISIM_E_METER_WATTS_TABLE(cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
  if (!isTable(table)) throw meterErrors.KISIM_E_METER_WATTS_TABLE(`${path} lacks a part of the table`);
  return table;
}

/** The best row for a processor. There is always one, and the step says how much it is worth. */
export function chooseWatts(table: WattsTable, cpu: CpuIdentity): WattsChoice {
  const row = table.processors.find((candidate) => matches(candidate, cpu));
  const known = table.microarchitectures.find(({ name }) => name === row?.microarchitecture);
  if (known !== undefined) return { step: 'microarchitecture', watts: known };
  const vendor = table.vendors.find(({ name }) => name === cpu.vendor);
  return vendor === undefined ? { step: 'any', watts: table.any } : { step: 'vendor', watts: vendor };
}

/** The curve at a share of busy CPU time in 0..1, linear between its points. */
export function curveAt(curve: readonly number[], utilisation: number): number {
  const position = Math.min(1, Math.max(0, utilisation)) * (curve.length - 1);
  const below = Math.min(curve.length - 2, Math.floor(position));
  const from = curve[below] ?? 0;
  return from + (position - below) * ((curve[below + 1] ?? from) - from);
}

function matches(row: ProcessorRow, cpu: CpuIdentity): boolean {
  if (row.implementer !== undefined) return row.implementer === cpu.implementer && row.part === cpu.part;
  return (
    row.vendor === cpu.vendor &&
    row.family === cpu.family &&
    within(row.models, cpu.model) &&
    (row.steppings === undefined || within(row.steppings, cpu.stepping))
  );
}

function within(range: readonly [number, number] | undefined, value: number | undefined): boolean {
  return range !== undefined && value !== undefined && value >= range[0] && value <= range[1];
}

function isTable(value: unknown): value is WattsTable {
  if (typeof value !== 'object' || value === null) return false;
  const table = value as Partial<WattsTable>;
  return (
    [table.microarchitectures, table.vendors, table.processors].every(Array.isArray) &&
    typeof table.any?.maxWattsPerThread === 'number' &&
    Array.isArray(table.curve) &&
    table.curve.length >= 2
  );
}
