import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import type { NowSnapshot } from '../../src/export/now-snapshot.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function start(t: TestContext, settings: readonly string[]): DaemonProcess {
  const daemon = DaemonProcess.run(settings);
  t.after(() => daemon.destroy());
  return daemon;
}

/** Asks until the answer is 200: the first interval ends one interval after the start. */
async function ready(daemon: DaemonProcess): Promise<string> {
  const url = await daemon.url();
  await daemon.event('ready');
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { status } = await fetch(`${url}/readyz`);
    if (status === 200) return url;
    assert.ok(Date.now() < deadline, `not ready: ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Resolves with the exit status; fails where it takes longer than five seconds. */
async function terminate(daemon: DaemonProcess): Promise<number | null> {
  const asked = performance.now();
  daemon.kill('SIGTERM');
  const { status } = await daemon.ended;
  const took = performance.now() - asked;
  assert.ok(took < 5000, `it took ${took} ms to stop`);
  return status;
}

test('meters this machine, tells it over HTTP, keeps it, and stops at SIGTERM', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'energy.db');
  const daemon = start(t, [`history.path=${path}`, 'export.port=0']);
  const url = await ready(daemon);

  const now = (await (await fetch(`${url}/v1/now`)).json()) as NowSnapshot;
  assert.equal(now.node.provenance, 'estimated');
  assert.deepEqual(now.node.sources, ['estimated']);
  assert.ok(now.node.watts! > 0 && now.node.joules > 0);
  assert.ok(now.node.cpuCount >= 1 && now.node.processCount >= 1);
  const { node } = now;
  const parts = node.idleWatts! + node.activeWatts! + node.unattributedWatts!;
  assert.ok(Math.abs(parts / node.watts! - 1) < 0.001, `${parts} W of ${node.watts} W`);

  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^# TYPE kepler_node_cpu_joules_total counter$/m);
  assert.match(metrics, /^kepler_node_cpu_watts\{[^}]*\} [0-9.]+$/m);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);

  // A scraper that keeps its connection, and one that never says anything, do not hold up the stop.
  const agent = new Agent({ keepAlive: true });
  const [response] = await once(get(`${url}/healthz`, { agent }), 'response');
  response.resume();
  await once(response, 'end');
  const silent = connect(Number(new URL(url).port), '127.0.0.1');
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  assert.equal(await terminate(daemon), 0);
  agent.destroy();
  silent.destroy();

  assert.deepEqual(daemon.log.at(-1)!['failed'], []);
  const db = new Database(path, { readonly: true });
  t.after(() => db.close());
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
  assert.ok((db.prepare('SELECT count(*) FROM recent').pluck().get() as number) > 0);
  assert.ok(!existsSync(`${path}-wal`), 'a clean stop leaves one file');
});

test('a second daemon on the same database ends with a code and leaves the first one alone', async (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const first = start(t, [`history.path=${path}`, 'export.port=0']);
  const url = await ready(first);
  const second = start(t, [`history.path=${path}`, 'export.port=0']);
  assert.deepEqual(await second.ended, { status: 1, signal: null });
  assert.match(second.text, /^KISIM_E_HISTORY_LOCKED: /m);
  assert.equal(second.log.filter(({ event }) => event === 'listening' || event === 'ready').length, 0);
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  assert.equal(await terminate(first), 0);
});

test('a port that is in use is a coded error, and the history is free again', async (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  const refused = start(t, [`history.path=${path}`, `export.port=${port}`]);
  assert.deepEqual(await refused.ended, { status: 1, signal: null });
  assert.match(refused.text, /^KISIM_E_EXPORT_PORT_IN_USE: /m);
  const next = start(t, [`history.path=${path}`, 'export.port=0']);
  await ready(next);
  assert.equal(await terminate(next), 0);
});

test('no source of energy is a coded error with nothing left running', async (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const nothing = `roots.sys=${temporaryFolder(t)}`;
  const settings = [`history.path=${path}`, 'export.port=0', 'meter.sources=rapl-powercap', nothing];
  const daemon = start(t, settings);
  assert.deepEqual(await daemon.ended, { status: 1, signal: null });
  assert.match(daemon.text, /^KISIM_E_METER_NO_SOURCE: /m);
});

test('after kill -9 it goes on with the same database and what it had learned', async (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const settings = [`history.path=${path}`, 'export.port=0'];
  const first = start(t, settings);
  await ready(first);
  assert.equal(await terminate(first), 0);
  const stored = () => {
    const db = new Database(path, { readonly: true });
    try {
      const rows = db.prepare('SELECT count(*) FROM recent').pluck().get() as number;
      const text = db.prepare("SELECT value FROM state WHERE key = 'idle-models'").pluck().get();
      return { rows, models: JSON.parse(String(text)) as Record<string, { weights: number[] }> };
    } finally {
      db.close();
    }
  };
  const before = stored();
  const seconds = (models: Record<string, { weights: number[] }>) =>
    models['node-estimated']!.weights.reduce((sum, weight) => sum + weight, 0);
  assert.ok(seconds(before.models) > 0);

  const killed = start(t, settings);
  await ready(killed);
  killed.kill('SIGKILL');
  assert.equal((await killed.ended).signal, 'SIGKILL');

  const last = start(t, settings);
  await ready(last);
  assert.equal(await terminate(last), 0);
  assert.equal(last.log.filter(({ level }) => level === 'error').length, 0);
  const after = stored();
  assert.ok(after.rows >= before.rows);
  assert.ok(seconds(after.models) > seconds(before.models), 'it learned on from what was kept');
});

test('a signal that comes while it starts stops it as cleanly', async (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const daemon = start(t, [`history.path=${path}`, 'export.port=0']);
  await daemon.event('listening');
  assert.equal(await terminate(daemon), 0);
  assert.ok(!existsSync(`${path}-wal`));
});
