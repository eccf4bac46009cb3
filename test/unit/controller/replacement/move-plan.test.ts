import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import type { Node } from '../../../../src/cluster/node.ts';
import type { Pod } from '../../../../src/cluster/pod.ts';
import { Fitting } from '../../../../src/controller/fitting.ts';
import { LiveCluster } from '../../../../src/controller/live-cluster.ts';
import {
  type MovePlan,
  type MoveRules,
  planMoves,
} from '../../../../src/controller/replacement/move-plan.ts';
import type { Resident } from '../../../../src/controller/resident.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { silentLogger } from '../../../../src/util/log.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { resident } from '../../../support/played-sleep.ts';
import { podOf } from '../../../support/random-cluster.ts';

const DAY = 86_400_000;
const NOW = 1_800_000_000_000 + DAY;

const sleep = { sleepWatts: 5, emptySeconds: 300, wakeSeconds: 60, wakeWatts: 105 };

/** 10 cores: from idle to full in proportion. */
function node(name: string, idleWatts: number, fullWatts: number, given: Partial<Node> = {}): Node {
  return {
    name,
    labels: {},
    cpuMilli: 10_000,
    memoryBytes: 64 * 2 ** 30,
    pods: 110,
    power: new LinearCurve(idleWatts, fullWatts, 'synthetic'),
    ...given,
  };
}

const work = (id: number, given: Partial<Pod> = {}) =>
  podOf(id, {
    cpuMilli: 2000,
    predictedCpuMilli: 2000,
    predictedSeconds: Number.POSITIVE_INFINITY,
    ...given,
  });

function planOf(
  nodes: readonly Node[],
  pods: Readonly<Record<string, readonly Resident[]>>,
  rules: Partial<MoveRules> = {},
): MovePlan | undefined {
  const book = new LiveCluster();
  book.setNodes(nodes);
  const fitting = new Fitting(book, silentLogger);
  for (const [name, residents] of Object.entries(pods))
    for (const { uid, pod } of residents) book.bound(uid, pod, name);
  const cluster = book.cluster!;
  const sources = nodes.map((_, at) => at);
  const all: MoveRules = {
    restartJoules: 500,
    paybackSeconds: 1800,
    ownNamespace: 'kisimd',
    mostMoves: 10,
    maySleep: () => false,
    spareNodes: 0,
    isLeftAlone: () => false,
    ...rules,
  };
  return planMoves(cluster, fitting, new Map(Object.entries(pods)), sources, all, NOW);
}

const told = (plan: MovePlan | undefined) => plan?.moves.map(({ pod, from, to }) => [pod.name, from, to]);

test('a pod moves to where its work costs less, and the saving is what the curves say', () => {
  // 2 of 10 cores: 20 W there, 10 W here.
  const plan = planOf([node('dear', 50, 150), node('cheap', 50, 100)], { dear: [resident(work(1))] });
  assert.deepEqual(told(plan), [['pod-1', 'dear', 'cheap']]);
  assert.ok(Math.abs(plan!.savedJoules - 10 * 1800) < 1e-6);
  assert.equal(plan!.costJoules, 500);
  assert.equal(plan!.empties, undefined);
});

test('a saving that does not exceed the restart by a quarter moves nothing', () => {
  const nodes = [node('dear', 50, 150), node('cheap', 50, 100)];
  const pods = { dear: [resident(work(1))] };
  assert.equal(planOf(nodes, pods, { restartJoules: 14_401 }), undefined);
  assert.notEqual(planOf(nodes, pods, { restartJoules: 14_399 }), undefined);
});

test('equal nodes that never sleep: nothing can be saved, and nothing is moved', () => {
  const nodes = [node('a', 50, 150), node('b', 50, 150), node('c', 50, 150)];
  const pods = { a: [resident(work(1)), resident(work(2))], b: [resident(work(3))] };
  assert.equal(planOf(nodes, pods, { restartJoules: 0 }), undefined);
});

test('what is about to end saves only until then', () => {
  const nodes = [node('dear', 50, 150), node('cheap', 50, 100)];
  assert.equal(planOf(nodes, { dear: [resident(work(1, { predictedSeconds: 60 }))] }), undefined);
});

