import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { PlacementView } from '../../src/export/placement-view.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = fileURLToPath(new URL('../../scripts/kisimd', import.meta.url));

test('without a cluster the whole loop turns on the simulated one: decisions, history, explanations, metrics, all labelled', async (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const daemon = DaemonProcess.run([
    `history.path=${path}`,
    'export.port=0',
    'placement.cluster=simulated',
    'placement.policy=marginal-run-out',
  ]);
  t.after(() => daemon.destroy());
  assert.equal((await daemon.event('simulated-cluster'))['cluster'], 'simulated');
  const url = await daemon.url();
  const view = async () => (await (await fetch(`${url}/v1/placement`)).json()) as PlacementView;
  const deadline = Date.now() + 30_000;
  let seen = await view();
  while (seen.placed < 5) {
    assert.ok(Date.now() < deadline, JSON.stringify(seen));
    await new Promise((resolve) => setTimeout(resolve, 100));
    seen = await view();
  }
  assert.equal(seen.cluster, 'simulated');
  assert.equal(seen.policy, 'marginal-run-out');
  assert.ok(seen.simulated!.placed.joules > 0);
  assert.deepEqual(
    seen.simulated!.twins.map(({ policy }) => policy),
    ['round-robin', 'kube-scheduler'],
  );

  const metrics = (await (await fetch(`${url}/metrics`)).text()).split('\n');
  const ours = metrics.filter((line) => /^kisimd_(placement|simulated)_/.test(line));
  assert.ok(ours.length > 10);
  for (const line of ours) assert.match(line, /cluster="simulated"/);
  for (const line of ours.filter((each) => each.includes('joules'))) assert.match(line, /source="simulated"/);
  // The meter tells of this machine alone: no joule of the simulated nodes is among its own.
  for (const line of metrics) if (line.startsWith('kepler_')) assert.doesNotMatch(line, /simulated|sim-epyc/);

  daemon.kill('SIGTERM');
  assert.equal((await daemon.ended).status, 0);

  const db = new Database(path, { readonly: true });
  t.after(() => db.close());
  const rows = db.prepare<[], Record<string, unknown>>('SELECT * FROM decisions').all();
  assert.ok(rows.length >= 5);
  for (const row of rows) {
    assert.equal(row['cluster'], 'simulated');
    assert.equal(row['reference'], 'round-robin');
  }
  assert.ok(rows.some(({ node, bound }) => node === bound));

  const runs = db.prepare<[], Record<string, unknown>>('SELECT * FROM pod_runs').all();
  assert.ok(runs.length >= 5);
  for (const run of runs) assert.equal(run['cluster'], 'simulated');

  const { pod } = rows.find(({ outcome }) => outcome === 'placed') as { pod: string };
  const { status, stdout } = spawnSync(program, ['explain', `simulated/${pod}`, '--db', path], {
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  assert.match(stdout, /simulated/);
  assert.match(stdout, /in the simulated cluster: sent to sim-/);
  assert.match(stdout, /round-robin would have chosen/);
});
