import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type Database from 'better-sqlite3';
import { openDatabase } from '../../../src/history/open-database.ts';
import { Retention, type RetentionConfig } from '../../../src/history/retention.ts';
import { blockId } from '../../../src/history/schema.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const DAY = 86_400;
const NOW = 1_767_225_600;
const config: RetentionConfig = {
  recentHours: 2,
  minuteDays: 30,
  processMinuteDays: 7,
  blockDays: 20,
  hourDays: 100,
  decisionDays: 100,
};

/** One row a day in every table for a pod and a process, and a process that died 8 days ago. */
function filled(t: TestContext): Database.Database {
  const db = openDatabase({
    path: join(temporaryFolder(t), 'energy.db'),
    busyTimeoutMilliseconds: 100,
    log: silentLogger,
    now: () => 0,
  });
  t.after(() => void db.close());
  const entity = db.prepare(
    'INSERT INTO entity (id, key, kind, name, first_ts, last_ts) VALUES (?, ?, ?, ?, 0, ?)',
  );
  entity.run(10, 'pod:p', 'pod', 'p', NOW);
  entity.run(11, 'process:1:1', 'process', 'alive', NOW);
  entity.run(12, 'process:2:2', 'process', 'dead', NOW - 8 * DAY);
  const minute = db.prepare('INSERT INTO minute VALUES (?, ?, 1, 1, 1, 1)');
  const hour = db.prepare('INSERT INTO hour VALUES (?, ?, 1, 1, 1, 3600000, 1)');
  const block = db.prepare("INSERT INTO block VALUES (?, 1, 1, 1, 1, 1, x'00')");
  const coverage = db.prepare('INSERT INTO coverage VALUES (?, ?, 1, 1, 1)');
  for (let day = 0; day < 120; day++) {
    const ts = NOW - day * DAY;
    for (const e of [10, 11, ...(day > 8 ? [12] : [])]) {
      minute.run(e, ts);
      hour.run(e, ts);
    }
    block.run(blockId(10, ts));
    coverage.run(60, ts);
    coverage.run(3600, ts);
  }
  return db;
}

function count(db: Database.Database, table: string, e: number): number {
  return db.prepare(`SELECT count(*) FROM ${table} WHERE e = ?`).pluck().get(e) as number;
}

test('each kind of row is kept as long as configured, and those that died with no rows left go', (t) => {
  const db = filled(t);
  const retention = new Retention(db, config);
  for (let i = 0; i < 120; i++) retention.step(NOW, 1);
  assert.equal(count(db, 'minute', 10), 31);
  assert.equal(count(db, 'hour', 10), 101);
  assert.equal(db.prepare('SELECT count(*) FROM block').pluck().get(), 21);
  assert.equal(count(db, 'minute', 11), 8);
  assert.equal(count(db, 'hour', 11), 8);
  assert.equal(count(db, 'minute', 12) + count(db, 'hour', 12), 0);
  const ids = db.prepare('SELECT id FROM entity ORDER BY id').pluck().all();
  assert.deepEqual(ids, [1, 2, 3, 10, 11]);
  assert.equal(db.prepare('SELECT count(*) FROM coverage WHERE period = 60').pluck().get(), 31);
  assert.equal(db.prepare('SELECT count(*) FROM coverage WHERE period = 3600').pluck().get(), 101);
});

test('a clock that jumps ten years ahead deletes only what a day of running would have deleted', (t) => {
  const db = filled(t);
  const normal = new Retention(db, config);
  for (let i = 0; i < 120; i++) normal.step(NOW, 1);
  const before = count(db, 'hour', 10);
  for (let i = 0; i < 3600; i++) normal.step(NOW + 3650 * DAY, 1);
  assert.ok(count(db, 'hour', 10) >= before - 2);
  const restarted = new Retention(db, config);
  for (let i = 0; i < 120; i++) restarted.step(NOW + 3650 * DAY, 1);
  assert.ok(count(db, 'hour', 10) >= before - 2);
});

test('seconds stay until their hour has been rolled up, however old they are', (t) => {
  const db = filled(t);
  const old = NOW - 5 * 3600;
  db.prepare('INSERT INTO coverage VALUES (1, ?, 1000, 1000, 0)').run(old);
  db.prepare('INSERT INTO recent VALUES (?, 10, 5, 5, 1)').run(old);
  const openHour = old - (old % 3600);
  db.prepare('INSERT OR REPLACE INTO coverage VALUES (60, ?, 1000, 1000, 1)').run(old - (old % 60));
  db.prepare('INSERT OR REPLACE INTO coverage VALUES (3600, ?, 1000, 1000, 0)').run(openHour);
  const retention = new Retention(db, config);
  for (let i = 0; i < 10; i++) retention.step(NOW, 1);
  assert.equal(count(db, 'recent', 10), 1);
  db.prepare('UPDATE coverage SET state = 1 WHERE period = 3600 AND ts = ?').run(openHour);
  retention.step(NOW, 1);
  assert.equal(count(db, 'recent', 10), 0);
  assert.equal(
    db.prepare('SELECT state FROM coverage WHERE period = 3600 AND ts = ?').pluck().get(openHour),
    2,
  );
});
