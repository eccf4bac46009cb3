import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { openHistoryReader } from '../../src/history/reader.ts';
import { seededRandom } from '../../src/util/rng.ts';
import { START_UNIX_SECONDS, steadySecond } from '../support/history-intervals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const child = fileURLToPath(new URL('../support/history-writer-child.ts', import.meta.url));
const KILLS = 9;
const SECONDS = 9000;

/** Runs the writer and kills it after a number of committed seconds; resolves to the last one it told. */
async function writeUntilKilled(path: string, from: number, seconds: number): Promise<number> {
  const writer = spawn(process.execPath, [child, path, String(from), String(SECONDS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(writer, 'exit');
  let told = 0;
  let lines = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    told = Number(line);
    lines += 1;
    // The writer does not wait for us: the signal meets it anywhere in the seconds that follow.
    if (lines === seconds) writer.kill('SIGKILL');
  }
  const [, signal] = await exit;
  assert.equal(signal, 'SIGKILL');
  return told;
}

function check(path: string, runs: number): number {
  const db = new Database(path, { readonly: true });
  const value = (sql: string) => db.prepare(sql).pluck().get() as number;
  assert.equal(value('PRAGMA integrity_check'), 'ok' as never);
  const last = value("SELECT value FROM meta WHERE key = 'last_ts'");
  let exact = 0;
  for (let second = START_UNIX_SECONDS; second <= last; second++)
    exact += steadySecond(second).energyMicrojoules;
  // Each run may leave half a microjoule unrounded.
  const stored = value('SELECT sum(joules) FROM node_hour') * 1e6;
  assert.ok(Math.abs(stored - exact) <= runs, `${stored} stored, ${exact} burnt`);
  assert.equal(value('SELECT sum(metered_seconds) FROM node_hour'), last - START_UNIX_SECONDS + 1);
  const parts = value('SELECT sum(idle_joules + active_joules + unattributed_joules) FROM node_hour') * 1e6;
  const processes = value('SELECT sum(joules) FROM process_minute') * 1e6;
  const active = value('SELECT sum(active_joules) FROM node_hour') * 1e6;
  assert.ok(Math.abs(parts - stored) < 1);
  assert.ok(Math.abs(processes - active) < 1, `${processes} of processes, ${active} active`);
  const different = value(`SELECT count(*) FROM hour h JOIN entity ON entity.id = h.e
    WHERE uj <> (SELECT sum(uj) FROM minute m WHERE m.e = h.e AND m.ts >= h.ts AND m.ts < h.ts + 3600)
      OR (kind <> 'process' AND uj <> (SELECT uj_sum FROM block b WHERE b.id = h.e * 1048576 + h.ts / 3600))`);
  assert.equal(different, 0);
  checkCluster(value, last, runs);
  db.close();
  return last;
}

/** Pods and joules of the cluster are written together with the seconds, or right after them. */
function checkCluster(value: (sql: string) => number, last: number, runs: number): void {
  const seconds = last - START_UNIX_SECONDS + 1;
  const pods = value('SELECT count(*) FROM pod_run');
  // A kill costs the second that was being written, at most; the next writer tells its own once more.
  assert.ok(pods >= seconds - runs && pods <= seconds + runs, `${pods} pods in ${seconds} seconds`);
  assert.equal(
    value('SELECT count(*) FROM pod_run WHERE ended_ms - created_ms <> 3000 OR ended_ms IS NULL'),
    0,
  );
  assert.equal(
    value('SELECT count(*) FROM pod_run p LEFT JOIN pod_shape s ON s.id = p.shape WHERE s.id IS NULL'),
    0,
  );
  assert.equal(value('SELECT count(*) FROM pod_shape'), Math.min(7, pods));
  const uj = value('SELECT sum(uj) FROM node_energy');
  const ms = value('SELECT sum(ms) FROM node_energy');
  assert.equal(uj, ms * 1000, 'half a record was kept');
  assert.ok(Math.abs(uj / 1e6 - seconds) <= runs + 1, `${uj} microjoules in ${seconds} seconds`);
}

test('a writer killed again and again loses nothing that it had told, and its sums stay exact', async (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const random = seededRandom(20260101);
  let next = START_UNIX_SECONDS;
  for (let kill = 0; kill < KILLS; kill++) {
    const told = await writeUntilKilled(path, next, 1 + Math.floor(random.next() * 1100));
    // As an outsider would find it: read-only, with the log of the killed writer beside it.
    const last = check(path, kill + 1);
    assert.ok(last >= told, `the writer told ${told}, ${last} is stored`);
    next = last + 1;
  }
  assert.ok(next - START_UNIX_SECONDS > 3700, 'the kills did not reach over an hour');
  const reader = openHistoryReader(path);
  const { rows } = reader.energyReport({
    by: 'pod',
    sinceUnixMilliseconds: START_UNIX_SECONDS * 1000,
    untilUnixMilliseconds: next * 1000,
    everyMilliseconds: 3_600_000,
  });
  reader.close();
  assert.equal(rows.length, Math.ceil((next - START_UNIX_SECONDS) / 3600));
});
