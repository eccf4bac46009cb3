import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Node } from '../../../src/cluster/node.ts';
import type { NodeEnergyCounters } from '../../../src/cluster/node-energy.ts';
import type { Pod } from '../../../src/cluster/pod.ts';
import {
  type PodUseTotals,
  type RecordedPod,
  type RecordedPods,
  RunRecorder,
  type RunRecorderOptions,
} from '../../../src/controller/run-recorder.ts';
import { TableCurve } from '../../../src/power-model/table-curve.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { KeptRecords } from '../../support/kept-records.ts';
import { recordingLogger } from '../../support/open-history.ts';
import { PlayedTime } from '../../support/played-time.ts';

const MINUTE = 60_000;

class Pods implements RecordedPods {
  readonly all = new Map<string, RecordedPod>();
  followers: Parameters<RecordedPods['follow']>[0][] = [];

  pods(): Iterable<RecordedPod> {
    return this.all.values();
  }

  follow(follower: Parameters<RecordedPods['follow']>[0]): () => void {
    this.followers.push(follower);
    return () => {
      this.followers = this.followers.filter((each) => each !== follower);
    };
  }

  apply(pod: RecordedPod): void {
    const before = this.all.get(pod.uid);
    this.all.set(pod.uid, pod);
    for (const follower of this.followers) follower.applied(pod, before);
  }

  end(uid: string): void {
    const pod = this.all.get(uid)!;
    this.all.delete(uid);
    for (const follower of this.followers) follower.gone(pod);
  }
}

let time: PlayedTime;
let pods: Pods;
let sink: KeptRecords;
let nodes: Node[];
let isCurrent: boolean;

beforeEach(() => {
  time = new PlayedTime();
  pods = new Pods();
  sink = new KeptRecords();
  nodes = [{ name: 'n-1', labels: {}, cpuMilli: 4000, memoryBytes: 2 ** 32, pods: 110 }];
  isCurrent = true;
});

const placed = (): number => time.unixMilliseconds();

function recorder(more: Partial<Pick<RunRecorderOptions, 'energy' | 'use' | 'log' | 'wishes'>> = {}) {
  return new RunRecorder({
    cluster: 'live',
    pods,
    nodes: () => nodes,
    isCurrent: () => isCurrent,
    sink,
    energy: more.energy,
    use: more.use,
    wishes: more.wishes,
    ownNamespace: 'kisimd',
    time,
    log: more.log ?? silentLogger,
  });
}

const scheduling = { labels: { app: 'web' } } as unknown as NonNullable<Pod['scheduling']>;

function podOf(uid: string, more: Partial<RecordedPod> & { readonly of?: Partial<Pod> } = {}): RecordedPod {
  const { of, ...rest } = more;
  return {
    uid,
    pod: {
      id: 0,
      name: uid,
      namespace: 'shop',
      cpuMilli: 500,
      memoryBytes: 100,
      predictedCpuMilli: 500,
      predictedSeconds: Number.POSITIVE_INFINITY,
      slackSeconds: 0,
      shape: 0,
      scheduling,
      ...of,
    },
    nodeName: undefined,
    createdUnixMilliseconds: time.unixMilliseconds(),
    startedUnixMilliseconds: undefined,
    restarts: 0,
    ownerKinds: ['ReplicaSet'],
    ...rest,
  };
}

test('a pod is followed from its creation to its end', async () => {
  const running = recorder();
  running.start();
  const created = placed();
  const pod = podOf('a');
  pods.apply(pod);
  await time.play(250);
  pods.apply({ ...pod, nodeName: 'n-1', pod: { ...pod.pod } });
  await time.play(1000);
  pods.apply({ ...pods.all.get('a')!, startedUnixMilliseconds: created + 1000 });
  await time.play(1000);
  pods.end('a');
  assert.deepEqual(
    sink.pods.map((record) => [
      record.node,
      record.boundUnixMilliseconds && record.boundUnixMilliseconds - created,
      record.startedUnixMilliseconds && record.startedUnixMilliseconds - created,
      record.endedUnixMilliseconds && record.endedUnixMilliseconds - created,
      record.scheduling === scheduling,
    ]),
    [
      [undefined, undefined, undefined, undefined, true],
      ['n-1', 250, undefined, undefined, false],
      ['n-1', undefined, 1000, undefined, false],
      ['n-1', undefined, 1000, 2250, false],
    ],
  );
  assert.deepEqual(sink.pods[0], {
    cluster: 'live',
    uid: 'a',
    namespace: 'shop',
    pod: 'a',
    owner: 'ReplicaSet',
    placeable: true,
    createdUnixMilliseconds: created,
    node: undefined,
    startedUnixMilliseconds: undefined,
    cpuMilli: 500,
    memoryBytes: 100,
    gpuCount: undefined,
    gpuMilliEach: undefined,
    extended: undefined,
    slackSeconds: 0,
    expectedSeconds: undefined,
    scheduling,
    restarts: 0,
    cpu: undefined,
  });
  await running.stop();
});

