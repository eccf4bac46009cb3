import { readdirSync, readFileSync } from 'node:fs';
import { systemErrorCode } from '../util/errors.ts';

/** A small sysfs file: its trimmed text, or the system error name where it could not be read. */
export interface SysfsText {
  readonly text: string | undefined;
  readonly error: string;
}

/** Any file of a device may fail alone (EACCES, EIO, ENODATA): the failure is a value here, never a throw. */
export function readSysfsText(path: string): SysfsText {
  try {
    return { text: readFileSync(path, 'utf8').trim(), error: '' };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { text: undefined, error: code };
  }
}

/** The decimal number in a sysfs file; undefined where there is none or it holds something else. */
export function readSysfsNumber(path: string): number | undefined {
  const { text } = readSysfsText(path);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

export interface SysfsEntries {
  /** Sorted; empty where the folder cannot be listed. */
  readonly names: readonly string[];
  readonly error: string;
}

export function listSysfs(folder: string): SysfsEntries {
  try {
    return { names: readdirSync(folder).sort(), error: '' };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { names: [], error: code };
  }
}
