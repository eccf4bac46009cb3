import { loadAddon } from '../../native/addon.ts';
import { DIRECT_TRANSFER_BYTES, type NativeDirectFile } from '../../native/burden.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { BlockError, type BlockFailure } from './failure.ts';
import type { ThreadWords } from './thread-words.ts';

export interface DiskTask {
  readonly kind: 'disk-read' | 'disk-write';
  readonly folder: string;
  readonly fileBytes: number;
  readonly transferBytes: number;
}

/**
 * Reads or writes a file of its own from end to end, over and over, as much as is granted.
 *
 * @throws BlockError with KISIM_E_BLOCK_DISK or KISIM_E_BLOCK_DISK_FULL
 */
export function runDiskThread(
  { kind, folder, fileBytes, transferBytes }: DiskTask,
  words: ThreadWords,
  isOver: () => boolean,
  ready: () => void,
): void {
  const attempt = <T>(what: string, act: () => T): T => {
    try {
      return act();
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      throw new BlockError(errorOf(code), `${what} of ${fileBytes} bytes in ${folder}: ${code}`, error);
    }
  };
  const file = attempt('the file', () => new (loadAddon().DirectFile)({ folder, bytes: fileBytes }));
  try {
    // What was never written is not read from the disk: the file system knows that it is all zero.
    if (kind === 'disk-read') attempt('first writing', () => writeAll(file, fileBytes, isOver));
    ready();
    let offset = 0;
    while (!isOver()) {
      const { granted, done } = words;
      if (done >= granted) {
        words.waitForMore(granted, 1000);
        continue;
      }
      if (kind === 'disk-read') attempt('reading', () => file.read(offset, transferBytes));
      else attempt('writing', () => file.write(offset, transferBytes));
      words.done = done + transferBytes;
      offset = (offset + transferBytes) % fileBytes;
    }
  } finally {
    file.close();
  }
}

function writeAll(file: NativeDirectFile, bytes: number, isOver: () => boolean): void {
  for (let at = 0; at < bytes && !isOver(); at += DIRECT_TRANSFER_BYTES)
    file.write(at, Math.min(DIRECT_TRANSFER_BYTES, bytes - at));
}

function errorOf(code: string): BlockFailure['code'] {
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
    ? 'KISIM_E_BLOCK_DISK_FULL'
    : 'KISIM_E_BLOCK_DISK';
}
