import { join } from 'node:path';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import type { EnergyInterval } from '../../src/attribution/interval.ts';
import type { Config } from '../../src/config/config.ts';
import { History, type HistoryOptions } from '../../src/history/history.ts';
import type { LogFields, Logger } from '../../src/util/log.ts';
import { historyConfig } from './history-intervals.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface LoggedEvent {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

export function recordingLogger(): { readonly log: Logger; readonly events: LoggedEvent[] } {
  const events: LoggedEvent[] = [];
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      void events.push({ level, event, fields });
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, events };
}

export interface OpenHistory {
  readonly history: History;
  readonly path: string;
  readonly events: LoggedEvent[];
  /** Rows of a query on a connection of its own, as a person at the sqlite3 shell would see them. */
  rows<T = Record<string, unknown>>(sql: string): T[];
  /** The first column of the first row. */
  value(sql: string): unknown;
}

/** For tests of many seconds: nothing is written before `flush`; ten seconds a transaction take a third of the time. */
export const writeOnFlush: Partial<HistoryOptions> = { defer: () => undefined };
const SECONDS_PER_FLUSH = 10;

/** Lets the history keep seconds one after the other, flushing now and then and at the end. */
export function keepSeconds(history: History, intervals: Iterable<EnergyInterval>): void {
  let count = 0;
  for (const interval of intervals) {
    history.accept(interval);
    count += 1;
    if (count % SECONDS_PER_FLUSH === 0) history.flush();
  }
  history.flush();
}

/** A history in a folder of its own that writes each second at once. */
export function openHistory(
  t: Pick<TestContext, 'after'>,
  changes: Partial<Config['history']> = {},
  options: Partial<HistoryOptions> = {},
): OpenHistory {
  const path = changes.path ?? join(temporaryFolder(t), 'energy.db');
  const { log, events } = recordingLogger();
  const history = new History({
    config: historyConfig(path, changes),
    log,
    defer: (write) => write(),
    ...options,
  });
  history.open();
  t.after(() => void history.close());
  const query = (sql: string) => {
    const db = new Database(path, { readonly: true });
    try {
      return db.prepare(sql).all() as Record<string, unknown>[];
    } finally {
      db.close();
    }
  };
  return {
    history,
    path,
    events,
    rows: <T>(sql: string) => query(sql) as T[],
    value: (sql) => Object.values(query(sql)[0] ?? {})[0],
  };
}
