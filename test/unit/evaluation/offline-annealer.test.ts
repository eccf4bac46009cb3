import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssignedPolicy } from '../../../src/evaluation/offline/assigned-policy.ts';
import { annealOffline } from '../../../src/evaluation/offline-annealer.ts';
import { WAIT } from '../../../src/policy/policy.ts';
import { TableCurve } from '../../../src/power-model/table-curve.ts';
import { simulate } from '../../../src/simulation/engine.ts';
import { scenarioByName } from '../../../src/simulation/scenarios/scenarios.ts';
import { roomyInstance } from '../../support/roomy-instance.ts';
import {
  anyFit,
  choosing,
  firstFit,
  type ItemOptions,
  randomInstance,
  simInput,
  simNode,
  workItems,
} from '../../support/simulation-input.ts';

const curves = [
  new TableCurve([20, 40, 90], 'synthetic'),
  new TableCurve([30, 90, 110], 'synthetic'),
  new TableCurve([10, 30, 70], 'synthetic'),
];
const sleep = { sleepWatts: 3, emptySeconds: 60, wakeSeconds: 20, wakeWatts: 60 };

test('on an instance small enough to try all assignments one of three searches finds the best one', () => {
  for (const sleeps of [false, true]) {
    const nodes = curves.map((power, i) => simNode(`n${i}`, { power, ...(sleeps ? { sleep } : {}) }));
    const items = workItems(
      { useMilli: 4000, seconds: 300, prefill: true },
      { useMilli: 2000, seconds: 200, arrivalSeconds: 30 },
      { useMilli: 5000, seconds: 100, arrivalSeconds: 90 },
      { useMilli: 1000, seconds: 400, arrivalSeconds: 120 },
      { useMilli: 3000, seconds: 50, arrivalSeconds: 260 },
      { useMilli: 4000, seconds: 150, arrivalSeconds: 500 },
    );
    const input = simInput(nodes, items, { windowSeconds: 800 });
    let best = Number.POSITIVE_INFINITY;
    for (let code = 0; code < 3 ** 6; code++) {
      const assignment = Int32Array.from({ length: 6 }, (_, i) => Math.floor(code / 3 ** i) % 3);
      try {
        const { energyJoules } = simulate({ ...input, policy: new AssignedPolicy(assignment) });
        best = Math.min(best, energyJoules);
      } catch (error) {
        assert.equal((error as { code: string }).code, 'KISIM_E_OFFLINE_DISAGREES');
      }
    }
    const found = [1, 2, 3].map(
      (seed) => annealOffline(input, { start: firstFit, seed, moves: 3000 }).joules,
    );
    assert.ok(Math.abs(Math.min(...found) - best) < 1e-6, `${found} J, the best is ${best} J`);
  }
});

test('it never comes out above its start, with the same work, and the engine finds the same energy', () => {
  let searched = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { nodes, items, windowSeconds } = roomyInstance(seed, {
      sleep: seed % 2 === 0,
      nodes: 4,
      pods: 25,
    });
    const input = simInput(nodes, items, { windowSeconds, seed, options: { beginAsleep: seed % 4 === 0 } });
    try {
      const found = annealOffline(input, { start: anyFit, seed, moves: 300 });
      const start = simulate({ ...input, policy: anyFit });
      const again = simulate({ ...input, policy: new AssignedPolicy(found.assignment) });
      assert.equal(found.startJoules, start.energyJoules);
      assert.ok(found.joules <= start.energyJoules * (1 + 1e-12));
      assert.equal(again.energyJoules, found.joules);
      assert.equal(again.completedDigest, start.completedDigest);
      assert.equal(found.moves, 300);
      assert.ok(found.accepted + found.impossible <= 300);
      searched++;
    } catch (error) {
      if ((error as { code?: string }).code !== 'KISIM_E_OFFLINE_QUEUES') throw error;
    }
  }
  assert.ok(searched >= 15, `${searched} instances without a queue`);
});

