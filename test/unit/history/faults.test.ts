import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import type Database from 'better-sqlite3';
import { openDatabase } from '../../../src/history/open-database.ts';
import { takeWriterLock } from '../../../src/history/writer-lock.ts';
import { START_UNIX_SECONDS, steadySecond } from '../../support/history-intervals.ts';
import { type OpenHistory, openHistory } from '../../support/open-history.ts';

interface Faulty {
  readonly open: OpenHistory;
  /** The connection that the history writes on. */
  connection(): Database.Database;
}

function faultyHistory(t: TestContext, backlogRowLimit?: number): Faulty {
  let connection: Database.Database | undefined;
  const open = openHistory(
    t,
    {},
    {
      openDatabase: (options) => {
        connection = openDatabase(options);
        return connection;
      },
      ...(backlogRowLimit === undefined ? {} : { backlogRowLimit }),
    },
  );
  return { open, connection: () => connection! };
}

function run({ history }: OpenHistory, from: number, seconds: number): void {
  for (let i = 0; i < seconds; i++) history.accept(steadySecond(START_UNIX_SECONDS + from + i));
}

const storedSeconds = (open: OpenHistory) => open.value('SELECT count(*) FROM coverage WHERE period = 1');
const nodeEnergy = (open: OpenHistory) => Number(open.value('SELECT sum(joules) FROM node_hour')) * 1e6;

function exactEnergy(seconds: number): number {
  let sum = 0;
  for (let i = 0; i < seconds; i++) sum += steadySecond(START_UNIX_SECONDS + i).energyMicrojoules;
  return sum;
}

for (const [name, code, breakIt, mendIt] of [
  ['full', 'SQLITE_FULL', 'max_page_count = 1', 'max_page_count = 1000000'],
  ['read-only', 'SQLITE_READONLY', 'query_only = ON', 'query_only = OFF'],
] as const) {
  test(`a ${name} disk stops nothing: seconds wait and are written when it takes them again`, (t) => {
    const { open, connection } = faultyHistory(t);
    run(open, 0, 100);
    const before = Number(storedSeconds(open));
    connection().pragma(breakIt);
    run(open, 100, 400);
    const { ok, lastError, backlogBatches } = open.history.status;
    assert.equal(ok, false);
    assert.match(lastError!, new RegExp(code));
    // What still fitted into free pages has been written; the rest waits.
    const stored = Number(storedSeconds(open));
    assert.ok(
      backlogBatches > 0 && stored >= before && stored < 499,
      `${backlogBatches} wait, ${stored} stored`,
    );
    const told = open.events.find(({ event }) => event === 'history-not-written');
    assert.equal(told?.level, 'error');
    assert.equal((told?.fields['error'] as { code?: string } | undefined)?.code, 'KISIM_E_HISTORY_WRITE');
    assert.ok(open.events.length < 30, 'a log line a second');
    connection().pragma(mendIt);
    run(open, 500, 10);
    assert.deepEqual(
      { ...open.history.status, lastWriteUnixSeconds: 0 },
      {
        ok: true,
        lastError: undefined,
        backlogBatches: 0,
        backlogRows: 0,
        droppedSeconds: 0,
        lastWriteUnixSeconds: 0,
        rejectedValues: 0,
        unbalancedSeconds: 0,
        droppedDecisions: 0,
        droppedClusterRecords: 0,
      },
    );
    assert.ok(open.events.some(({ event }) => event === 'history-writes-again'));
    open.history.close();
    assert.ok(Math.abs(nodeEnergy(open) - exactEnergy(510)) <= 1);
    assert.equal(open.value('SELECT sum(metered_seconds) FROM node_hour'), 510);
    assert.equal(open.value('PRAGMA integrity_check'), 'ok');
  });
}

