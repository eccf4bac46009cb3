import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import type { Config } from '../../../src/config/config.ts';
import { defaultConfig } from '../../../src/config/defaults.ts';
import { Daemon } from '../../../src/daemon/daemon.ts';
import { History } from '../../../src/history/history.ts';
import { type LogFields, silentLogger } from '../../../src/util/log.ts';
import { SyntheticHost } from '../../support/synthetic-host.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function setUp(t: TestContext, change: (config: Config) => Config = (config) => config) {
  const host = new SyntheticHost();
  t.after(() => host.remove());
  const defaults = defaultConfig({}, { hostname: 'h', uid: 0, homeDirectory: undefined });
  const path = join(temporaryFolder(t), 'energy.db');
  const config = change({
    ...defaults,
    roots: host.roots,
    meter: { ...defaults.meter, sources: ['rapl-powercap'], processClock: 'stat', intervalMilliseconds: 20 },
    history: { ...defaults.history, path, busyTimeoutMilliseconds: 1 },
    export: { ...defaults.export, port: 0 },
    placement: { ...defaults.placement, cluster: 'off' },
  });
  const events: [string, LogFields | undefined][] = [];
  const note = (event: string, fields?: LogFields) => void events.push([event, fields]);
  const log = { ...silentLogger, info: note, warn: note, error: note };
  const daemon = new Daemon(config, { log, env: {}, version: '0.0.0' });
  const url = () => {
    const fields = events.find(([event]) => event === 'listening')![1]!;
    return `http://${fields['address']}:${fields['port']}`;
  };
  return { daemon, config, path, events, url };
}

function assertUnlocked({ config }: { readonly config: Config }): void {
  const history = new History({ config: config.history, log: silentLogger });
  history.open();
  assert.equal(history.close(), true);
}

test('runs, stops, and leaves neither lock nor port', async (t) => {
  const bench = setUp(t);
  await bench.daemon.start();
  const url = bench.url();
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.equal(await bench.daemon.stop(), true);
  await assert.rejects(fetch(`${url}/healthz`));
  assertUnlocked(bench);
});

test('without a cluster the simulated one is placed on, and its decisions are kept as such', async (t) => {
  const bench = setUp(t, (config) => ({ ...config, placement: { ...config.placement, cluster: 'auto' } }));
  await bench.daemon.start();
  assert.ok(bench.events.some(([event]) => event === 'simulated-cluster'));
  assert.equal(await bench.daemon.stop(), true);
  assertUnlocked(bench);
});

test('a cluster that is not there does not stop the meter', async (t) => {
  const bench = setUp(t, (config) => ({
    ...config,
    placement: { ...config.placement, cluster: 'live' },
    kubernetes: { ...config.kubernetes, kubeconfig: '/nonexistent/kubeconfig' },
  }));
  await bench.daemon.start();
  assert.equal((await fetch(`${bench.url()}/healthz`)).status, 200);
  assert.equal(await bench.daemon.stop(), true);
  const [, fields] = bench.events.find(([event]) => event === 'placement-not-started')!;
  const error = fields!['error'] as { code: string };
  assert.equal(error.code, 'KISIM_E_KUBE_NO_CLUSTER');
});

test('an unknown policy is told before anything is started', (t) => {
  const bench = setUp(t, (config) => ({
    ...config,
    placement: { ...config.placement, cluster: 'simulated', policy: 'nonsense' },
  }));
  return assert.rejects(bench.daemon.start(), { code: 'KISIM_E_POLICY_UNKNOWN' });
});

test('a start that fails at the last part leaves neither lock nor port', async (t) => {
  const bench = setUp(t, (config) => ({ ...config, roots: { ...config.roots, sys: '/nonexistent' } }));
  await assert.rejects(bench.daemon.start(), { code: 'KISIM_E_METER_NO_SOURCE' });
  await assert.rejects(fetch(`${bench.url()}/healthz`));
  assertUnlocked(bench);
});

test('stop during start: the start is refused with a code and nothing is left running', async (t) => {
  const bench = setUp(t);
  const start = bench.daemon.start();
  const stop = bench.daemon.stop();
  await assert.rejects(start, { code: 'KISIM_E_DAEMON_STOPPED' });
  assert.equal(await stop, true);
  assertUnlocked(bench);
});

test('stop without start, and a second stop, do nothing', async (t) => {
  const { daemon } = setUp(t);
  assert.equal(await daemon.stop(), true);
  await daemon.start();
  assert.equal(await daemon.stop(), true);
  assert.equal(await daemon.stop(), true);
});

test('seconds that the history could not keep at the stop are an error and not silence', async (t) => {
  const { daemon, path, events } = setUp(t);
  await daemon.start();
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');
  assert.equal(await daemon.stop(), false);
  other.exec('ROLLBACK');
  other.close();
  const [, fields] = events.find(([event]) => event === 'service-stop-failed')!;
  assert.equal(fields!['service'], 'history');
  assert.equal((fields!['error'] as { code: string }).code, 'KISIM_E_DAEMON_HISTORY_LOST');
});

test('without history and export it meters all the same', async (t) => {
  const { daemon, events } = setUp(t, (config) => ({
    ...config,
    history: { ...config.history, enabled: false },
    export: { ...config.export, enabled: false },
  }));
  await daemon.start();
  assert.equal(await daemon.stop(), true);
  assert.deepEqual(
    events.map(([event]) => event).filter((event) => ['listening', 'ready', 'stopped'].includes(event)),
    ['ready', 'stopped'],
  );
});
