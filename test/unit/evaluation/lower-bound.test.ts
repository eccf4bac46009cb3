import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lowerBound } from '../../../src/evaluation/lower-bound.ts';
import { annealOffline } from '../../../src/evaluation/offline-annealer.ts';
import { WAIT } from '../../../src/policy/policy.ts';
import { ExponentialCurve } from '../../../src/power-model/exponential-curve.ts';
import { LinearCurve } from '../../../src/power-model/linear-curve.ts';
import { PWR_SOCKETS, SocketCurve } from '../../../src/power-model/socket-curve.ts';
import { TableCurve } from '../../../src/power-model/table-curve.ts';
import { simulate } from '../../../src/simulation/engine.ts';
import type { SimulationInput } from '../../../src/simulation/simulation.ts';
import { roomyInstance } from '../../support/roomy-instance.ts';
import {
  anyFit,
  choosing,
  firstFit,
  type RandomInstance,
  randomInstance,
  simInput,
  simNode,
  workItems,
} from '../../support/simulation-input.ts';

/** Joules found with hindsight; NaN where the start's pods queue. */
function foundOffline(input: SimulationInput): number {
  try {
    return annealOffline(input, { start: input.policy, seed: 1, moves: 300 }).joules;
  } catch (error) {
    assert.equal((error as { code: string }).code, 'KISIM_E_OFFLINE_QUEUES');
    return Number.NaN;
  }
}

const kinds: readonly (readonly [string, RandomInstance, number])[] = [
  ['nodes that never sleep', {}, 0],
  ['nodes that sleep', { sleep: true }, 0],
  ['nodes of other speeds', { sleep: true, speed: true }, 0],
  ['pods that queue for less than the delay allowed', { sleep: true }, 2000],
];
for (const [name, has, delay] of kinds) {
  test(`${name}: no run, and no solution found with hindsight, is below the bound`, () => {
    let compared = 0;
    for (let seed = 0; seed < 25; seed++) {
      const { nodes, items, windowSeconds } = roomyInstance(seed, { ...has, nodes: 3, pods: 25 });
      const longestWake = Math.max(0, ...nodes.map((node) => node.sleep?.wakeSeconds ?? 0));
      const delaySeconds = longestWake + delay;
      const input = simInput(nodes, items, { windowSeconds, seed, options: { beginAsleep: seed % 2 === 0 } });
      const bound = lowerBound(input, { rounds: 60, blockSeconds: 200, delaySeconds });
      assert.ok(bound.joules >= bound.fluidJoules);
      for (const policy of [firstFit, anyFit]) {
        const result = simulate({ ...input, policy });
        const wait = Math.max(0, ...result.waits);
        if (wait > delaySeconds + 1e-6) continue;
        compared++;
        assert.ok(
          bound.joules <= result.energyJoules * (1 + 1e-9),
          `seed ${seed}: bound ${bound.joules}, run ${result.energyJoules} J`,
        );
        if (wait > longestWake + 1e-6) continue;
        const found = foundOffline({ ...input, policy });
        assert.ok(!(found < bound.joules * (1 - 1e-9)), `seed ${seed}: below it ${found} J`);
      }
    }
    assert.ok(compared >= 25, `${compared} runs`);
  });
}

test('one node that never sleeps, and one price: the bound is the energy itself where use is constant', () => {
  const items = workItems({ useMilli: 4000, seconds: 600, prefill: true });
  const node = simNode('a', { power: new TableCurve([20, 60, 90], 'synthetic') });
  const input = simInput([node], items, { windowSeconds: 600 });
  const bound = lowerBound(input, { blockSeconds: 600 });
  const { energyJoules } = simulate(input);
  // The hull of this curve at half load is the middle of its ends.
  assert.ok(Math.abs(bound.fluidJoules - 55 * 600) < 1e-2 * energyJoules, `${bound.fluidJoules}`);
  const convex = simNode('a', { power: new TableCurve([20, 40, 90], 'synthetic') });
  const exact = lowerBound(simInput([convex], items, { windowSeconds: 600 }), { blockSeconds: 600 });
  assert.ok(Math.abs(exact.joules - 40 * 600) < 1e-4 * 40 * 600, `${exact.joules}`);
});

