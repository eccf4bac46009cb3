import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { systemErrorCode } from '../../util/errors.ts';
import type { HostRoots } from '../../util/host-roots.ts';
import { availableMemoryBytes } from '../available-memory.ts';
import { availableCores } from './available-cpus.ts';
import { askedAmounts, type Burden } from './burden.ts';
import { blockErrors } from './errors.ts';

const MIB = 1024 * 1024;
/** Stays free beside the file. */
const DISK_RESERVE_BYTES = 256 * MIB;
/** statfs(2): what is kept in memory and reaches no disk. */
const memoryFileSystems: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);

export interface Machine {
  readonly cores: number;
  readonly availableMemoryBytes: number;
  readonly ownResidentBytes: number;
  /** Memory that is never taken. */
  readonly memoryReserveBytes: number;
}

export function machineHere(roots: HostRoots): Machine {
  return {
    cores: availableCores(roots),
    availableMemoryBytes: availableMemoryBytes(),
    ownResidentBytes: process.memoryUsage.rss(),
    memoryReserveBytes: Math.max(64 * MIB, Math.min(totalmem(), constrained()) * 0.02),
  };
}

/** The limit of the control group; without one libuv tells 0, or a number beyond any memory. */
function constrained(): number {
  const bytes = process.constrainedMemory();
  return bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
}

/**
 * Whether this machine can do at all what is asked of it.
 *
 * @throws KISIM_E_BLOCK_NOTHING, KISIM_E_BLOCK_CPU, KISIM_E_BLOCK_MEMORY, KISIM_E_BLOCK_MEMORY_SMALL
 */
export function checkMachine(burden: Burden, machine: Machine): void {
  const { cpuCores, memoryBytes } = burden;
  if (askedAmounts(burden).size === 0) throw blockErrors.KISIM_E_BLOCK_NOTHING('no option for any of them');
  if (cpuCores !== undefined && cpuCores > machine.cores)
    throw blockErrors.KISIM_E_BLOCK_CPU(`${cpuCores} cores asked for, ${machine.cores} here`);
  if (memoryBytes === undefined) return;
  const { ownResidentBytes: own, availableMemoryBytes: available, memoryReserveBytes: reserve } = machine;
  if (memoryBytes < own * 1.05)
    throw blockErrors.KISIM_E_BLOCK_MEMORY_SMALL(`${memoryBytes} bytes asked for, the program has ${own}`);
  if (memoryBytes - own > available - reserve) {
    const found = `${memoryBytes} bytes asked for, ${own} of them there already, ${available} available of which ${reserve} stay free`;
    throw blockErrors.KISIM_E_BLOCK_MEMORY(found);
  }
}

/**
 * Whether the folder is on a disk, with room.
 *
 * @throws KISIM_E_BLOCK_DISK, KISIM_E_BLOCK_DISK_FULL
 */
export function checkFolder(folder: string, bytes: number): void {
  let space: ReturnType<typeof statfsSync>;
  try {
    space = statfsSync(folder);
  } catch (cause) {
    throw blockErrors.KISIM_E_BLOCK_DISK(`${folder}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
  }
  const inMemory = memoryFileSystems.get(space.type);
  if (inMemory !== undefined) throw blockErrors.KISIM_E_BLOCK_DISK(`${folder} is ${inMemory}, in memory`);
  const free = space.bavail * space.bsize;
  if (bytes + DISK_RESERVE_BYTES > free) {
    const found = `${bytes} bytes and a reserve of ${DISK_RESERVE_BYTES} in ${folder}, which has ${free} free`;
    throw blockErrors.KISIM_E_BLOCK_DISK_FULL(found);
  }
}
