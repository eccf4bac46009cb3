import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../util/errors.ts';
import type { Nanoseconds } from '../../util/units.ts';
import { blockErrors } from './errors.ts';

export interface DiskUse {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** What this process has used so far, by the kernel's own counts. */
export interface OwnUse {
  /** All threads, those that have ended included. */
  cpuNanoseconds(): Nanoseconds;
  residentBytes(): number;
  /** What reached the block layer. @throws KISIM_E_BLOCK_ACCOUNT */
  disk(): DiskUse;
}

/** @param proc usually `/proc` */
export function ownUse(proc: string): OwnUse {
  return {
    cpuNanoseconds: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) * 1000;
    },
    residentBytes: () => process.memoryUsage.rss(),
    disk: () => readDiskUse(join(proc, 'self/io')),
  };
}

/** proc_pid_io(5). Written pages that were thrown away before they reached the disk do not count. */
function readDiskUse(path: string): DiskUse {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw blockErrors.KISIM_E_BLOCK_ACCOUNT(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
  }
  const count = (name: string): number => {
    const match = new RegExp(`^${name}: (\\d+)$`, 'm').exec(text);
    if (match === null) throw blockErrors.KISIM_E_BLOCK_ACCOUNT(`${path} has no ${name}`);
    return Number(match[1]);
  };
  return {
    readBytes: count('read_bytes'),
    writtenBytes: count('write_bytes') - count('cancelled_write_bytes'),
  };
}
