import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { LivePlacement } from '../../src/daemon/placement/live-placement.ts';
import { replacement } from '../../src/daemon/placement/replacement.ts';
import type { DecisionRecord } from '../../src/history/decision-record.ts';
import type { ApiPod } from '../../src/kubernetes/api-objects.ts';
import { systemClock } from '../../src/util/clock.ts';
import { recordingLogger } from '../support/open-history.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';

/** n1 costs 400 W more than the others at full load. */
const table = `nodes:
  - match: {name: n1}
    power: {curve: [100, 600]}
  - match: {name: "n?"}
    power: {curve: [100, 200]}
`;

describe('re-placement on the real API server, scheduler and controllers', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  const records: DecisionRecord[] = [];
  const bound: (readonly [uid: string, node: string])[] = [];
  const running: LivePlacement[] = [];
  let cluster: ActingCluster;
  const deployments = `/apis/apps/v1/namespaces/${TEAM}/deployments`;

  const podsOf = async (app: string) => {
    const { items } = await cluster.read<{ items: ApiPod[] }>(`/api/v1/namespaces/${TEAM}/pods`);
    return items.filter(
      ({ metadata }) => metadata?.labels?.['app'] === app && metadata.deletionTimestamp === undefined,
    );
  };

  /** Of one pod, which goes to n1, the only open node. */
  const deploy = async (app: string, labels: Readonly<Record<string, string>> = {}) => {
    await cluster.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: app, namespace: TEAM },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app } },
        template: {
          metadata: { labels: { app, ...labels } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '4', memory: '1Gi' } } }],
          },
        },
      },
    });
    return await waitFor(`${app} on n1`, 30, async () =>
      (await podsOf(app)).find(({ spec }) => spec?.nodeName === 'n1'),
    );
  };
  const cordonAllButOne = async (unschedulable: boolean) => {
    for (const name of ['n2', 'n3']) {
      const path = `/api/v1/nodes/${name}`;
      const body = { spec: { unschedulable } };
      const { status } = await cluster.admin.request({ method: 'PATCH', path, patchType: 'merge', body });
      assert.equal(status, 200);
    }
  };
  const start = async (...more: string[]) => {
    const { folder } = cluster.plane;
    const file = join(folder, 'nodes.yaml');
    writeFileSync(file, table);
    const set = [
      `kubernetes.kubeconfig=${join(folder, 'kisimd.kubeconfig')}`,
      `history.path=${join(folder, 'energy.db')}`,
      `placement.node-table=${file}`,
      // By itself it would take n1 again.
      'placement.policy=best-fit',
      'placement.strength=required',
      'replacement.enabled=true',
      'replacement.evictions-per-hour=10000',
      'replacement.restart-joules=50',
      'replacement.payback-seconds=5',
      ...more,
    ];
    const { log, events } = recordingLogger();
    const placement = new LivePlacement({
      config: loadConfig({ env: {}, flags: { set } }).config,
      log,
      clock: systemClock,
      env: {},
      extras: [replacement],
      sink: {
        record: (decision) => void records.push(decision),
        bound: (uid, node) => void bound.push([uid, node]),
      },
    });
    running.push(placement);
    placement.start();
    assert.equal(await placement.synced, true);
    return events;
  };

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
    cluster.plane.startScheduler().output.resume();
    await cluster.plane.startControllerManager();
  });
  after(async () => {
    for (const placement of running) await placement.stop();
    cleanups.run();
  });

  test('a pod on a dear node is evicted, and the one in its place goes where it was meant to', async () => {
    // Before the loop lists the nodes: a watch of its own would hear of it later than of the pods.
    await cordonAllButOne(true);
    await start('replacement.enabled=false');
    const old = await deploy('web');
    await deploy('fixed', { 'kisimd.io/skip': '' });
    await running.pop()!.stop();
    await cordonAllButOne(false);
    records.length = 0;
    const events = await start();
    const moved = await waitFor('a move', 90, () => records.find(({ outcome }) => outcome === 'evicted'));
    assert.deepEqual(
      [moved.pod, moved.policy, moved.uid],
      [old.metadata!.name, 're-placement', old.metadata!.uid],
    );
    assert.ok(['n2', 'n3'].includes(moved.node!), moved.node);
    // 4 of 16 cores: 125 W there and 25 W here, for 5 s.
    assert.deepEqual(
      moved.terms.map(({ term, amount }) => [term, Math.round(amount)]),
      [
        ['restart', 50],
        ['saved', -500],
      ],
    );
    const next = await waitFor('the pod in its place', 30, async () =>
      (await podsOf('web')).find(({ spec }) => spec?.nodeName !== undefined),
    );
    assert.equal(next.spec?.nodeName, moved.node);
    await waitFor('the truth', 10, () => bound.some(([uid, on]) => uid === moved.uid && on === moved.node));
    assert.equal((await podsOf('fixed'))[0]?.spec?.nodeName, 'n1');
    assert.deepEqual(
      events.filter(({ level }) => level === 'error'),
      [],
    );
  });
});