const wayward: Readonly<Record<string, Partial<Resident>>> = {
  'nobody opted in': { isOptedIn: false },
  'nobody would make again': { isControlled: false },
  'is of a Job': { ownerKinds: ['Job'] },
  'is of a DaemonSet': { ownerKinds: ['DaemonSet'] },
  'has local storage': { hasLocalStorage: true },
  'must not be moved': { move: 'never' },
  'keeps its node awake': { keepsAwake: true },
  'is ending': { isDeleting: true },
  'is younger than the payback time': { createdUnixMilliseconds: NOW - 1_799_000 },
  'is of kube-system': { namespace: 'kube-system' },
  'is of the program itself': { namespace: 'kisimd' },
};
for (const [what, given] of Object.entries(wayward)) {
  test(`a pod that ${what} stays`, () => {
    const nodes = [node('dear', 50, 150), node('cheap', 50, 100)];
    assert.equal(planOf(nodes, { dear: [resident(work(1), given)] }), undefined);
  });
}

test('a Job that may be moved pays for the work that it would do again', () => {
  const job = resident(work(1), {
    ownerKinds: ['Job'],
    move: 'allowed',
    createdUnixMilliseconds: NOW - 1800_000,
  });
  // Beside 4 W for each second that it has run there is nothing to be saved by the cheaper node alone.
  const dear = node('dear', 500, 520, { sleep });
  assert.equal(planOf([dear, node('cheap', 1, 1)], { dear: [job] }), undefined);
  const cheap = [resident(work(3))];
  const rules = { maySleep: (name: string) => name === 'dear' };
  const plan = planOf([dear, node('cheap', 50, 150)], { dear: [job], cheap }, rules);
  assert.equal(plan?.empties, 'dear');
  assert.equal(plan?.costJoules, 500 + 1800 * 4);
});

test('what the pod itself asks of nodes is kept', () => {
  const nodes = [
    node('dear', 50, 150),
    node('cheap', 50, 100, { taints: [{ key: 'x', value: '', effect: 'NoSchedule' }] }),
  ];
  assert.equal(planOf(nodes, { dear: [resident(work(1))] }), undefined);
  const full = [node('dear', 50, 150), node('cheap', 50, 100)];
  const cheap = [resident(work(2, { cpuMilli: 9000 }), { isOptedIn: false })];
  assert.equal(planOf(full, { dear: [resident(work(1))], cheap }), undefined);
});

test('a node of unknown power is neither left nor gone to', () => {
  const { power: _, ...unknown } = node('unknown', 1, 2);
  assert.equal(planOf([node('dear', 50, 150), unknown], { dear: [resident(work(1))] }), undefined);
  assert.equal(planOf([unknown, node('cheap', 50, 100)], { unknown: [resident(work(1))] }), undefined);
});

test('a node that could sleep is emptied as a whole, when its idle power pays for it', () => {
  const nodes = [node('a', 50, 150, { sleep }), node('b', 50, 150, { sleep })];
  const pods = {
    a: [resident(work(1)), resident(work(2))],
    b: [resident(work(3)), resident(work(4)), resident(work(5))],
  };
  const plan = planOf(nodes, pods, { maySleep: () => true });
  assert.equal(plan?.empties, 'a');
  assert.deepEqual(told(plan), [
    ['pod-1', 'a', 'b'],
    ['pod-2', 'a', 'b'],
  ]);
  // 45 W for 1500 s, less the wake; the work costs the same on both.
  assert.ok(Math.abs(plan!.savedJoules - (45 * 1500 - 100 * 60)) < 1e-6, String(plan!.savedJoules));
  assert.equal(plan!.costJoules, 1000);
  // Not where nodes do not sleep, nor beyond the budget, nor where one pod has to stay.
  assert.equal(planOf(nodes, pods), undefined);
  assert.equal(planOf(nodes, pods, { maySleep: () => true, mostMoves: 1 }), undefined);
  const fixed = { ...pods, a: [resident(work(1)), resident(work(2), { isControlled: false })] };
  assert.equal(planOf(nodes, fixed, { maySleep: (name) => name === 'a' }), undefined);
});

test('where the node would only be another spare, its idle power is not saved', () => {
  const nodes = [node('a', 50, 150, { sleep }), node('b', 50, 150, { sleep }), node('c', 50, 150, { sleep })];
  const pods = { a: [resident(work(1))], b: [resident(work(3)), resident(work(4))] };
  const rules = { maySleep: () => true };
  assert.equal(planOf(nodes, pods, { ...rules, spareNodes: 2 }), undefined);
  assert.equal(planOf(nodes, pods, { ...rules, spareNodes: 1 })?.empties, 'a');
});