test('on a scenario with sleep it saves over its start, the same from one seed', () => {
  const situation = scenarioByName('Gs').generate({ clusterSeed: 0, workloadSeed: 3, load: 0.3 });
  const options = { start: firstFit, seed: 7, moves: 3000 };
  const [one, two] = [annealOffline(situation, options), annealOffline(situation, options)];
  assert.deepEqual(one, two);
  assert.ok(one.joules < 0.97 * one.startJoules, `${one.joules} of ${one.startJoules} J`);
});

test('it can be stopped, and tells how far it is', () => {
  const { nodes, items, windowSeconds } = randomInstance(2, { nodes: 4, pods: 12 });
  const small = items.map((item) => ({ ...item, pod: { ...item.pod, memoryBytes: 1 } }));
  const input = simInput(nodes, small, { windowSeconds });
  const stop = new AbortController();
  const told: number[] = [];
  const found = annealOffline(input, {
    start: anyFit,
    seed: 1,
    moves: 1e6,
    signal: stop.signal,
    onProgress: ({ moves, of }) => {
      assert.equal(of, 1e6);
      told.push(moves);
      if (told.length === 2) stop.abort();
    },
  });
  assert.deepEqual(told, [20_000, 40_000]);
  assert.equal(found.moves, 40_000);
});

test('a rule that holds pods back is taken without its waiting', () => {
  const items = workItems({ pod: { slackSeconds: 500 } }, { arrivalSeconds: 10, pod: { slackSeconds: 500 } });
  const waiter = choosing(() => WAIT, 'waiter');
  const found = annealOffline(simInput([simNode('a'), simNode('b')], items), {
    start: waiter,
    seed: 1,
    moves: 50,
  });
  assert.equal(found.assignment.length, 2);
});

test('a pod that queues under the rule it starts from is placed elsewhere on arrival', () => {
  const items = workItems(
    { useMilli: 6000 },
    { useMilli: 6000, arrivalSeconds: 10 },
    { useMilli: 1000, arrivalSeconds: 20 },
  );
  // Fills the first node and holds the second pod back until it is free again.
  const stubborn = choosing((pod, { nodes, slackLeft }) =>
    pod.id === 1 && (slackLeft ?? 0) > 0 ? WAIT : nodes[0]!,
  );
  const found = annealOffline(simInput([simNode('a'), simNode('b')], items), {
    start: stubborn,
    seed: 1,
    moves: 100,
  });
  assert.equal(new Set(found.assignment.subarray(0, 2)).size, 2);
});

test('where pods queue there is no solution without delay, and that is an error', () => {
  const items = workItems({ useMilli: 6000 }, { useMilli: 6000, arrivalSeconds: 10 });
  assert.throws(
    () => annealOffline(simInput([simNode('a')], items), { start: firstFit, seed: 1, moves: 10 }),
    {
      code: 'KISIM_E_OFFLINE_QUEUES',
      message: /pod pod-1 finds no room on arrival/,
    },
  );
});

const smt = { threadsPerCore: 2, secondThreadYield: 0.3 };
const gpus = {
  count: 1,
  model: 'T4',
  power: { idleWatts: 1, fullWatts: 2, law: 'proportional' as const },
};
const taint = { key: 'old', value: '', effect: 'NoSchedule' as const };
const rhythm = { amplitude: 0.5, periodSeconds: 100, phaseSeconds: 0 };
const unsupported: readonly (readonly [string, object, ItemOptions, RegExp])[] = [
  ['hyper-threads', { smt }, {}, /node a has hyper-threads/],
  ['GPUs', { gpus }, {}, /node a has GPUs/],
  ['a taint', { taints: [taint] }, {}, /pods or nodes have scheduling constraints/],
  ['a rhythm', {}, { kind: 'service', rhythm }, /pod default\/pod-0 has a rhythm/],
  ['more use than request', {}, { useMilli: 900, pod: { cpuMilli: 500 } }, /uses 900 of 500 milli-cores/],
];
for (const [what, node, item, message] of unsupported) {
  test(`${what}: refused by name`, () => {
    const input = simInput([simNode('a', node)], workItems(item));
    assert.throws(() => annealOffline(input, { start: firstFit, seed: 1, moves: 10 }), {
      code: 'KISIM_E_OFFLINE_UNSUPPORTED',
      message,
    });
  });
}
