import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli } from '../../../src/cli/program.ts';
import { PAUSE_CONFIG_MAP } from '../../../src/kubernetes/names.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { fakeHost } from './fake-host.ts';

async function cluster(t: TestContext) {
  const server = await FakeApiServer.start();
  server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'energy' } });
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-pause-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig);
  t.after(async () => {
    rmSync(folder, { recursive: true });
    await server.close();
  });
  const run = async (...argv: readonly string[]) => {
    const host = fakeHost();
    const status = await runCli(
      [...argv, '--cluster', '--kubeconfig', kubeconfig, '--namespace', 'energy'],
      host,
    );
    return { status, out: host.out() };
  };
  return { server, run };
}

test('pause --cluster and resume --cluster write and remove the ConfigMap, and say which', async (t) => {
  const { server, run } = await cluster(t);
  const paused = await run('pause', '--reason', 'node swap');
  assert.equal(paused.status, 0);
  assert.match(paused.out, /^placement is paused: ConfigMap energy\/kisimd-pause at /);
  const { data } = server.find('ConfigMap', PAUSE_CONFIG_MAP, 'energy') as unknown as { data: object };
  assert.deepEqual(data, { paused: 'true', reason: 'node swap' });
  assert.equal((await run('resume')).out, 'placement goes on (was paused: node swap)\n');
  assert.equal(server.find('ConfigMap', PAUSE_CONFIG_MAP, 'energy'), undefined);
});

test('resume --cluster --json says that nothing was paused', async (t) => {
  const { run } = await cluster(t);
  const { paused, wasPaused, configMap } = JSON.parse((await run('resume', '--json')).out);
  assert.deepEqual(
    { paused, wasPaused, configMap },
    { paused: false, wasPaused: false, configMap: 'energy/kisimd-pause' },
  );
});
