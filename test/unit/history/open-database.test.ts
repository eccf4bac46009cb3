import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { openDatabase } from '../../../src/history/open-database.ts';
import { APPLICATION_ID, migrations } from '../../../src/history/schema.ts';
import { takeWriterLock } from '../../../src/history/writer-lock.ts';
import { START_UNIX_SECONDS, steadySecond } from '../../support/history-intervals.ts';
import { openHistory, recordingLogger } from '../../support/open-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function open(path: string, extra: Partial<Parameters<typeof openDatabase>[0]> = {}) {
  const { log, events } = recordingLogger();
  const db = openDatabase({ path, busyTimeoutMilliseconds: 100, log, now: () => NOW, ...extra });
  return { db, events };
}

/** A history that was closed in good order, with 200 s in it. */
function closedHistory(t: TestContext): string {
  const { history, path } = openHistory(t);
  for (let i = 0; i < 200; i++) history.accept(steadySecond(START_UNIX_SECONDS + i));
  history.close();
  return path;
}

test('a new database is ours, in WAL, with 4 KiB pages and incremental vacuum', (t) => {
  const { db } = open(join(temporaryFolder(t), 'energy.db'));
  const pragma = (name: string) => db.pragma(name, { simple: true });
  assert.equal(pragma('application_id'), APPLICATION_ID);
  assert.equal(pragma('user_version'), migrations.length);
  assert.equal(pragma('journal_mode'), 'wal');
  assert.equal(pragma('page_size'), 4096);
  assert.equal(pragma('auto_vacuum'), 2);
  assert.equal(pragma('synchronous'), 1);
  db.close();
});

test('the folder is made where it is missing', (t) => {
  const { path } = openHistory(t, { path: join(temporaryFolder(t), 'a', 'b', 'energy.db') });
  assert.ok(statSync(path).isFile());
});

test('what is not ours is refused and left as it is', (t) => {
  const folder = temporaryFolder(t);
  const text = join(folder, 'notes.txt');
  writeFileSync(text, 'dear diary, '.repeat(50));
  const other = join(folder, 'other.db');
  const db = new Database(other);
  db.exec('CREATE TABLE t (a)');
  db.close();
  mkdirSync(join(folder, 'folder'));
  for (const path of [text, other, join(folder, 'folder')]) {
    const before = statSync(path).isFile() ? readFileSync(path) : undefined;
    assert.throws(() => open(path), { code: 'KISIM_E_HISTORY_FOREIGN' }, path);
    if (before !== undefined) assert.deepEqual(readFileSync(path), before);
  }
  assert.equal(readdirSync(folder).filter((name) => name.includes('corrupt')).length, 0);
});

test('a history of a newer version is refused and left as it is', (t) => {
  const path = closedHistory(t);
  const db = new Database(path);
  db.pragma(`user_version = ${migrations.length + 1}`);
  db.close();
  assert.throws(() => open(path), { code: 'KISIM_E_HISTORY_NEWER' });
  assert.equal(readdirSync(dirname(path)).filter((name) => name.includes('corrupt')).length, 0);
});

for (const [name, bytes] of [
  ['in the middle', 20_480],
  ['after its first page', 4096],
  ['within its header', 60],
] as const) {
  test(`a database that breaks off ${name} is moved aside, and a new one begins`, (t) => {
    const path = closedHistory(t);
    truncateSync(path, bytes);
    const { db, events } = open(path);
    assert.equal(db.prepare('SELECT count(*) AS n FROM recent').pluck().get(), 0);
    db.close();
    const aside = `${path}.corrupt-20260102T030405Z`;
    assert.equal(statSync(aside).size, bytes);
    assert.equal(events[0]?.event, 'history-moved-aside');
    assert.equal(events[0].level, 'error');
  });
}

test('an empty file is taken for a new database', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  writeFileSync(path, '');
  open(path).db.close();
  assert.ok(statSync(path).size > 0);
});

test('damage that only a check finds is found after an unclean stop', (t) => {
  const path = closedHistory(t);
  const db = new Database(path);
  db.prepare("UPDATE meta SET value = 0 WHERE key IN ('clean', 'boot')").run();
  const root = db
    .prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'recent'")
    .pluck()
    .get()!;
  db.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, (root - 1) * 4096, root * 4096);
  writeFileSync(path, bytes);
  const { db: fresh, events } = open(path);
  fresh.close();
  assert.equal(events.at(-1)?.event, 'history-moved-aside');
});

