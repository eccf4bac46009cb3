import { readdirSync, readFileSync } from 'node:fs';
import { systemErrorCode } from '../util/errors.ts';

/** Text of a file, undefined where it is not there. Throws for anything else, such as a refusal. */
export function readOptionalFile(path: string): string | undefined {
  return unlessAbsent(() => readFileSync(path, 'utf8'));
}

/** Names in a folder, empty where it is not there. Throws for anything else, such as a refusal. */
export function listOptionalFolder(path: string): string[] {
  return unlessAbsent(() => readdirSync(path)) ?? [];
}

function unlessAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** A field of parsed JSON, followed through objects; '' where it is absent or no string. */
export function stringAt(value: unknown, ...keys: readonly string[]): string {
  let current = value;
  for (const key of keys) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return '';
    current = (current as Record<string, unknown>)[key];
  }
  return typeof current === 'string' ? current : '';
}
