import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';

/** Where each logical CPU sits. Arrays are indexed by CPU number; CPUs that are not there hold -1. */
export interface CpuTopology {
  /** Number of logical CPUs that are there. */
  readonly count: number;
  /** Physical package of each CPU. */
  readonly socketOf: Int32Array;
  /** Index of the physical core of each CPU, unique over the machine. */
  readonly coreOf: Int32Array;
  /** Distinct physical packages, ascending. */
  readonly sockets: readonly number[];
  /** True where at least one core has more than one thread. */
  readonly hasSiblings: boolean;
}

/** Reads `<sys>/devices/system/cpu`. Where the kernel tells no topology, all CPUs are cores of package 0. */
export function readCpuTopology(sysRoot: string, fallbackCount: number): CpuTopology {
  const folder = join(sysRoot, 'devices/system/cpu');
  const cpus = cpuFolders(folder);
  const ids = cpus.length > 0 ? cpus : Array.from({ length: fallbackCount }, (_, cpu) => cpu);
  const size = Math.max(0, ...ids) + 1;
  const socketOf = new Int32Array(size).fill(-1);
  const coreOf = new Int32Array(size).fill(-1);
  const cores = new Map<string, number>();
  for (const cpu of ids) {
    const base = join(folder, `cpu${cpu}`, 'topology');
    const socket = readNumber(join(base, 'physical_package_id')) ?? 0;
    const core = readNumber(join(base, 'core_id')) ?? cpu;
    const die = readNumber(join(base, 'die_id')) ?? 0;
    const key = `${socket}/${die}/${core}`;
    if (!cores.has(key)) cores.set(key, cores.size);
    socketOf[cpu] = Math.max(0, socket);
    coreOf[cpu] = cores.get(key)!;
  }
  return {
    count: ids.length,
    socketOf,
    coreOf,
    sockets: [...new Set(ids.map((cpu) => socketOf[cpu]!))].sort((a, b) => a - b),
    hasSiblings: cores.size < ids.length,
  };
}

function cpuFolders(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => Number(name.slice(3)))
      .sort((a, b) => a - b);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** undefined where the kernel has no such file, as for CPUs that are offline. */
function readNumber(path: string): number | undefined {
  try {
    const value = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isNaN(value) ? undefined : value;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EIO') return undefined;
    throw error;
  }
}
