import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { GuestPodsSink } from '../../../../src/attribution/guest-pods-sink.ts';
import type { EnergyInterval, IntervalSink } from '../../../../src/attribution/interval.ts';
import type { NodeUse } from '../../../../src/attribution/node-use.ts';
import { ClusterState, NODE_ASLEEP, NODE_WAKING } from '../../../../src/cluster/cluster-state.ts';
import type { Node } from '../../../../src/cluster/node.ts';
import type { Config } from '../../../../src/config/config.ts';
import { defaultConfig } from '../../../../src/config/defaults.ts';
import { MeteredCounters } from '../../../../src/daemon/placement/metered-counters.ts';
import { NodeEnergy, sleepingNodes } from '../../../../src/daemon/placement/node-energy.ts';
import { Ledger } from '../../../../src/export/ledger.ts';
import { metricsText } from '../../../../src/export/metrics.ts';
import type { KubeApi } from '../../../../src/kubernetes/kube-api.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import { FakePrometheus } from '../../../support/fake-prometheus.ts';
import { settled } from '../../../support/manual-time.ts';
import { openHistory, recordingLogger } from '../../../support/open-history.ts';
import { SyntheticHost } from '../../../support/synthetic-host.ts';
import { SyntheticMeter } from '../../../support/synthetic-meter.ts';

const UUID = '4c582cf5-7517-42ec-a3be-49fb5ecc1f00';
const QEMU = 100;
/** CPUs used in the guest. */
const LOADS = { web: 0.5, db: 0.2 };
const SYSTEM = 0.1;

interface Given {
  readonly kubernetes?: Partial<Config['kubernetes']>;
  readonly isLeader?: boolean;
}

/**
 * A host made of files with a guest that is the node `minikube` of a cluster with two nodes; the real meter, history, exporter
 * and client over them, in played time.
 */
async function setUp(t: TestContext, { kubernetes = {}, isLeader = true }: Given = {}) {
  const host = new SyntheticHost({ cpus: 4 });
  host.addProcess(QEMU, {
    comm: 'qemu-system-x86',
    cmdline: ['qemu-system-x86_64', '-name', 'guest=domain-7', '-uuid', UUID],
    cgroup: '/machine.slice/machine-qemu.scope',
  });
  const meter = new SyntheticMeter(host);
  t.after(() => meter.close());
  const { server, api, close } = await connectedFake();
  t.after(close);
  for (const [name, systemUUID] of [
    ['minikube', UUID.toUpperCase()],
    ['far', '9eb79884-0000-4000-8000-000000000001'],
  ])
    server.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { nodeInfo: { systemUUID, bootID: `boot of ${name}` }, addresses: [] },
    });
  const { log, events } = recordingLogger();
  const history = openHistory(t);
  const ledger = new Ledger({
    isAlive: (entity) => guestPods.isAlive(entity) ?? true,
    zeroEnergyProcesses: false,
  });
  const told: EnergyInterval[] = [];
  const next: IntervalSink[] = [history.history, ledger, { accept: (interval) => void told.push(interval) }];
  const identity = { names: [], machineId: '', bootId: 'boot of the host', addresses: [] };
  const counters = new MeteredCounters({ host: identity, clock: host.clock, log });
  const guestPods = new GuestPodsSink({ next, nodeOf: (guest) => counters.nodeOf(guest), log });
  meter.metering.addSink(counters);
  meter.metering.addSink(guestPods);

  const asked: string[] = [];
  let guestSeconds = 0;
  const played: KubeApi = {
    name: api.name,
    watch: (request) => api.watch(request),
    list: (request, item) => api.list(request, item),
    request: (request) => {
      const node = /nodes\/(.+)\/proxy\/stats\/summary$/.exec(request.path)?.[1];
      if (node === undefined) return api.request(request);
      asked.push(node);
      return Promise.resolve({ status: 200, body: summary(host, guestSeconds) });
    },
  };
  const waiting: (() => void)[] = [];
  const sleeping = new Map<string, number | undefined>();
  const defaults = defaultConfig({}, { hostname: 'host', uid: 0, homeDirectory: undefined });
  const energy = new NodeEnergy({
    config: { ...defaults, kubernetes: { ...defaults.kubernetes, podUse: 'kubelet', ...kubernetes } },
    api: played,
    hasMetrics: false,
    host: { counters, guestPods },
    nodes: () =>
      ['minikube', 'far'].map((name) => ({
        ...plainNode(name),
        power: new LinearCurve(50, 150, 'synthetic'),
      })),
    sleeping: () => sleeping,
    podPlaces: () => [],
    readsOthers: () => isLeader,
    clock: host.clock,
    sleep: (_, signal) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        signal?.addEventListener('abort', () => resolve());
      }),
    random: seededRandom(1),
    log,
  });
  energy.start();
  t.after(() => energy.stop());
  assert.equal(await energy.synced, true);
  return {
    host,
    meter,
    energy,
    history,
    ledger,
    server,
    told,
    sleeping,
    asked,
    events,
    run: async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        guestSeconds += 1;
        meter.second({ [QEMU]: 0.8 });
        for (const wake of waiting.splice(0)) wake();
        for (let turn = 0; turn < 4; turn++) await settled();
      }
    },
  };
}