test('after kill -9 the daemon does not read the whole file again; after a crash of the machine it does', (t) => {
  const path = closedHistory(t);
  const bootId = '0a1b2c3d-4e5f-4000-8000-000000000000';
  open(path, { bootId }).db.close();
  const db = new Database(path);
  const root = db.prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'gap'").pluck().get()!;
  db.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, (root - 1) * 4096, root * 4096);
  writeFileSync(path, bytes);
  const sameBoot = open(path, { bootId });
  sameBoot.db.close();
  assert.deepEqual(sameBoot.events, []);
  const nextBoot = open(path, { bootId: 'ffffffff-4e5f-4000-8000-000000000000' });
  nextBoot.db.close();
  assert.equal(nextBoot.events.at(-1)?.event, 'history-moved-aside');
});

test('two damaged databases of one second do not overwrite each other', (t) => {
  const path = closedHistory(t);
  const good = readFileSync(path);
  for (let i = 0; i < 2; i++) {
    writeFileSync(path, good.subarray(0, 5000 + i));
    open(path).db.close();
  }
  const names = readdirSync(dirname(path)).filter((name) => name.includes('corrupt'));
  assert.deepEqual(names.sort(), [
    'energy.db.corrupt-20260102T030405Z',
    'energy.db.corrupt-20260102T030405Z-1',
  ]);
});

test('a database of schema 1 is brought forward and keeps its rows', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const first = open(path, { migrations: migrations.slice(0, 1) });
  first.db.prepare("INSERT INTO state VALUES ('a', '1')").run();
  first.db.close();
  const next = [
    ...migrations,
    ['ALTER TABLE gap ADD COLUMN note TEXT', "INSERT INTO state VALUES ('b', '2')"],
  ];
  const { db, events } = open(path, { migrations: next });
  assert.equal(db.pragma('user_version', { simple: true }), migrations.length + 1);
  assert.deepEqual(db.prepare('SELECT value FROM state ORDER BY key').pluck().all(), ['1', '2']);
  db.close();
  assert.equal(events[0]?.event, 'history-migrated');
});

test('a migration that fails is rolled back as a whole', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  open(path).db.close();
  const broken = [...migrations, ["INSERT INTO state VALUES ('half', '1')", 'CREATE TABLE gap (a)']];
  assert.throws(() => open(path, { migrations: broken }), { code: 'KISIM_E_HISTORY_MIGRATION' });
  const { db } = open(path);
  assert.equal(db.prepare('SELECT count(*) FROM state').pluck().get(), 0);
  db.close();
});

test('a second writer is refused in the same process, under another name, and in another process', (t) => {
  const path = closedHistory(t);
  const lock = takeWriterLock(path);
  const alias = join(temporaryFolder(t), 'alias.db');
  symlinkSync(path, alias);
  assert.throws(() => takeWriterLock(path), { code: 'KISIM_E_HISTORY_LOCKED' });
  assert.throws(() => takeWriterLock(alias), { code: 'KISIM_E_HISTORY_LOCKED' });
  const lockModule = new URL('../../../src/history/writer-lock.ts', import.meta.url).href;
  const take = () =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { takeWriterLock } from ${JSON.stringify(lockModule)};
         try { takeWriterLock(${JSON.stringify(path)}); console.log('taken'); process.kill(process.pid, 'SIGKILL'); }
         catch (error) { console.log(error.code); }`,
      ],
      { encoding: 'utf8' },
    ).stdout.trim();
  assert.equal(take(), 'KISIM_E_HISTORY_LOCKED');
  lock.release();
  assert.equal(take(), 'taken');
  // The other process died by SIGKILL with the lock in its hands.
  takeWriterLock(path).release();
});

test('a second daemon on the same history is refused, and the first one is not disturbed', (t) => {
  const first = openHistory(t);
  assert.throws(() => openHistory(t, { path: first.path }), { code: 'KISIM_E_HISTORY_LOCKED' });
  for (let i = 0; i < 3; i++) first.history.accept(steadySecond(START_UNIX_SECONDS + i));
  assert.equal(first.history.status.ok, true);
});

test('a place where nothing can be written is a coded error', (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  assert.throws(() => openHistory(t, { path: join(file, 'energy.db') }), { code: 'KISIM_E_HISTORY_OPEN' });
});
