import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import type { EnergyReport } from '../../../src/history/energy-report.ts';
import { type HistoryReader, openHistoryReader } from '../../../src/history/reader.ts';
import { entityOf, makeInterval, START_UNIX_SECONDS, steadySecond } from '../../support/history-intervals.ts';
import { keepSeconds, type OpenHistory, openHistory, writeOnFlush } from '../../support/open-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const START = START_UNIX_SECONDS * 1000;
const HOUR = 3_600_000;
const cleanups: (() => void)[] = [];
const suite = { after: (cleanup: () => void) => void cleanups.push(cleanup) };
const SECONDS = 3 * 3600 + 1800;

const podEnergy = (second: number) => steadySecond(second).shares[0]!.energyMicrojoules;

function joulesBetween(fromMs: number, toMs: number): number {
  let sum = 0;
  for (let s = fromMs / 1000; s < toMs / 1000; s++) sum += podEnergy(s);
  return sum / 1e6;
}

function joulesOf(report: EnergyReport): number {
  return report.rows.reduce((sum, row) => sum + row.joules, 0);
}

describe('a history of three and a half hours', () => {
  let open: OpenHistory;
  let reader: HistoryReader;

  before(() => {
    open = openHistory(suite as never, {}, writeOnFlush);
    keepSeconds(
      open.history,
      Array.from({ length: SECONDS + 1 }, (_, i) => steadySecond(START_UNIX_SECONDS + i)),
    );
    reader = openHistoryReader(open.path);
  });

  after(() => {
    reader.close();
    for (const cleanup of cleanups.reverse()) cleanup();
  });

  const pods = (since: number, until: number, every?: number) =>
    reader.energyReport({
      by: 'pod',
      sinceUnixMilliseconds: START + since,
      untilUnixMilliseconds: START + until,
      everyMilliseconds: every,
    });

  for (const [name, since, until, every, rows] of [
    ['by the hour', 0, 3.5 * HOUR, HOUR, 4],
    ['in one sum', 0, 3.5 * HOUR, undefined, 1],
    ['by two hours', 0, 3.5 * HOUR, 2 * HOUR, 2],
    ['by the hour, from and to the middle of one', 30 * 60_000, 2.5 * HOUR, HOUR, 3],
    ['by the minute, over closed and open hours', 0, 3.5 * HOUR, 60_000, 210],
    ['by ten minutes within an hour', 20 * 60_000, 40 * 60_000, 600_000, 2],
    ['by the second, from rows', 3 * HOUR + 10_000, 3 * HOUR + 70_000, 1000, 60],
    ['by five minutes and a half, from seconds', 2.75 * HOUR, 3.25 * HOUR, 330_000, 6],
  ] as const) {
    test(`the energy ${name}`, () => {
      const report = pods(since, until, every);
      assert.equal(report.rows.length, rows);
      assert.ok(
        Math.abs(joulesOf(report) - joulesBetween(START + since, START + until)) < 1e-4,
        String(joulesOf(report)),
      );
      for (const row of report.rows) {
        assert.equal(row.coverage, 1);
        assert.equal(row.source, 'measured');
        const seconds = (row.endUnixMilliseconds - row.startUnixMilliseconds) / 1000;
        assert.ok(Math.abs(row.meanWatts! * seconds - row.joules) < 1e-6);
      }
    });
  }

  test('seconds that are no rows any more come from blocks, within their quantum and without CPU time', () => {
    const report = pods(1000_000, 1060_000, 1000);
    assert.equal(report.rows.length, 60);
    for (const row of report.rows) {
      assert.ok(Math.abs(row.joules - podEnergy(row.startUnixMilliseconds / 1000) / 1e6) < 0.017);
      assert.equal(row.cpuSeconds, undefined);
      assert.equal(row.coverage, 1);
    }
  });

  test('seconds across the border between blocks and rows are there once', () => {
    const report = pods(0, 3.5 * HOUR, 1000);
    assert.equal(report.rows.length, SECONDS);
    assert.ok(Math.abs(joulesOf(report) - joulesBetween(START, START + 3.5 * HOUR)) < 0.1);
    assert.ok(report.rows.every((row) => row.coverage === 1));
  });

  test('processes by the second from before the rows are a coded error', () => {
    assert.throws(
      () =>
        reader.energyReport({
          by: 'process',
          sinceUnixMilliseconds: START,
          untilUnixMilliseconds: START + 60_000,
          everyMilliseconds: 1000,
        }),
      { code: 'KISIM_E_HISTORY_QUERY' },
    );
  });

  test('a range that the meter did not see has no rows', () => {
    assert.deepEqual(pods(-2 * HOUR, -HOUR, HOUR).rows, []);
    assert.deepEqual(pods(10 * HOUR, 11 * HOUR, 60_000).rows, []);
  });

  test('a range that the meter saw in part says how much', () => {
    const [row] = pods(-HOUR, HOUR, 2 * HOUR).rows.slice(-1);
    assert.ok(row!.coverage > 0.45 && row!.coverage <= 1);
    const whole = pods(-HOUR, HOUR).rows[0]!;
    assert.equal(whole.coverage, 0.5);
    assert.ok(Math.abs(whole.meanWatts! * 3600 - whole.joules) < 1e-6);
  });

  test('node shows the total with idle and unattributed beside it', () => {
    const { rows } = reader.energyReport({
      by: 'node',
      sinceUnixMilliseconds: START,
      untilUnixMilliseconds: START + HOUR,
    });
    const joules = Object.fromEntries(rows.map((row) => [row.entity.kind, row.joules]));
    assert.deepEqual(Object.keys(joules), ['node', 'idle', 'unattributed']);
    const active = joules['node']! - joules['idle']! - joules['unattributed']!;
    assert.ok(Math.abs(active - joulesBetween(START, START + HOUR)) < 1e-4);
  });

  test('asking for energy alone gives the same energy', () => {
    for (const everyMilliseconds of [HOUR, 60_000, undefined]) {
      const query = {
        by: 'pod',
        sinceUnixMilliseconds: START,
        untilUnixMilliseconds: START + 3 * HOUR,
        everyMilliseconds,
      } as const;
      const [full] = reader.energySeries(query).series;
      const [energy] = reader.energySeries({ ...query, energyOnly: true }).series;
      assert.deepEqual(energy!.microjoules, full!.microjoules);
      assert.deepEqual(energy!.sourceBits, full!.sourceBits);
      assert.ok(full!.cpuMicroseconds.every((cpu) => cpu > 0));
    }
  });

  test('a range that begins before the history is not widened', () => {
    const report = pods(-20 * 60_000, HOUR / 2);
    assert.equal(report.fromUnixMilliseconds, START - 20 * 60_000);
    assert.equal(report.rows[0]!.coverage, 0.6);
    assert.deepEqual(report.notes, []);
  });

  test('impossible questions are coded errors', () => {
    const ask = (changes: object) => () =>
      reader.energyReport({
        by: 'pod',
        sinceUnixMilliseconds: START,
        untilUnixMilliseconds: START + HOUR,
        ...changes,
      });
    for (const changes of [
      { untilUnixMilliseconds: START },
      { sinceUnixMilliseconds: Number.NaN },
      { everyMilliseconds: 0 },
      { everyMilliseconds: 1500 },
      { everyMilliseconds: -HOUR },
      { top: 0 },
      { top: 1.5 },
      { sinceUnixMilliseconds: 0, everyMilliseconds: 1000 },
    ]) {
      assert.throws(ask(changes), { code: 'KISIM_E_HISTORY_QUERY' }, JSON.stringify(changes));
    }
  });

  test('a reader and a shell see what the writer goes on writing', () => {
    const before = reader.newestUnixSeconds()!;
    open.history.accept(steadySecond(before + 2));
    open.history.flush();
    assert.equal(reader.newestUnixSeconds(), before + 1);
  });
});