test('changes that say nothing are not told', async () => {
  const running = recorder();
  running.start();
  const pod = podOf('a', { nodeName: 'n-1' });
  pods.apply(pod);
  pods.apply({ ...pod });
  pods.apply({ ...pod, ownerKinds: ['Job'] });
  assert.equal(sink.pods.length, 1);
  await running.stop();
});

test('the pods that are there are told at the start, with all that are', async () => {
  pods.apply(podOf('runs', { nodeName: 'n-1', createdUnixMilliseconds: 5 }));
  pods.apply(podOf('waits'));
  const running = recorder();
  running.start();
  assert.deepEqual(
    sink.pods.map(({ uid, boundUnixMilliseconds }) => [uid, boundUnixMilliseconds]),
    [
      ['runs', undefined],
      ['waits', undefined],
    ],
  );
  assert.deepEqual(sink.present, [
    { cluster: 'live', uids: ['runs', 'waits'], unixMilliseconds: time.unixMilliseconds() },
  ]);
  await running.stop();
});

test('a pod that comes to light on its node was bound just now only where it is new', async () => {
  const running = recorder();
  running.start();
  const now = time.unixMilliseconds();
  pods.apply(podOf('new', { nodeName: 'n-1', createdUnixMilliseconds: now - 1000 }));
  pods.apply(podOf('old', { nodeName: 'n-1', createdUnixMilliseconds: now - 3_600_000 }));
  assert.deepEqual(
    sink.pods.map(({ boundUnixMilliseconds }) => boundUnixMilliseconds),
    [now, undefined],
  );
  await running.stop();
});

test('only pods that the loop could place are told as such', async () => {
  const running = recorder();
  running.start();
  pods.apply(podOf('web'));
  pods.apply(podOf('agent', { ownerKinds: ['DaemonSet'] }));
  pods.apply(podOf('static', { ownerKinds: ['Node'] }));
  pods.apply(podOf('dns', { of: { namespace: 'kube-system' } }));
  pods.apply(podOf('own', { of: { namespace: 'kisimd' } }));
  assert.deepEqual(
    sink.pods.map(({ uid, placeable }) => [uid, placeable]),
    [
      ['web', true],
      ['agent', false],
      ['static', false],
      ['dns', false],
      ['own', false],
    ],
  );
  await running.stop();
});

test('every minute tells the nodes, their joules and that the cluster was watched', async () => {
  time.unixAtZero = 1_800_000_000_000 + 20_000;
  let joules = 0;
  const energy: NodeEnergyCounters = {
    read: () => {
      const unixMilliseconds = time.unixMilliseconds();
      const nodes = new Map([
        ['n-1', { joules, source: 'metered' as const, asOfUnixMilliseconds: unixMilliseconds }],
      ]);
      return Promise.resolve({ unixMilliseconds, nodes, missing: new Map() });
    },
  };
  const running = recorder({ energy });
  running.start();
  await time.play(0);
  joules = 40;
  await time.play(40_000);
  joules = 100;
  await time.play(MINUTE);
  assert.deepEqual(
    sink.energies.map(({ cluster, unixSeconds, microjoules, coveredMilliseconds }) => [
      cluster,
      unixSeconds - 1_800_000_000,
      microjoules,
      coveredMilliseconds,
    ]),
    [
      ['live', 0, 40e6, 40_000],
      ['live', 60, 60e6, 60_000],
    ],
  );
  assert.deepEqual(
    sink.watched.map(({ fromUnixMilliseconds, toUnixMilliseconds }) => [
      fromUnixMilliseconds - time.unixAtZero,
      toUnixMilliseconds - time.unixAtZero,
    ]),
    [
      [0, 0],
      [0, 40_000],
      [0, 100_000],
    ],
  );
  assert.equal(sink.nodes.length, 3);
  await running.stop();
  assert.equal(time.timers, 0);
  assert.equal(sink.watched.at(-1)?.toUnixMilliseconds, time.unixMilliseconds());
});

