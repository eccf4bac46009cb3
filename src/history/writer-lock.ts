import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { historyErrors } from './errors.ts';
import { sqliteCode } from './sqlite-error.ts';

/** Held as long as a daemon writes a history. */
export interface WriterLock {
  release(): void;
}

/**
 * Takes the right to write a history, or throws KISIM_E_HISTORY_LOCKED. The lock is an exclusive transaction on
 * the empty database `<path>.lock`: the kernel drops it when its process dies in whatever way, so there is no stale
 * lock and no process id to compare. Makes the folder where there is none.
 */
export function takeWriterLock(path: string): WriterLock {
  let lockPath = `${path}.lock`;
  let database: Database.Database;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    // Two names for one file are one history.
    if (existsSync(path)) lockPath = `${realpathSync(path)}.lock`;
    database = new Database(lockPath, { timeout: 0 });
  } catch (cause) {
    throw historyErrors.KISIM_E_HISTORY_OPEN(`${lockPath}: ${describe(cause)}`, { cause });
  }
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (sqliteCode(cause)?.startsWith('SQLITE_BUSY') === true) {
      throw historyErrors.KISIM_E_HISTORY_LOCKED(path, { cause });
    }
    throw historyErrors.KISIM_E_HISTORY_OPEN(`${lockPath}: ${describe(cause)}`, { cause });
  }
  return { release: () => void database.close() };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