test('a node that sleeps when it is empty is not filled again', () => {
  const nodes = [node('dear', 50, 150, { sleep }), node('cheap', 50, 100, { sleep })];
  assert.equal(planOf(nodes, { dear: [resident(work(1))] }, { maySleep: () => true }), undefined);
});

test('watts of sleeping that nobody knows are not made up', () => {
  const nodes = [node('a', 50, 150), node('b', 50, 150)];
  const pods = { a: [resident(work(1))], b: [resident(work(3))] };
  assert.equal(planOf(nodes, pods, { maySleep: () => true }), undefined);
});

test('what was tried in vain is left alone', () => {
  const nodes = [node('dear', 50, 150), node('cheap', 50, 100)];
  const pods = { dear: [resident(work(1)), resident(work(2))] };
  const plan = planOf(nodes, pods, { isLeftAlone: (key) => key === 'uid-1' });
  assert.deepEqual(told(plan), [['pod-2', 'dear', 'cheap']]);
  assert.equal(planOf(nodes, pods, { isLeftAlone: (key) => key === 'dear' }), undefined);
});

test('on any cluster a plan fits, touches only what may be touched, and lowers the power of its curves', () => {
  let plans = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const random = new RandomStream(seed);
      const nodes = Array.from({ length: 2 + random.integer(5) }, (_, i) => {
        const idle = random.uniform(20, 80);
        const given = random.next() < 0.5 ? { sleep } : {};
        return node(`n${i}`, idle, idle + random.uniform(20, 200), given);
      });
      const pods: Record<string, Resident[]> = {};
      const state = new ClusterState(nodes);
      for (let id = 0; id < nodes.length * 4; id++) {
        const at = random.integer(nodes.length);
        const pod = work(id, {
          cpuMilli: 500 * (1 + random.integer(6)),
          predictedCpuMilli: 100 * random.integer(30),
        });
        if (pod.cpuMilli > state.freeCpu[at]!) continue;
        state.place(pod, at);
        const given = random.next() < 0.2 ? { isControlled: false } : {};
        pods[nodes[at]!.name] = [...(pods[nodes[at]!.name] ?? []), resident(pod, given)];
      }
      const maySleep = (name: string) => nodes.find((each) => each.name === name)?.sleep !== undefined;
      const plan = planOf(nodes, pods, { maySleep });
      if (plan === undefined) return;
      plans++;
      const watts = (of: ClusterState) =>
        nodes.reduce((sum, { power, cpuMilli }, i) => sum + power!.watts(of.predictedUse[i]! / cpuMilli), 0);
      const after = state.clone();
      for (const { pod, from, to } of plan.moves) {
        assert.equal(pod.isControlled, true);
        assert.equal(
          after.remove(pod.pod),
          nodes.findIndex(({ name }) => name === from),
        );
        after.place(
          pod.pod,
          nodes.findIndex(({ name }) => name === to),
        );
      }
      const froms = new Set(plan.moves.map(({ from }) => from));
      assert.equal(froms.size, 1);
      const [from] = froms;
      if (plan.empties === undefined) assert.equal(plan.moves.length, 1);
      else {
        assert.equal(plan.empties, from);
        assert.deepEqual(new Set(plan.moves.map(({ pod }) => pod)), new Set(pods[from!]));
      }
      // What it predicts of the curves is what they say, idle and sleep of an emptied node aside.
      const { sleep: asleep } = nodes.find(({ name }) => name === from)!;
      const idle = nodes.find(({ name }) => name === from)!.power!.idleWatts;
      const sleeping =
        plan.empties === undefined
          ? 0
          : (idle - asleep!.sleepWatts) * (1800 - asleep!.emptySeconds) - (105 - 5) * 60;
      const predicted = (watts(state) - watts(after)) * 1800 + sleeping;
      assert.ok(Math.abs(predicted - plan.savedJoules) < 1e-3, `${predicted} ${plan.savedJoules}`);
      assert.ok(plan.savedJoules > 1.25 * plan.costJoules);
    }),
    { numRuns: 300 },
  );
  assert.ok(plans > 100, `${plans} plans`);
});
