import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveCluster } from '../../../../src/controller/live-cluster.ts';
import type { LiveParts } from '../../../../src/daemon/placement/live-parts.ts';
import { runRecorder } from '../../../../src/daemon/placement/run-recorder.ts';
import { ClusterWatcher } from '../../../../src/kubernetes/cluster-watcher.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { silentLogger } from '../../../../src/util/log.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import { KeptRecords } from '../../../support/kept-records.ts';
import { PlayedTime } from '../../../support/played-time.ts';

test('what runs on a cluster is kept; only who leads has the use of pods read', async (t) => {
  const { server, api, close } = await connectedFake();
  t.after(close);
  server.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'a', labels: { zone: 'z' } },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
  });
  const containers = [{ name: 'c', image: 'x', resources: { requests: { cpu: '1', memory: '1Gi' } } }];
  server.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers, nodeName: 'a', nodeSelector: { zone: 'z' } },
  });
  const book = new LiveCluster();
  const watcher = new ClusterWatcher({
    api,
    sink: book,
    random: seededRandom(1),
    trouble: () => undefined,
  });
  watcher.start();
  t.after(() => watcher.stop());
  await watcher.synced;
  const records = new KeptRecords();
  const leadership = { isLeader: false, told: [] as (() => void)[] };
  let listeners = 0;
  const energy = {
    reader: () => ({
      read: async () => ({ unixMilliseconds: 0, nodes: new Map(), missing: new Map() }),
    }),
    listen: () => {
      listeners++;
      return () => listeners--;
    },
  };
  const time = new PlayedTime();
  const parts = {
    api,
    config: { kubernetes: { namespace: 'kisimd' }, placement: { mode: 'act' } },
    watcher,
    book,
    time,
    clock: systemClock,
    log: silentLogger,
    records,
    energy,
    leadership: {
      get isLeader() {
        return leadership.isLeader;
      },
      subscribe: (listener: () => void) => {
        leadership.told.push(listener);
        return () => leadership.told.splice(0);
      },
    },
  } as unknown as LiveParts;
  const change = (isLeader: boolean) => {
    leadership.isLeader = isLeader;
    for (const told of leadership.told) told();
  };
  assert.equal(runRecorder({ ...parts, records: undefined }), undefined);
  const service = runRecorder(parts)!;
  await service.start();
  assert.deepEqual(
    records.pods.map(({ pod, node, cpuMilli }) => [pod, node, cpuMilli]),
    [['web', 'a', 1000]],
  );
  assert.deepEqual(
    records.nodes.map(({ node, cpuMilli, labels }) => [node, cpuMilli, labels]),
    [['a', 4000, { zone: 'z' }]],
  );
  assert.equal(records.watched.length, 1);
  // The watch holds nothing of it.
  while (records.pods.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const { nodeSelector } = records.pods[1]!.scheduling as { readonly nodeSelector: object };
  assert.deepEqual(nodeSelector, { zone: 'z' });
  assert.equal(listeners, 0);
  change(true);
  assert.equal(listeners, 1);
  change(false);
  assert.equal(listeners, 0);
  change(true);
  await service.stop();
  assert.equal(listeners, 0);
  assert.equal(leadership.told.length, 0);
});
