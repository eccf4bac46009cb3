import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** The calls that a file is replaced by. */
export interface FilePort {
  readonly openSync: (path: string, flags: string) => number;
  readonly writeSync: (file: number, bytes: Uint8Array, offset: number, length: number) => number;
  readonly fsyncSync: (file: number) => void;
  readonly closeSync: (file: number) => void;
  readonly renameSync: (from: string, to: string) => void;
  readonly rmSync: (path: string, options: { readonly force: true }) => void;
}

const system: FilePort = { openSync, writeSync, fsyncSync, closeSync, renameSync, rmSync };

/**
 * Writes a file so that at every moment, whatever fails, it is there whole: the old one or the new one. The bytes are on the
 * disk before the name is theirs, and the name is on the disk before this returns.
 *
 * @throws what the system throws; the old file is then as it was, and nothing new is left beside it
 */
export function replaceFile(path: string, bytes: Uint8Array, files: FilePort = system): void {
  const fresh = `${path}.new`;
  try {
    const file = files.openSync(fresh, 'w');
    try {
      // A disk that fills up takes a part first and refuses the rest.
      for (let at = 0; at < bytes.length; ) at += files.writeSync(file, bytes, at, bytes.length - at);
      files.fsyncSync(file);
    } finally {
      files.closeSync(file);
    }
    files.renameSync(fresh, path);
  } catch (error) {
    files.rmSync(fresh, { force: true });
    throw error;
  }
  const folder = files.openSync(dirname(path), 'r');
  try {
    files.fsyncSync(folder);
  } finally {
    files.closeSync(folder);
  }
}
