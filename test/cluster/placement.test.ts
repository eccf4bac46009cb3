import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { LivePlacement } from '../../src/daemon/placement/live-placement.ts';
import type { DecisionRecord } from '../../src/history/decision-record.ts';
import type { ApiPod } from '../../src/kubernetes/api-objects.ts';
import { DECIDED_BY_ANNOTATION, NODE_ANNOTATION } from '../../src/kubernetes/names.ts';
import { systemClock } from '../../src/util/clock.ts';
import { recordingLogger } from '../support/open-history.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ActingCluster, TEAM } from './support/acting-cluster.ts';
import { outsideNamespace } from './support/in-namespace.ts';

describe('the placement service on the real API server, with its own account', {
  skip: outsideNamespace,
}, () => {
  const cleanups = new Cleanups();
  const services: LivePlacement[] = [];
  const records: DecisionRecord[] = [];
  let cluster: ActingCluster;

  const started = (...more: string[]) => {
    const folder = cluster.plane.folder;
    const set = [
      `kubernetes.kubeconfig=${join(folder, 'kisimd.kubeconfig')}`,
      `history.path=${join(folder, 'energy.db')}`,
      'placement.strength=required',
      'placement.policy=best-fit',
      ...more,
    ];
    const { log, events } = recordingLogger();
    const placement = new LivePlacement({
      config: loadConfig({ env: {}, flags: { set } }).config,
      log,
      clock: systemClock,
      env: {},
      extras: [],
      sink: { record: (decision) => void records.push(decision), bound: () => undefined },
    });
    services.push(placement);
    placement.start();
    return { placement, events };
  };
  const podsOf = async (names: readonly string[]) => {
    const path = (name: string) => `/api/v1/namespaces/${TEAM}/pods/${name}`;
    return await Promise.all(names.map((name) => cluster.read<ApiPod>(path(name))));
  };
  const made = async (count: number) => {
    const pods = await Promise.all(
      Array.from({ length: count }, () =>
        cluster.pod({
          containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '500m', memory: '1Gi' } } }],
        }),
      ),
    );
    return pods.map(({ metadata }) => metadata!.name!);
  };

  before(async () => {
    cluster = await ActingCluster.start(cleanups);
    cluster.plane.startScheduler().output.resume();
    await cluster.plane.startControllerManager();
  });
  after(async () => {
    for (const service of services) await service.stop();
    cleanups.run();
  });

  test('pods run where the rule sent them, and each says who decided', async () => {
    const { placement, events } = started();
    assert.equal(await placement.synced, true);
    assert.deepEqual(
      events.filter(({ event }) => event === 'permission-missing'),
      [],
    );
    const names = await made(20);
    for (const pod of await podsOf(names)) {
      const node = await cluster.boundNode(pod);
      const [now] = await podsOf([pod.metadata!.name!]);
      assert.equal(now!.metadata!.annotations?.[NODE_ANNOTATION], node);
    }
    assert.equal(placement.status.counts?.placed, 20);
    assert.equal(placement.status.state, 'leading');
  });

  test('a second one follows, and takes over at once when the first is stopped; no pod is written by both', async () => {
    const [first] = services;
    const { placement: second } = started();
    assert.equal(await second.synced, true);
    const early = await made(10);
    await waitFor('ten more', 20, () => Promise.resolve(first!.status.counts!.placed >= 30));
    assert.equal(second.status.state, 'following');
    assert.equal(second.status.counts?.placed, 0);
    await first!.stop();
    const late = await made(10);
    await waitFor('the second to place', 20, () => Promise.resolve(second.status.counts!.placed >= 10));
    const by = (pods: readonly ApiPod[]) =>
      new Set(pods.map(({ metadata }) => metadata!.annotations?.[DECIDED_BY_ANNOTATION]));
    const [before, afterwards] = [by(await podsOf(early)), by(await podsOf(late))];
    assert.equal(before.size, 1);
    assert.equal(afterwards.size, 1);
    const token = (who: ReadonlySet<string | undefined>) => Number([...who][0]!.split('#')[1]);
    assert.ok(token(afterwards) > token(before));
    const uids = records.map(({ uid }) => uid);
    assert.equal(new Set(uids).size, uids.length, 'one decision a pod');
  });

  test('shadow frees what waits as it is, and records what it would have done', async () => {
    for (const service of services) await service.stop();
    records.length = 0;
    const { placement } = started('placement.mode=shadow');
    await placement.synced;
    const [name] = await made(1);
    const [pod] = await podsOf([name!]);
    await cluster.boundNode(pod!);
    await waitFor('its record', 10, () => Promise.resolve(records.length === 1));
    const [now] = await podsOf([name!]);
    assert.equal(now!.spec?.affinity, undefined);
    assert.deepEqual(
      [records[0]!.mode, records[0]!.outcome, records[0]!.policy],
      ['shadow', 'freed', 'best-fit'],
    );
    assert.ok(records[0]!.node !== undefined);
  });
});
