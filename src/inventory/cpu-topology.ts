import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';

/** Where each logical CPU sits. Arrays are indexed by CPU number; CPUs that are not there or are offline hold -1. */
export interface CpuTopology {
  /** Number of logical CPUs that are online. */
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

/**
 * Reads `<sys>/devices/system/cpu`. CPUs that are offline do no work and have no topology: they are left out. Where
 * the kernel tells no topology, all CPUs are cores of package 0.
 */
export function readCpuTopology(sysRoot: string, fallbackCount: number): CpuTopology {
  const folder = join(sysRoot, 'devices/system/cpu');
  const cpus = onlineOf(cpuFolders(folder), join(folder, 'online'));
  const ids = cpus.length > 0 ? cpus : Array.from({ length: fallbackCount }, (_, cpu) => cpu);
  const size = Math.max(0, ...ids) + 1;
  const socketOf = new Int32Array(size).fill(-1);
  const coreOf = new Int32Array(size).fill(-1);
  const cores = new Map<string, number>();
  for (const cpu of ids) {
    const base = join(folder, `cpu${cpu}`, 'topology');
    const socket = readNumber(join(base, 'physical_package_id')) ?? 0;
    const told = readNumber(join(base, 'core_id')) ?? -1;
    // -1 is what some architectures say for `unknown`; that does not make siblings of all CPUs.
    const core = told < 0 ? `cpu${cpu}` : told;
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

/** All of them where the kernel does not say which are online, or says nothing that fits. */
function onlineOf(cpus: readonly number[], path: string): readonly number[] {
  const online = parseCpuList(readText(path) ?? '');
  const there = cpus.filter((cpu) => online.has(cpu));
  return there.length > 0 ? there : cpus;
}

/** `0-3,8` as in Documentation/admin-guide/cputopology.rst. */
function parseCpuList(text: string): ReadonlySet<number> {
  const cpus = new Set<number>();
  for (const part of text.trim().split(',')) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (range === null) continue;
    const last = Number(range[2] ?? range[1]);
    for (let cpu = Number(range[1]); cpu <= last; cpu++) cpus.add(cpu);
  }
  return cpus;
}

function readNumber(path: string): number | undefined {
  const value = Number.parseInt(readText(path) ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}

/** undefined where the kernel has no such file, or does not give it. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EIO') return undefined;
    throw error;
  }
}