test('equal nodes with linear power: nothing can be saved, and the bound says so', () => {
  const { items, windowSeconds } = randomInstance(5, { pods: 20 });
  const small = items.map((item) => ({
    ...item,
    useMilli: 500,
    pod: { ...item.pod, cpuMilli: 500, memoryBytes: 1 },
  }));
  const power = new LinearCurve(40, 100, 'synthetic');
  const nodes = ['a', 'b', 'c'].map((name) => simNode(name, { power }));
  const input = simInput(nodes, small, { windowSeconds });
  const { energyJoules } = simulate(input);
  const { joules } = lowerBound(input);
  assert.ok(joules <= energyJoules * (1 + 1e-9));
  assert.ok(joules > energyJoules * (1 - 1e-5), `${joules} of ${energyJoules} J`);
});

test('memory has its price: pods that do not fit the efficient node together raise the bound above the fluid one', () => {
  const efficient = simNode('new', {
    power: new LinearCurve(20, 40, 'synthetic'),
    memoryBytes: 10e9,
  });
  const old = simNode('old', { power: new LinearCurve(20, 120, 'synthetic'), memoryBytes: 1000e9 });
  const items = workItems(
    ...Array.from({ length: 4 }, () => ({
      useMilli: 2000,
      seconds: 600,
      prefill: true,
      pod: { memoryBytes: 5e9 },
    })),
  );
  const input = simInput([efficient, old], items, { windowSeconds: 600 });
  const bound = lowerBound(input, { blockSeconds: 600 });
  const found = annealOffline(input, { start: anyFit, seed: 1, moves: 500 });
  // Two on each: 40 W above idle times a half, and 100 W times a half.
  assert.ok(Math.abs(found.joules - (40 + 10 + 50) * 600) < 1e-6, `${found.joules}`);
  assert.ok(bound.joules > 0.999 * found.joules, `${bound.joules} of ${found.joules} J`);
  assert.ok(bound.fluidJoules < 0.7 * found.joules);
});

test('curves of any kind are bounded from below', () => {
  const curves = [
    new ExponentialCurve(100, -60, -3, 'synthetic'),
    new ExponentialCurve(20, 10, 2, 'synthetic'),
    new SocketCurve({ threads: 8, ...PWR_SOCKETS, coresPerSocket: 2 }, 'synthetic'),
  ];
  for (const power of curves)
    for (let seed = 0; seed < 10; seed++) {
      const { items, windowSeconds } = roomyInstance(seed, { pods: 12 });
      const small = items.map((item) => ({
        ...item,
        useMilli: 900,
        pod: { ...item.pod, cpuMilli: 900, memoryBytes: 1 },
      }));
      const input = simInput([simNode('a', { power }), simNode('b', { power })], small, {
        windowSeconds,
        policy: anyFit,
        seed,
      });
      assert.ok(lowerBound(input, { rounds: 100 }).joules <= simulate(input).energyJoules * (1 + 1e-9));
    }
});

test('pods that may be held back are counted at their cheapest time', () => {
  // Half load is cheap on this node: one pod after the other takes less than both at once.
  const power = new TableCurve([20, 40, 90], 'synthetic');
  const items = (slackSeconds: number) =>
    workItems({ useMilli: 4000, seconds: 100 }, { useMilli: 4000, seconds: 100, pod: { slackSeconds } });
  const options = { blockSeconds: 100 };
  const late = choosing(({ id }, { nodes, slackLeft }) =>
    id === 1 && (slackLeft ?? 0) > 0 ? WAIT : nodes[0]!,
  );
  const patient = simInput([simNode('a', { power })], items(100), { windowSeconds: 200, policy: late });
  const { energyJoules } = simulate(patient);
  assert.ok(Math.abs(energyJoules - 200 * 40) < 1e-9);
  const bound = lowerBound(patient, options).joules;
  assert.ok(bound <= energyJoules * (1 + 1e-9) && bound > 0.99 * energyJoules, `${bound}`);
  const hurried = lowerBound(simInput([simNode('a', { power })], items(0), { windowSeconds: 200 }), options);
  assert.ok(hurried.joules > 0.99 * 100 * (90 + 20), `${hurried.joules}`);
});

test('what it cannot bound is refused by name', () => {
  const smt = { threadsPerCore: 2, secondThreadYield: 0.3 };
  assert.throws(() => lowerBound(simInput([simNode('a', { smt })], workItems({}))), {
    code: 'KISIM_E_OFFLINE_UNSUPPORTED',
    message: /node a has hyper-threads/,
  });
});