function plainNode(name: string): Node {
  return { name, labels: {}, cpuMilli: 2000, memoryBytes: 1e9, pods: 100 };
}

/** Counted just now. */
function summary(host: SyntheticHost, seconds: number): object {
  const time = new Date(host.clock.unixMilliseconds() + 1).toISOString();
  const cpu = (cpus: number) => ({ time, usageCoreNanoSeconds: Math.round(cpus * seconds * 1e9) });
  const pods = Object.entries(LOADS).map(([name, cpus]) => ({
    podRef: { name, namespace: 'team', uid: `uid-${name}` },
    startTime: '2020-01-01T00:00:00Z',
    cpu: cpu(cpus),
    containers: [],
  }));
  return { node: { cpu: cpu(LOADS.web + LOADS.db + SYSTEM) }, pods };
}

test("pods in a guest are in the history and in the metrics, and sum to the guest's energy", async (t) => {
  const { run, history, ledger, meter } = await setUp(t);
  await run(200);
  history.history.flush();
  const rows = history.rows<{ name: string; ns: string; joules: number }>(
    `SELECT e.name, e.ns, SUM(r.uj) / 1e6 AS joules FROM recent r JOIN entity e ON e.id = r.e
     WHERE e.kind = 'pod' GROUP BY e.name ORDER BY e.name`,
  );
  assert.deepEqual(
    rows.map(({ name, ns }) => [name, ns]),
    [
      ['(system of minikube)', ''],
      ['db', 'team'],
      ['web', 'team'],
    ],
  );
  const [system, db, web] = rows.map(({ joules }) => joules) as [number, number, number];
  assert(Math.abs(web / db / 2.5 - 1) < 0.01, `${web} ${db}`);
  assert(Math.abs(web / system / 5 - 1) < 0.01, `${web} ${system}`);
  const guest = meter.joules().get(`vm:${UUID}`)!;
  // At most two windows of 15 s are still to come.
  assert(
    web + db + system <= guest && web + db + system > guest * (1 - 35 / 200),
    `${web + db + system} of ${guest}`,
  );
  const text = metricsText(ledger, 'prometheus', {
    identity: { nodeName: 'host', version: '1' },
    zeroEnergyProcesses: false,
    processMetrics: ['joules'],
  });
  assert.match(
    text,
    /pod_cpu_joules_total\{pod_id="uid-web",pod_name="web",pod_namespace="team",state="running"/,
  );
});

test('the guest is metered here, the other node is modelled by its use', async (t) => {
  const { run, energy } = await setUp(t);
  const reader = energy.reader();
  await run(100);
  const first = await reader.read();
  await run(100);
  const second = await reader.read();
  assert.deepEqual([...second.missing], []);
  const gained = (node: string) => second.nodes.get(node)!.joules - first.nodes.get(node)!.joules;
  assert.equal(second.nodes.get('minikube')?.source, 'metered');
  // 0.8 of a core at 20 W; what the host needs idle is no guest's.
  assert(Math.abs(gained('minikube') - 1600) < 160, String(gained('minikube')));
  assert.equal(second.nodes.get('far')?.source, 'modelled');
  // 0.8 of two CPUs: 90 W.
  assert(Math.abs(gained('far') - 9000) < 1500, String(gained('far')));
});

test('a node that sleeps takes what it takes asleep, and nobody asks its kubelet', async (t) => {
  const { run, energy, sleeping, asked } = await setUp(t);
  const reader = energy.reader();
  await run(60);
  const before = await reader.read();
  sleeping.set('far', 5);
  await run(2);
  const from = asked.length;
  const asleep = await reader.read();
  await run(100);
  const later = await reader.read();
  assert.deepEqual([...later.missing], []);
  assert(asked.slice(from).every((node) => node === 'minikube'));
  const joules = (reading: typeof before) => reading.nodes.get('far')!.joules;
  assert(Math.abs(joules(later) - joules(asleep) - 500) <= 15, `${joules(later) - joules(asleep)}`);
  sleeping.clear();
  await run(60);
  const awake = await reader.read();
  assert.deepEqual([...awake.missing], []);
  // 90 W again, and 50 W from when it woke until its kubelet was heard.
  const gained = joules(awake) - joules(later);
  assert(gained > 60 * 50 && gained < 60 * 91, `${gained}`);
});

test('who does not lead reads only the guests of its own host', async (t) => {
  const { run, energy, asked } = await setUp(t, { isLeader: false });
  await run(60);
  assert.deepEqual([...new Set(asked)], ['minikube']);
  const { nodes, missing } = await energy.reader().read();
  assert.deepEqual([...nodes.keys()], ['minikube']);
  assert.match(missing.get('far') ?? '', /metered: it is neither this host nor a guest of it; modelled: /);
});

test('who listens is told of the use of all pods', async (t) => {
  const { run, energy, asked } = await setUp(t, { isLeader: false });
  const uses: NodeUse[] = [];
  const end = energy.listen({ take: (use) => void uses.push(use) });
  await run(40);
  assert.deepEqual([...new Set(uses.map(({ node }) => node))].sort(), ['far', 'minikube']);
  end();
  const before = asked.filter((node) => node === 'far').length;
  await run(40);
  assert.equal(asked.filter((node) => node === 'far').length, before);
});

test('a Prometheus tells of the nodes elsewhere; those that it knows are not asked for their use', async (t) => {
  const prometheus = await FakePrometheus.start();
  t.after(() => prometheus.close());
  prometheus.series = [{ labels: { instance: 'far:28282' }, at: (second) => second * 70 }];
  const { run, energy, asked } = await setUp(t, { kubernetes: { prometheusUrl: prometheus.url } });
  const reader = energy.reader();
  await reader.read();
  await run(60);
  const { nodes } = await reader.read();
  assert.equal(nodes.get('far')?.source, 'prometheus');
  assert.equal(nodes.get('minikube')?.source, 'metered');
  assert.deepEqual([...new Set(asked)], ['minikube']);
});

test('a Prometheus that cannot be asked is told once, and the node is modelled instead', async (t) => {
  const { run, energy, events } = await setUp(t, { kubernetes: { prometheusUrl: 'prometheus:9090' } });
  const reader = energy.reader();
  await reader.read();
  await run(60);
  assert.equal((await reader.read()).nodes.get('far')?.source, 'modelled');
  const told = events.filter(({ event }) => event === 'prometheus-not-read');
  assert.equal(told.length, 1);
  assert.match(String((told[0]!.fields['error'] as Error).message), /prometheus-url/);
});

test('without the cluster nothing is asked, and nothing said of pods in guests', async (t) => {
  const { run, energy, told, asked } = await setUp(t);
  await run(40);
  await energy.stop();
  // What was split by then is still handed on.
  await run(20);
  const [before, from] = [asked.length, told.length];
  assert(hasPods(told));
  await run(60);
  assert.equal(asked.length, before);
  assert(!hasPods(told.slice(from)));
});

function hasPods(intervals: readonly EnergyInterval[]): boolean {
  return intervals.some(({ shares }) => shares.some(({ entity }) => entity.kind === 'pod'));
}

test('of a cluster those that sleep or wake are known, with what they take', () => {
  const node = (name: string, wakeWatts: number) => ({
    ...plainNode(name),
    sleep: { sleepWatts: 4, emptySeconds: 1, wakeSeconds: 1, wakeWatts },
  });
  const cluster = new ClusterState([node('a', 80), node('b', 90), node('c', 70), plainNode('d')]);
  cluster.power[1] = NODE_WAKING;
  cluster.power[2] = NODE_ASLEEP;
  cluster.power[3] = NODE_ASLEEP;
  assert.deepEqual(
    [...sleepingNodes(cluster)],
    [
      ['b', 90],
      ['c', 4],
      ['d', undefined],
    ],
  );
  assert.equal(sleepingNodes(undefined).size, 0);
});
