import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, test } from 'node:test';
import type { CommandContext } from '../../../src/cli/command.ts';
import { runExport } from '../../../src/cli/commands/export.ts';
import { windows } from '../../../src/cli/export/energy-pieces.ts';
import { snapshotCsv } from '../../../src/cli/export-rows.ts';
import { History } from '../../../src/history/history.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { csvLine } from '../../../src/util/csv.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { anEntity, anInterval, aZone, share, zoneInterval } from '../../support/intervals.ts';
import { nowEntity, nowSnapshotOf } from '../../support/snapshots.ts';

class Text extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function run(options: Record<string, unknown>): Promise<{ out: string; err: string; status: number }> {
  const stdout = new Text();
  const stderr = new Text();
  const context: CommandContext = {
    stdout,
    stderr,
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    env: { KISIMD_CONFIG: '/dev/null' },
    signal: new AbortController().signal,
    options: { format: 'json', until: 'now', every: '1m', ...options },
    args: [],
  };
  const status = await runExport(context);
  return { out: stdout.text, err: stderr.text, status };
}

async function daemon(answer: RequestListener): Promise<Record<string, unknown>> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(() => resolve()));
  });
  return { set: [`export.port=${(server.address() as AddressInfo).port}`] };
}

const snapshot = nowSnapshotOf([nowEntity('process', 'a,"b"', { pid: 7, watts: null })]);

test('the present state as JSON, CSV and text for Prometheus, from the daemon', async () => {
  const there = await daemon((request, response) => {
    response.end(request.url === '/metrics' ? 'kisimd_intervals_total 1\n' : JSON.stringify(snapshot));
  });
  assert.deepEqual(JSON.parse((await run(there)).out), snapshot);
  const csv = (await run({ ...there, format: 'csv' })).out.split('\r\n');
  assert.match(csv[0] ?? '', /^time,kind,name,/);
  assert.match(csv[1] ?? '', /^2026-01-31T12:00:00\.000Z,node,node-1,.*,45\.25,4525,1\.2,/);
  assert.match(
    csv[5] ?? '',
    /,process,"a,""b""",,7,.*,running,,10,0\.5,5,measured,/,
    'an unknown power is empty',
  );
  assert.equal((await run({ ...there, format: 'prometheus' })).out, 'kisimd_intervals_total 1\n');
});

test('without a daemon it says so', async () => {
  const there = await daemon((_, response) => response.end());
  for (const end of ends.splice(0)) await end();
  await assert.rejects(run(there), { code: 'KISIM_E_CLI_NO_DAEMON' });
});

test('a daemon without an interval, or one that fails, is told', async () => {
  const waiting = await daemon((_, response) => {
    response.statusCode = 503;
    response.end('{"error":"no interval"}');
  });
  await assert.rejects(run(waiting), { code: 'KISIM_E_CLI_DAEMON_ANSWER' });
  await assert.rejects(run({ ...waiting, format: 'prometheus' }), { code: 'KISIM_E_CLI_DAEMON_ANSWER' });
});

test('options that contradict each other are refused', async () => {
  await assert.rejects(run({ db: '/x' }), { code: 'KISIM_E_USAGE' });
  await assert.rejects(run({ since: '1h', format: 'prometheus' }), { code: 'KISIM_E_USAGE' });
  await assert.rejects(run({ since: '1h', every: '0s', db: '/x' }), { code: 'KISIM_E_USAGE' });
});

function aHistory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-export-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'energy.db');
  const history = new History({
    config: {
      enabled: true,
      path,
      recentHours: 2,
      blockDays: 30,
      minuteDays: 30,
      processMinuteDays: 7,
      hourDays: 3650,
      decisionDays: 365,
      busyTimeoutMilliseconds: 1000,
    },
    log: silentLogger,
    clock: systemClock,
  });
  history.open();
  const begin = Math.floor(Date.now() / 60_000) * 60_000 - 300_000;
  const pod = anEntity('pod', 'web-1', { namespace: 'default', podUid: 'u1', key: 'pod:u1' });
  for (let second = 1; second <= 120; second++) {
    history.accept(
      anInterval(
        second,
        [zoneInterval(aZone(), { idle: 5, active: 2 })],
        [share(pod, [2], { cpuSeconds: 0.5 })],
        {
          startUnixMilliseconds: begin + (second - 1) * 1000,
          endUnixMilliseconds: begin + second * 1000,
        },
      ),
    );
  }
  history.close();
  return path;
}

test('the history as JSON lines and CSV holds every joule once', async () => {
  const db = aHistory();
  const { out } = await run({ since: '10m', db, by: ['pod'] });
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { joules: number; name: string; kind: string });
  assert.ok(rows.every(({ name, kind }) => name === 'web-1' && kind === 'pod'));
  assert.equal(Math.round(rows.reduce((sum, { joules }) => sum + joules, 0)), 240);
  const csv = (await run({ since: '10m', db, by: ['pod'], format: 'csv' })).out.trim().split('\r\n');
  assert.equal(csv.length, rows.length + 1);
  const all = (await run({ since: '10m', db })).out;
  for (const kind of ['node', 'idle', 'zone', 'pod']) assert.match(all, new RegExp(`"kind":"${kind}"`));
});

test('windows join without a gap and break at whole steps', () => {
  assert.deepEqual(
    [...windows(50, 250, 100)].map((w) => [w.sinceUnixMilliseconds, w.untilUnixMilliseconds]),
    [
      [50, 100],
      [100, 200],
      [200, 250],
    ],
  );
  assert.deepEqual([...windows(5, 5, 100)], []);
});

test('CSV quotes what has to be quoted and leaves the unknown empty', () => {
  assert.equal(csvLine(['a', 'b,"c"', null, undefined, 0, 'x\ny']), 'a,"b,""c""",,,0,"x\ny"\r\n');
});

test('a snapshot with unknown node power has empty fields, not zeros', () => {
  const unknown = nowSnapshotOf([], { node: { watts: null, cpus: null } });
  assert.match(snapshotCsv(unknown).split('\r\n')[1] ?? '', /,node,node-1,,,,,,,,,,4525,,,measured,$/);
});
