import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import type { Config } from '../../../../src/config/config.ts';
import { defaultConfig } from '../../../../src/config/defaults.ts';
import { simulatedNodes } from '../../../../src/controller/simulated/simulated-nodes.ts';
import { SimulatedPlacement } from '../../../../src/daemon/placement/simulated-placement.ts';
import { History } from '../../../../src/history/history.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { placementWeights } from '../../../../src/policy/energy/weights.ts';
import { clusterDigest } from '../../../../src/policy/learned/cluster-digest.ts';
import { ModelStore } from '../../../../src/policy/learned/model-store.ts';
import { silentLogger } from '../../../../src/util/log.ts';
import { PlayedTime } from '../../../support/played-time.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { modelBytes } from '../../../support/trained-model.ts';
import { fakeHost } from '../fake-host.ts';

/** The history of the simulated cluster under `auto`, as a daemon keeps it, and what the loop came to. */
async function watched(t: TestContext, hours: number) {
  const base = defaultConfig({}, { hostname: 'host', uid: 1000, homeDirectory: undefined });
  const path = join(temporaryFolder(t), 'energy.db');
  const config: Config = {
    ...base,
    history: { ...base.history, path },
    placement: { ...base.placement, cluster: 'simulated' },
  };
  const history = new History({ config: config.history, log: silentLogger, defer: (write) => write() });
  history.open();
  const time = new PlayedTime();
  const options = { config, time, log: silentLogger, seed: 3 };
  const placement = new SimulatedPlacement({ ...options, sink: history, records: history });
  placement.start();
  await time.play(hours * 3_600_000);
  const stopped = placement.stop();
  await time.play(6_000);
  await stopped;
  history.close();
  return { path, config, again: () => new SimulatedPlacement({ ...options, sink: history }) };
}

test('it finds the best policy of the cluster that the history shows, and a daemon with `auto` goes by it', async (t) => {
  const { path, again } = await watched(t, 1.2);
  const digest = clusterDigest(simulatedNodes());
  const store = new ModelStore(join(path, '..', 'models'));
  const wasteful = { name: 'w', unit: 'points', weights: placementWeights({ 'active-energy': -1 }) } as const;
  store.use('m', modelBytes(wasteful, marginalRunOut, digest), '{}', 'before');
  assert.equal(again().status.policy, 'auto:learned');

  const host = fakeHost();
  const words = [
    'model',
    'choose',
    '--use',
    '--json',
    '--cluster',
    'simulated',
    '--db',
    path,
    '--seconds',
    '0.01',
  ];
  assert.equal(await runCli([...words, '--store', store.folder], host), 0, host.err());
  const told = JSON.parse(host.out());
  assert.equal(told.cluster, digest);
  assert.equal(told.used, true);
  assert.equal(told.models[0].what, 'of this cluster');
  assert.ok(told.models[0].low > 0);
  assert.ok(told.standings.length > 10);
  const choice = store.choice(digest)!;
  assert.equal(choice.rule.name, told.rule);
  assert.deepEqual(choice.refused, [store.current(digest)!.sha256]);

  assert.equal(again().status.policy, `auto:${told.rule}`);
});

test('a cluster that no history shows is told with its code, and nothing is kept', async (t) => {
  const host = fakeHost();
  const path = join(temporaryFolder(t), 'energy.db');
  assert.equal(await runCli(['model', 'choose', '--db', path], host), 1);
  assert.match(host.err(), /^KISIM_E_HISTORY_/);
  const both = ['--for-cluster', '--manifests', 'x.yaml'];
  assert.equal(await runCli(['model', 'choose', ...both], fakeHost()), 2);
});
