import { closeSync, existsSync, openSync, readFileSync, readSync, renameSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { KisimError, systemErrorCode } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import { historyErrors } from './errors.ts';
import { APPLICATION_ID, type Migration, migrations as releasedMigrations } from './schema.ts';
import { isDamage, sqliteCode } from './sqlite-error.ts';

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const APPLICATION_ID_OFFSET = 68;

export interface OpenOptions {
  readonly path: string;
  readonly busyTimeoutMilliseconds: number;
  readonly log: Logger;
  /** Milliseconds since 1970, for the name of a file that is moved aside. */
  readonly now: () => number;
  readonly migrations?: readonly Migration[];
  /** Which run of the kernel this is; `/proc/sys/kernel/random/boot_id` when left out. */
  readonly bootId?: string;
  /** What is known to be wrong with the file that is there; it is moved aside without another look. */
  readonly damage?: string | undefined;
}

/**
 * Opens a history for writing: makes it where there is none, brings an older one to the present schema, and moves a
 * damaged one aside (`<path>.corrupt-<time>`, never deleted) to begin a new one. The caller holds the writer lock.
 *
 * @throws KISIM_E_HISTORY_FOREIGN, KISIM_E_HISTORY_NEWER: the file is left as it is
 * @throws KISIM_E_HISTORY_OPEN, KISIM_E_HISTORY_MIGRATION
 */
export function openDatabase(options: OpenOptions): Database.Database {
  const header = examineHeader(options.path);
  if (header === 'damaged') moveAside(options, 'the header is damaged');
  else if (header === 'ours' && options.damage !== undefined) moveAside(options, options.damage);
  try {
    return openChecked(options);
  } catch (error) {
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    moveAside(options, damage);
    return openChecked(options);
  }
}

/** What is wrong with the database, if the error says that it is damaged. */
function damageOf(error: unknown): string | undefined {
  if (error instanceof KisimError && error.code === 'KISIM_E_HISTORY_CORRUPT') return error.found;
  const code = sqliteCode(error);
  return code !== undefined && isDamage(code) ? code : undefined;
}

/**
 * Looks at the first 100 bytes before SQLite touches the file. What is not ours is refused; what begins like a
 * database and breaks off can only be a damaged one.
 */
export function examineHeader(path: string): 'absent' | 'ours' | 'damaged' {
  if (!existsSync(path)) return 'absent';
  const header = Buffer.alloc(HEADER_BYTES);
  let length: number;
  try {
    if (!statSync(path).isFile()) throw historyErrors.KISIM_E_HISTORY_FOREIGN(`${path} is no regular file`);
    const file = openSync(path, 'r');
    try {
      length = readSync(file, header, 0, HEADER_BYTES, 0);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof KisimError) throw cause;
    throw historyErrors.KISIM_E_HISTORY_OPEN(`${path}: ${message(cause)}`, { cause });
  }
  if (length === 0) return 'absent';
  if (header.toString('latin1', 0, Math.min(length, MAGIC.length)) !== MAGIC.slice(0, length)) {
    throw historyErrors.KISIM_E_HISTORY_FOREIGN(`${path} is no SQLite database`);
  }
  if (length < HEADER_BYTES) return 'damaged';
  const id = header.readUInt32BE(APPLICATION_ID_OFFSET);
  if (id !== APPLICATION_ID) {
    throw historyErrors.KISIM_E_HISTORY_FOREIGN(`${path} has application id 0x${id.toString(16)}`);
  }
  return 'ours';
}

function moveAside(options: OpenOptions, damage: string): void {
  const stamp = new Date(options.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let target = `${options.path}.corrupt-${stamp}`;
  for (let n = 1; existsSync(target); n++) target = `${options.path}.corrupt-${stamp}-${n}`;
  const error = historyErrors.KISIM_E_HISTORY_CORRUPT(`${options.path}: ${damage}`, {
    action: `what can be read of it: sqlite3 ${target} .recover`,
  });
  options.log.error('history-moved-aside', { path: options.path, movedTo: target, error });
  try {
    for (const suffix of ['', '-wal', '-shm', '-journal']) {
      if (existsSync(options.path + suffix)) renameSync(options.path + suffix, target + suffix);
    }
  } catch (cause) {
    throw historyErrors.KISIM_E_HISTORY_OPEN(`${options.path} is damaged and cannot be moved aside`, {
      cause,
    });
  }
}

function openChecked(options: OpenOptions): Database.Database {
  let database: Database.Database;
  try {
    database = new Database(options.path, { timeout: options.busyTimeoutMilliseconds });
  } catch (cause) {
    throw historyErrors.KISIM_E_HISTORY_OPEN(`${options.path}: ${message(cause)}`, { cause });
  }
  try {
    const fresh = database.pragma('page_count', { simple: true }) === 0;
    if (fresh) {
      // These three only take effect before the first table is made.
      database.pragma('page_size = 4096');
      database.pragma('auto_vacuum = INCREMENTAL');
    }
    migrate(database, options, fresh);
    const boot = bootNumber(options.bootId ?? readBootId());
    // A process that is killed leaves a sound file: SQLite's log is with the kernel already. Only when the machine
    // itself went down may the disk hold less; then every page is looked at, which can take minutes.
    const sameBoot = boot !== undefined && readMeta(database, 'boot') === boot;
    if (!fresh && readMeta(database, 'clean') === 0 && !sameBoot) quickCheck(database, options.path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('journal_size_limit = 16777216');
    database.pragma('cache_size = -2000');
    const remember = database.prepare(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
    remember.run('clean', 0);
    remember.run('boot', boot ?? 0);
    return database;
  } catch (cause) {
    database.close();
    if (cause instanceof KisimError) throw cause;
    const code = sqliteCode(cause);
    if (code === undefined || isDamage(code)) throw cause;
    throw historyErrors.KISIM_E_HISTORY_OPEN(`${options.path}: ${message(cause)}`, { cause });
  }
}

/** undefined where the kernel does not tell; then every unclean stop counts as one of the machine. */
function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** 48 bits of the id, as an integer that SQLite and JavaScript both hold exactly. */
function bootNumber(bootId: string | undefined): number | undefined {
  const digits = bootId?.replaceAll('-', '').slice(0, 12);
  return digits !== undefined && /^[0-9a-f]{12}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

function migrate(database: Database.Database, options: OpenOptions, fresh: boolean): void {
  const steps = options.migrations ?? releasedMigrations;
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > steps.length) {
    throw historyErrors.KISIM_E_HISTORY_NEWER(
      `${options.path} has schema ${version}, known is ${steps.length}`,
    );
  }
  if (version === 0 && !fresh) {
    throw historyErrors.KISIM_E_HISTORY_CORRUPT(`${options.path} has no schema version`);
  }
  for (let next = version; next < steps.length; next++) {
    try {
      database
        .transaction(() => {
          // In the same transaction, and before WAL: whoever sees tables sees whose they are.
          database.pragma(`application_id = ${APPLICATION_ID}`);
          for (const statement of steps[next]!) database.exec(statement);
          database.pragma(`user_version = ${next + 1}`);
        })
        .immediate();
    } catch (cause) {
      const code = sqliteCode(cause);
      if (code !== undefined && code !== 'SQLITE_ERROR' && !code.startsWith('SQLITE_CONSTRAINT')) throw cause;
      throw historyErrors.KISIM_E_HISTORY_MIGRATION(
        `${options.path}, from ${next} to ${next + 1}: ${message(cause)}`,
        {
          cause,
        },
      );
    }
    if (!fresh) options.log.info('history-migrated', { path: options.path, version: next + 1 });
  }
}

function quickCheck(database: Database.Database, path: string): void {
  const found = database.pragma('quick_check(3)', { simple: false }) as { quick_check: string }[];
  const problems = found.map((row) => row.quick_check);
  if (problems.length === 1 && problems[0] === 'ok') return;
  throw historyErrors.KISIM_E_HISTORY_CORRUPT(`${path}: ${problems.join('; ')}`);
}

/** A number kept in table `meta`, undefined where it was never written. */
export function readMeta(database: Database.Database, key: string): number | undefined {
  const row = database.prepare('SELECT value FROM meta WHERE key = ?').get(key) as
    | { value: number }
    | undefined;
  return row?.value;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