test('time in which the server is not heard is not watched, and what follows begins anew', async () => {
  const running = recorder();
  running.start();
  await time.play(MINUTE);
  isCurrent = false;
  await time.play(3 * MINUTE);
  isCurrent = true;
  await time.play(2 * MINUTE);
  const spans = new Map(
    sink.watched.map(({ fromUnixMilliseconds: from, toUnixMilliseconds: to }) => [from, to]),
  );
  assert.deepEqual(
    [...spans].map(([from, to]) => [(from - time.unixAtZero) / MINUTE, (to - time.unixAtZero) / MINUTE]),
    [
      [0, 1],
      [5, 6],
    ],
  );
  await running.stop();
});

test('a node keeps its power as a table, and is told once more when it is gone', async () => {
  const power = new TableCurve([10, 20, 40], 'published');
  nodes = [{ ...nodes[0]!, power, taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }];
  const running = recorder();
  running.start();
  assert.deepEqual(sink.nodes[0]?.description, {
    pods: 110,
    taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }],
    power: { provenance: 'published', watts: [10, 20, 40] },
  });
  nodes = [];
  await time.play(3 * MINUTE);
  assert.deepEqual(
    sink.nodes.map(({ unixMilliseconds }) => (unixMilliseconds - time.unixAtZero) / MINUTE),
    [0, 1],
  );
  await running.stop();
});

test('the use of pods that run is told now and then, and at the end of each', async () => {
  const used = { usedMicroseconds: 5, meteredMilliseconds: 7 };
  const forgotten: string[] = [];
  const use: PodUseTotals = {
    of: (uid) => (uid === 'a' ? used : undefined),
    forget: (uid) => void forgotten.push(uid),
  };
  const running = recorder({ use });
  running.start();
  pods.apply(podOf('b', { nodeName: 'n-1' }));
  pods.apply(podOf('a', { nodeName: 'n-1' }));
  sink.pods.length = 0;
  await time.play(15 * MINUTE);
  pods.end('a');
  assert.deepEqual(
    sink.pods.map(({ uid, cpu, endedUnixMilliseconds }) => [uid, cpu, endedUnixMilliseconds !== undefined]),
    [
      ['a', used, false],
      ['a', used, true],
    ],
  );
  assert.deepEqual(forgotten, ['a']);
  await running.stop();
});

test('energy that cannot be read is logged, a slow source is asked one question at a time, and a stop waits for none', async () => {
  const { log, events } = recordingLogger();
  let asked = 0;
  const energy: NodeEnergyCounters = {
    read: (signal) => {
      asked++;
      if (asked === 1) return Promise.reject(new Error('no answer'));
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    },
  };
  const running = recorder({ energy, log });
  running.start();
  await time.play(5 * MINUTE);
  assert.equal(asked, 2);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['node-energy-not-read'],
  );
  await running.stop();
  assert.equal(events.length, 1);
});

test('what pods ask of nodes that have one already is asked once, and told of those that still are there', async () => {
  const runs = podOf('runs', { nodeName: 'n-1' });
  pods.apply(runs);
  pods.apply(podOf('waits'));
  const asked = { labels: {}, nodeSelector: { disk: 'ssd' } } as unknown as NonNullable<Pod['scheduling']>;
  const listed = ['runs', 'waits', 'gone'].map((uid) => ({ uid, pod: { ...runs.pod, scheduling: asked } }));
  const running = recorder({ wishes: () => Promise.resolve(listed) });
  running.start();
  sink.pods.length = 0;
  await time.play(1);
  assert.deepEqual(
    sink.pods.map(({ uid, node, scheduling: told }) => [uid, node, told]),
    [['runs', 'n-1', asked]],
  );
  await running.stop();
});

test('wishes that cannot be read are logged, and a stop does not wait for them', async () => {
  const { log, events } = recordingLogger();
  const failing = recorder({ log, wishes: () => Promise.reject(new Error('forbidden')) });
  failing.start();
  await time.play(1);
  await failing.stop();
  assert.deepEqual(
    events.map(({ event }) => event),
    ['pod-wishes-not-read'],
  );
  const slow = recorder({
    log,
    wishes: (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  slow.start();
  await slow.stop();
  assert.equal(events.length, 1);
});

test('a pod without wishes says so while it waits, which is not the same as wishes that are not known', async () => {
  const running = recorder();
  running.start();
  const { scheduling: _, ...plain } = podOf('a').pod;
  pods.apply({ ...podOf('a'), pod: plain });
  pods.apply({ ...podOf('a'), pod: plain, nodeName: 'n-1' });
  assert.deepEqual(
    sink.pods.map((record) => record.scheduling),
    [{}, undefined],
  );
  await running.stop();
});