test('where minutes are gone a range begins with a whole hour, and steps of minutes say so', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  keepSeconds(
    open.history,
    Array.from({ length: 2 * 3600 + 400 }, (_, i) => steadySecond(START_UNIX_SECONDS + i)),
  );
  open.history.close();
  const db = new Database(open.path);
  db.exec(`DELETE FROM minute WHERE ts < ${START_UNIX_SECONDS + 1800}`);
  db.exec(`DELETE FROM coverage WHERE period = 60 AND ts < ${START_UNIX_SECONDS + 1800}`);
  db.close();
  const reader = openHistoryReader(open.path);
  const query = {
    by: 'pod',
    sinceUnixMilliseconds: START + 600_000,
    untilUnixMilliseconds: START + 2 * HOUR,
  } as const;
  const report = reader.energyReport({ ...query, everyMilliseconds: HOUR });
  assert.equal(report.fromUnixMilliseconds, START);
  assert.ok(Math.abs(joulesOf(report) - joulesBetween(START, START + 2 * HOUR)) < 1e-4);
  const [note] = reader.energyReport({ ...query, everyMilliseconds: 60_000 }).notes;
  assert.match(note!, /minutes are kept from 2026-01-01T01:00/);
  reader.close();
});

test('the top entities are kept and the others are summed up; names group processes', (t) => {
  const open = openHistory(t);
  const shares = Array.from({ length: 10 }, (_, i) => ({
    entity: entityOf('process', `${i}:1`, { name: i < 7 ? 'sh' : `big-${i}`, pid: i + 1 }),
    uj: (i + 1) * 1e6,
  }));
  for (let i = 0; i < 100; i++) {
    open.history.accept(
      makeInterval({
        startUnixMilliseconds: START + i * 1000,
        milliseconds: 1000,
        idle: 0,
        unattributed: 0,
        shares,
      }),
    );
  }
  open.history.close();
  const reader = openHistoryReader(open.path);
  const query = {
    by: 'process',
    sinceUnixMilliseconds: START,
    untilUnixMilliseconds: START + 120_000,
  } as const;
  const top = reader.energyReport({ ...query, top: 2 });
  assert.deepEqual(
    top.rows.map((row) => [row.entity.name, row.entity.pid, row.joules]),
    [
      ['big-9', 10, 1000],
      ['big-8', 9, 900],
    ],
  );
  assert.deepEqual(top.omitted, { entities: 8, joules: 3600 });
  const grouped = reader.energyReport({ ...query, groupByName: true });
  assert.deepEqual(
    grouped.rows.map((row) => [row.entity.name, row.entity.count, row.entity.pid, row.joules]),
    [
      ['sh', 7, undefined, 2800],
      ['big-9', 1, 10, 1000],
      ['big-8', 1, 9, 900],
      ['big-7', 1, 8, 800],
    ],
  );
  reader.close();
});

