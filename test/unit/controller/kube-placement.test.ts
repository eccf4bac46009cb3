import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Decider } from '../../../src/controller/decider.ts';
import { KubeActor } from '../../../src/controller/kube-actor.ts';
import { LeaseLeadership } from '../../../src/controller/lease-leadership.ts';
import { LiveCluster } from '../../../src/controller/live-cluster.ts';
import { Paused } from '../../../src/controller/paused.ts';
import { PlacementLoop } from '../../../src/controller/placement-loop.ts';
import { systemTime } from '../../../src/controller/system-time.ts';
import type { DecisionRecord } from '../../../src/history/decision-record.ts';
import { Actor } from '../../../src/kubernetes/bind-decision.ts';
import { ClusterWatcher } from '../../../src/kubernetes/cluster-watcher.ts';
import { OPT_IN_LABEL, OPT_IN_VALUE, PLACEMENT_GATE } from '../../../src/kubernetes/names.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { systemSleep } from '../../../src/util/sleep.ts';
import { connectedFake } from '../../support/connected-fake.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';
import { bestFitPolicy } from '../../support/played-placement.ts';

const gates = { schedulingGates: [{ name: PLACEMENT_GATE }] };

function addNode(server: FakeApiServer, name: string, cpu: string): void {
  server.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: {},
    status: { allocatable: { cpu, memory: '64Gi', pods: '110' } },
  });
}

function addPod(server: FakeApiServer, namespace: string, name: string, more: object = {}): void {
  const resources = { requests: { cpu: '500m', memory: '1Gi' } };
  server.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...more },
    spec: { containers: [{ name: 'a', image: 'registry.example/base:1', resources }], ...gates },
  });
}

/** The whole loop on a fake API server over loopback: watch, decide, patch. */
async function connected(t: TestContext) {
  const { server, api, close } = await connectedFake();
  const labels = { [OPT_IN_LABEL]: OPT_IN_VALUE };
  for (const metadata of [{ name: 'shop', labels }, { name: 'quiet' }])
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata });
  addNode(server, 'small', '4');
  addNode(server, 'large', '16');
  const random = seededRandom(1);
  const book = new LiveCluster();
  const watcher = new ClusterWatcher({
    api,
    sink: book,
    random,
    trouble: (kind, place, error) => assert.fail(`${kind} ${place}: ${String(error)}`),
  });
  const leadership = new LeaseLeadership(() => true);
  const writer = new Actor({
    api,
    sleep: systemSleep,
    random,
    stillLeader: () => leadership.isLeader,
    decidedBy: () => 'test#1',
  });
  const records: DecisionRecord[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const decider = new Decider({
    book,
    policy: bestFitPolicy,
    seed: 1,
    log: silentLogger,
    monotonicMilliseconds: systemTime.monotonicMilliseconds,
  });
  const loop = new PlacementLoop({
    pods: watcher,
    book,
    decider,
    actor: new KubeActor({
      writer,
      objectOf: ({ uid }) => watcher.pod(uid)?.object,
      strength: 'required',
    }),
    leadership,
    paused: new Paused([]),
    sink: {
      record: (decision) => {
        records.push(decision);
        for (const { count, resolve } of waiting) if (records.length >= count) resolve();
      },
      bound: () => undefined,
    },
    time: systemTime,
    random,
    log: silentLogger,
    mode: 'act',
    ownNamespace: 'kisimd',
    deadlineMilliseconds: 10_000,
    longestSlackMilliseconds: 0,
    mostInFlight: 32,
  });
  watcher.start();
  await watcher.synced;
  loop.start();
  leadership.started();
  t.after(async () => {
    await loop.stop();
    await watcher.stop();
    await close();
  });
  const recorded = (count: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ count, resolve });
    if (records.length >= count) resolve();
    return promise;
  };
  const pods = () => server.store.list(server.resourceOf({ apiVersion: 'v1', kind: 'Pod' }), undefined);
  return { server, records, recorded, loop, leadership, pods };
}

type WirePod = {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly schedulingGates?: readonly unknown[];
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms: readonly {
            readonly matchFields: readonly { readonly values: readonly string[] }[];
          }[];
        };
      };
    };
  };
};

function nodeOf({ spec }: WirePod): string | undefined {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms[0]?.matchFields[0]?.values[0];
}

test('gated pods of an opted-in namespace get their nodes on the wire, and no others are touched', async (t) => {
  const { server, records, recorded, pods } = await connected(t);
  for (let i = 0; i < 20; i++) addPod(server, 'shop', `web-${i}`);
  addPod(server, 'kube-system', 'system');
  addPod(server, 'shop', 'of-a-daemon-set', {
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'd', controller: true }],
  });
  await recorded(20);
  const all = pods() as unknown as readonly WirePod[];
  const isGated = ({ spec }: WirePod) => (spec?.schedulingGates?.length ?? 0) > 0;
  assert.deepEqual(
    all
      .filter(isGated)
      .map(({ metadata }) => metadata.name)
      .sort(),
    ['of-a-daemon-set', 'system'],
  );
  // Eight of half a core fill the small node, which fits best; each decision knew of those before it.
  const web = all.filter(({ metadata }) => metadata.name.startsWith('web-'));
  assert.equal(web.filter((pod) => nodeOf(pod) === 'small').length, 8);
  assert.equal(web.filter((pod) => nodeOf(pod) === 'large').length, 12);
  assert.ok(records.every(({ outcome }) => outcome === 'placed'));
});

test('a gated pod whose namespace is not opted in is freed as it was', async (t) => {
  const { server, records, recorded, pods } = await connected(t);
  addPod(server, 'quiet', 'alone');
  await recorded(1);
  assert.deepEqual([records[0]?.outcome, records[0]?.reason], ['freed', 'not-opted-in']);
  const [pod] = pods() as unknown as readonly WirePod[];
  assert.equal(nodeOf(pod!), undefined);
  assert.deepEqual(pod?.spec?.schedulingGates ?? [], []);
});

test('without a lease nothing is written, and with it again all is', async (t) => {
  const { server, recorded, leadership, loop, pods } = await connected(t);
  leadership.ended();
  for (let i = 0; i < 5; i++) addPod(server, 'shop', `web-${i}`);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(loop.counts.placed, 0);
  leadership.started();
  await recorded(5);
  assert.equal(loop.counts.placed, 5);
  assert.ok((pods() as unknown as readonly WirePod[]).every((pod) => nodeOf(pod) !== undefined));
});