test('a backlog that grows too long drops its oldest time and leaves a gap there', (t) => {
  const { open, connection } = faultyHistory(t, 700);
  run(open, 0, 10);
  connection().pragma('query_only = ON');
  run(open, 10, 4000);
  const { backlogRows } = open.history.status;
  assert.ok(backlogRows <= 700, String(backlogRows));
  connection().pragma('query_only = OFF');
  run(open, 4010, 5);
  open.history.close();
  const lost = Number(open.value("SELECT sum(seconds) FROM gap WHERE reason = 'not-written'"));
  assert.ok(lost > 0);
  assert.equal(lost, open.history.status.droppedSeconds);
  assert.equal(open.value('SELECT sum(metered_seconds) FROM node_hour'), 4015 - lost);
});

test('a failed transaction leaves no trace in memory: entities are written with the next one', (t) => {
  const { open, connection } = faultyHistory(t);
  connection().pragma('query_only = ON');
  run(open, 0, 5);
  connection().pragma('query_only = OFF');
  run(open, 5, 5);
  assert.equal(open.value('SELECT count(*) FROM recent LEFT JOIN entity ON id = e WHERE id IS NULL'), 0);
  assert.equal(open.value("SELECT count(*) FROM entity WHERE kind = 'pod'"), 1);
});

test('a closing of an hour that fails half-way is done again', (t) => {
  const { open, connection } = faultyHistory(t);
  run(open, 0, 3600 + 150);
  connection().pragma('query_only = ON');
  run(open, 3750, 20);
  connection().pragma('query_only = OFF');
  run(open, 3770, 400);
  assert.equal(open.value('SELECT state FROM coverage WHERE period = 3600 ORDER BY ts LIMIT 1'), 1);
  assert.equal(
    open.value(
      'SELECT (SELECT sum(uj) FROM hour WHERE e = 1) - (SELECT uj_sum FROM block WHERE id >> 20 = 1)',
    ),
    0,
  );
});

test('blocks that were taken back with their transaction are written again', (t) => {
  const { open, connection } = faultyHistory(t);
  run(open, 0, 3600 + 150);
  // The second block of the hour fails, after the first one went into the same transaction.
  connection().exec(`CREATE TEMP TRIGGER fail BEFORE INSERT ON main.block
    WHEN (SELECT count(*) FROM main.block) > 0 BEGIN SELECT RAISE(ABORT, 'injected'); END`);
  assert.throws(() => run(open, 3750, 200), { code: 'SQLITE_CONSTRAINT_TRIGGER' });
  assert.equal(open.value('SELECT count(*) FROM block'), 0);
  connection().exec('DROP TRIGGER fail');
  run(open, 3950, 400);
  assert.equal(open.value('SELECT state FROM coverage WHERE period = 3600 ORDER BY ts LIMIT 1'), 1);
  // Node, idle, unattributed, zone, pod, container, and the metered time.
  assert.equal(open.value('SELECT count(*) FROM block'), 7);
});

test('a database damaged while in use is moved aside and metering goes on in a new one', (t) => {
  const { open, connection } = faultyHistory(t);
  run(open, 0, 300);
  connection().pragma('wal_checkpoint(TRUNCATE)');
  const file = openSync(open.path, 'r+');
  const pages = Number(connection().pragma('page_count', { simple: true }));
  for (let page = 1; page < pages; page++) writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, page * 4096);
  closeSync(file);
  connection().pragma('shrink_memory');
  run(open, 300, 100);
  assert.equal(open.history.status.ok, true);
  const files = readdirSync(dirname(open.path));
  assert.ok(
    files.some((name) => name.startsWith('energy.db.corrupt-')),
    files.join(' '),
  );
  const moved = open.events.find(({ event }) => event === 'history-moved-aside');
  assert.equal((moved!.fields['error'] as { code: string }).code, 'KISIM_E_HISTORY_CORRUPT');
  assert.ok(Number(storedSeconds(open)) >= 99);
  assert.equal(open.value('PRAGMA integrity_check'), 'ok');
});

test('an error that is a mistake of the program is thrown and not taken for a bad disk', (t) => {
  const { open, connection } = faultyHistory(t);
  run(open, 0, 2);
  connection().exec('DROP TABLE recent');
  assert.throws(() => run(open, 2, 2), { code: 'SQLITE_ERROR' });
  assert.throws(() => open.history.close(), { code: 'SQLITE_ERROR' });
  // Closed nevertheless, with the lock given back.
  takeWriterLock(open.path).release();
});
