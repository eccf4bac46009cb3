import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { runCli } from '../../../src/cli/program.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { fakeHost } from './fake-host.ts';

test('the configuration for the scheduler is printed without a cluster, and fits the options', async () => {
  const host = fakeHost();
  const words = ['--print-config', '--port', '9999', '--time-limit', '300ms', '--strength', 'required'];
  assert.equal(await runCli(['extender', ...words], host), 0);
  assert.deepEqual(parse(host.out()), {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    extenders: [
      {
        urlPrefix: 'http://127.0.0.1:9999/kisimd',
        filterVerb: 'filter',
        prioritizeVerb: 'prioritize',
        weight: 13,
        httpTimeout: '350ms',
        nodeCacheCapable: true,
        ignorable: true,
      },
    ],
  });
  const json = fakeHost();
  await runCli(['extender', '--print-config', '--json', '--host', '::1'], json);
  const [extender] = (JSON.parse(json.out()) as { extenders: Record<string, unknown>[] }).extenders;
  assert.equal(extender!['urlPrefix'], 'http://[::1]:28284/kisimd');
  assert.equal(extender!['filterVerb'], undefined);
});

test('watches the cluster and answers what the scheduler asks, until it is to stop', async (t) => {
  const server = await FakeApiServer.start();
  t.after(() => server.close());
  const labels = { 'kisimd.io/placement': 'enabled' };
  server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team', labels } });
  for (const name of ['n1', 'n2'])
    server.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { allocatable: { cpu: '8', memory: '16Gi', pods: '110' } },
    });
  const pod = server.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'team' },
    spec: { containers: [{ name: 'main', image: 'registry.example/base:1' }] },
  });
  const file = join(temporaryFolder(t), 'kubeconfig');
  writeFileSync(file, server.kubeconfig);
  const stop = new AbortController();
  const host = { ...fakeHost(), signal: stop.signal };
  const words = ['--kubeconfig', file, '--port', '0', '--policy', 'best-fit', '--time-limit', '5s'];
  const running = runCli(['extender', ...words], host);
  let ended = false;
  void running.then(() => {
    ended = true;
  });
  while (!ended && !host.err().includes('cluster-known'))
    await new Promise((resolve) => setImmediate(resolve));
  const url = host.out().trim();
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/kisimd$/);
  const ask = async (NodeNames: readonly string[]): Promise<unknown> => {
    const body = JSON.stringify({ Pod: pod, Nodes: null, NodeNames });
    return await (await fetch(`${url}/prioritize`, { method: 'POST', body })).json();
  };
  assert.deepEqual(await ask(['n2']), [{ Host: 'n2', Score: 10 }]);
  const both = (await ask(['n1', 'n2'])) as { Score: number }[];
  assert.deepEqual(both.map(({ Score }) => Score).toSorted(), [0, 10]);
  assert(server.requests.every(({ method }) => method === 'GET'));
  stop.abort();
  assert.equal(await running, 0);
});

test('bad input is told before anything is begun', async () => {
  for (const [words, code, status] of [
    [['--port', '70000'], 'KISIM_E_USAGE', 2],
    [['--time-limit', 'soon'], 'KISIM_E_DURATION', 2],
    [['--policy', 'none-such', '--kubeconfig', '/nowhere'], 'KISIM_E_POLICY_UNKNOWN', 1],
    [['--kubeconfig', '/nowhere'], 'KISIM_E_KUBE_NO_CLUSTER', 1],
  ] as const) {
    const host = fakeHost();
    assert.equal(await runCli(['extender', ...words], host), status);
    assert.match(host.err(), new RegExp(`^${code}`));
  }
});