test('absent, empty, foreign and broken files are coded errors for a reader, and stay as they are', (t) => {
  const folder = temporaryFolder(t);
  const { history, path } = openHistory(t, { path: join(folder, 'energy.db') });
  for (let i = 0; i < 100; i++) history.accept(steadySecond(START_UNIX_SECONDS + i));
  history.close();
  const at = (name: string) => join(folder, name);
  writeFileSync(at('empty'), '');
  writeFileSync(at('text'), 'x'.repeat(500));
  cpSync(path, at('short'));
  truncateSync(at('short'), 8192);
  for (const [name, code] of [
    ['absent', 'KISIM_E_HISTORY_OPEN'],
    ['empty', 'KISIM_E_HISTORY_OPEN'],
    ['text', 'KISIM_E_HISTORY_FOREIGN'],
    ['short', 'KISIM_E_HISTORY_CORRUPT'],
  ] as const) {
    assert.throws(() => openHistoryReader(at(name)), { code }, name);
  }
});

test('a user who may only read can read, from a folder in which nothing can be made', (t) => {
  const folder = temporaryFolder(t);
  const { history, path } = openHistory(t, { path: join(folder, 'state', 'energy.db') });
  for (let i = 0; i < 100; i++) history.accept(steadySecond(START_UNIX_SECONDS + i));
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  chmodSync(folder, 0o755);
  const readerModule = new URL('../../../src/history/reader.ts', import.meta.url).href;
  const read = (file: string) => {
    const script = `import { openHistoryReader } from ${JSON.stringify(readerModule)};
      console.log(openHistoryReader(${JSON.stringify(file)}).newestUnixSeconds());`;
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      ...nobody,
    });
    return done.stdout.trim() || done.stderr;
  };
  const lock = (file: string) => {
    mkdirSync(file, { recursive: true });
    chmodSync(file, 0o555);
  };
  lock(join(folder, 'state'));
  assert.equal(read(path), String(START_UNIX_SECONDS + 98), 'while the daemon writes');
  chmodSync(join(folder, 'state'), 0o755);
  history.close();
  lock(join(folder, 'state'));
  assert.equal(read(path), String(START_UNIX_SECONDS + 99), 'after the daemon has stopped');
  chmodSync(join(folder, 'state'), 0o755);
});
