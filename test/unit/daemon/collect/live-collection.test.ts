import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../../src/config/load.ts';
import { LiveCollection } from '../../../../src/daemon/collect/live-collection.ts';
import { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import { summaryPath } from '../../../../src/kubernetes/energy/kubelet-summary.ts';
import type { KubeApi } from '../../../../src/kubernetes/kube-api.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { silentLogger } from '../../../../src/util/log.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { systemSleep } from '../../../../src/util/sleep.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { openHistory } from '../../../support/open-history.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const GIB = 2 ** 30;
const SUMMARIES = new Map(['n1', 'n2'].map((name) => [summaryPath(name), name]));

/** What kubelets say through the server: so many GiB in use on the second as on the first. */
function withKubelets(api: KubeApi): KubeApi {
  return {
    name: api.name,
    request: (request) => {
      const node = SUMMARIES.get(request.path);
      if (node === undefined) return api.request(request);
      const memory = { workingSetBytes: node === 'n1' ? 2 * GIB : 6 * GIB };
      const cpu = { time: new Date().toISOString(), usageCoreNanoSeconds: Date.now() * 1e6 };
      return Promise.resolve({ status: 200, body: { node: { nodeName: node, cpu, memory }, pods: [] } });
    },
    watch: (request) => api.watch(request),
  };
}

test('what kubelets say is kept by node, and summed up in the states; an account without events is told', async (t) => {
  const fake = await FakeApiServer.start();
  t.after(() => fake.close());
  for (const name of SUMMARIES.values())
    fake.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { allocatable: { cpu: '8', memory: '16Gi', pods: '110' } },
    });
  fake.forbidden.add('watch events');
  const kubeconfig = join(temporaryFolder(t), 'kubeconfig');
  writeFileSync(kubeconfig, fake.kubeconfig);
  const client = await ClientNodeApi.fromKubeconfig({ file: kubeconfig });
  t.after(() => client.close());
  const { history, rows, value } = openHistory(t);
  const stop = new AbortController();
  const notes: string[] = [];
  const collection = new LiveCollection({
    config: loadConfig({ env: { KISIMD_CONFIG: '/dev/null' }, flags: {} }).config,
    api: withKubelets(client),
    store: history,
    workload: undefined,
    namespace: undefined,
    metrics: [],
    intervalMilliseconds: 100,
    forMilliseconds: undefined,
    before: { elapsedMilliseconds: 0, createdJobs: 0 },
    lastUnixMilliseconds: undefined,
    record: { namespace: undefined, strategy: undefined, seed: undefined, workload: undefined },
    onProgress: () => {
      if (Number(value('select count(*) from cluster_state where used_memory is not null')) > 0) stop.abort();
    },
    note: (text) => void notes.push(text),
    clock: systemClock,
    random: seededRandom(1),
    sleep: systemSleep,
    log: silentLogger,
  });
  const { ended, samples } = await collection.run(stop.signal);
  assert.equal(ended, 'stopped');
  assert.ok(samples >= 1);
  history.flush();
  assert.deepEqual(
    rows(
      'select c.name, u.source, u.memory from node_use u join cluster_node c on c.id = u.n group by 1 order by 1',
    ),
    [
      { name: 'n1', source: 'kubelet', memory: 2 * GIB },
      { name: 'n2', source: 'kubelet', memory: 6 * GIB },
    ],
  );
  assert.deepEqual(
    rows(
      'select avg_memory_utilization, avg_cpu_utilization, total_cpu_capacity from cluster_states order by unix_ms desc limit 1',
    ),
    [{ avg_memory_utilization: 0.25, avg_cpu_utilization: null, total_cpu_capacity: 16 }],
  );
  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /watch events/);
});
