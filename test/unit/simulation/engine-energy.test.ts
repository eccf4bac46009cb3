import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinearCurve } from '../../../src/power-model/linear-curve.ts';
import { simulate } from '../../../src/simulation/engine.ts';
import type { SimulationResult } from '../../../src/simulation/simulation.ts';
import { choosing, simInput, simNode, workItems } from '../../support/simulation-input.ts';

const sleep = { sleepWatts: 2, emptySeconds: 50, wakeSeconds: 20, wakeWatts: 30 };

test('a batch pod burns its watts above idle, and the node idles through the window', () => {
  // 2 of 8 cores at 5 W a core for 100 s; idle 10 W for 1000 s.
  const result = simulate(simInput([simNode('a')], workItems({ useMilli: 2000, seconds: 100 })));
  assert.equal(result.activeJoules, 1000);
  assert.equal(result.idleJoules, 10_000);
  assert.equal(result.energyJoules, 11_000);
  assert.equal(result.workCoreSeconds, 200);
  assert.equal(result.endSeconds, 100);
});

test('what runs past the window is counted, idle power is not', () => {
  const items = workItems({ arrivalSeconds: 950, useMilli: 1000, seconds: 100 });
  const result = simulate(simInput([simNode('a')], items));
  assert.equal(result.activeJoules, 500);
  assert.equal(result.idleJoules, 10_000);
  assert.equal(result.endSeconds, 1050);
});

test('batch pods share an overloaded node and take longer; services do not', () => {
  // 16 cores wanted of 8: two batch pods of 6 cores and a service of 4 at half speed.
  const items = workItems(
    { useMilli: 6000, seconds: 50, pod: { cpuMilli: 1000 } },
    { useMilli: 6000, seconds: 50, pod: { cpuMilli: 1000 } },
    { useMilli: 4000, seconds: 100, kind: 'service', pod: { cpuMilli: 1000 } },
  );
  const result = simulate(simInput([simNode('a')], items));
  assert.equal(result.endSeconds, 100);
  assert.equal(result.meanStretch, 2);
  assert.equal(result.activeJoules, 40 * 100);
  assert.equal(result.workCoreSeconds, 600 + 200);
});

test('the second hyper-thread of a core adds what it yields', () => {
  // 8 threads on 4 cores, the second one adding 1/2: 8 busy threads do the work of 6 cores.
  const node = simNode('a', { smt: { threadsPerCore: 2, secondThreadYield: 0.5 } });
  const result = simulate(simInput([node], workItems({ useMilli: 8000, seconds: 60 })));
  assert.ok(Math.abs(result.endSeconds - 80) < 1e-9, `${result.endSeconds}`);
  const half = simulate(simInput([node], workItems({ useMilli: 4000, seconds: 60 })));
  assert.equal(half.endSeconds, 60);
});

test('a fast node does the same work sooner', () => {
  const items = workItems({ useMilli: 1000, seconds: 100 });
  const result = simulate(simInput([simNode('a', { speed: 2 })], items));
  assert.equal(result.endSeconds, 50);
  assert.equal(result.meanStretch, 0.5);
  assert.equal(result.activeJoules, 250);
  assert.equal(result.workCoreSeconds, 100);
});

test('an empty node falls asleep, and a pod that is placed on it waits for it to wake', () => {
  const items = workItems(
    { seconds: 30, kind: 'service' },
    { arrivalSeconds: 200, seconds: 100, kind: 'service' },
  );
  const result = simulate(simInput([simNode('a', { sleep })], items, { windowSeconds: 500 }));
  // Up 0 to 80, asleep to 200, waking to 220, up to 370 (busy to 320), asleep to 500.
  assert.equal(result.idleJoules, (80 + 150) * 10);
  assert.equal(result.sleepJoules, (120 + 130) * 2);
  assert.equal(result.wakeJoules, 20 * 30);
  assert.equal(result.activeJoules, 130 * 5);
  assert.equal(result.energyJoules, 2300 + 500 + 600 + 650);
  assert.equal(result.wakes, 1);
  assert.deepEqual([...result.waits], [0, 20]);
  assert.equal(result.endSeconds, 320);
});

test('a node without leave to sleep, or cordoned, never does', () => {
  const items = workItems({ seconds: 1 });
  const nodes = [simNode('a'), simNode('b', { sleep, unschedulable: true })];
  const result = simulate(simInput(nodes, items));
  assert.equal(result.sleepJoules, 0);
  assert.equal(result.idleJoules, 20_000);
});

test('sleep is counted to the horizon, which no policy moves', () => {
  // The pod that nobody delays ends at 1100 at the latest: both policies count to there.
  const nodes = [simNode('a', { sleep }), simNode('b', { sleep })];
  const items = workItems({ arrivalSeconds: 1000, seconds: 50, pod: { slackSeconds: 50 } });
  for (const node of [0, 1]) {
    const result = simulate(simInput(nodes, items, { policy: choosing(() => node) }));
    // Up 50, asleep 950, waking 20, up 80 more of 50 + 50 (horizon): the other one asleep from 50 to 1100.
    assert.equal(result.sleepJoules, 2 * (950 + 1050));
    assert.equal(result.wakeJoules, 600);
    assert.equal(result.idleJoules, 10 * (50 + 80 + 50));
    assert.equal(result.activeJoules, 250);
  }
});

test('GPUs take their idle watts, and those above it by the share in use or in full', () => {
  const power = { idleWatts: 10, fullWatts: 70, law: 'proportional' as const };
  const pod = { gpu: { count: 1, milliEach: 500, models: [] } };
  const items = workItems(
    { useMilli: 0, seconds: 100, gpuUse: 0.5, pod },
    { arrivalSeconds: 50, useMilli: 0, seconds: 100, pod },
  );
  const node = (law: 'proportional' | 'full-when-used') =>
    simNode('a', { gpus: { count: 2, model: 'T4', power: { ...power, law } } });
  const shared = simulate(simInput([node('proportional')], items));
  // Both on the fuller one of two: shares of 1/4 to 50 s, 3/4 to 100 s, 1/2 to 150 s.
  assert.equal(shared.gpuJoules, 2 * 10 * 1000 + 60 * (0.25 * 50 + 0.75 * 50 + 0.5 * 50));
  const full = simulate(simInput([node('full-when-used')], items));
  assert.equal(full.gpuJoules, 2 * 10 * 1000 + 60 * 150);
  assert.equal(full.energyJoules, full.gpuJoules + full.idleJoules);
});

test('a service with a rhythm changes its use at ticks', () => {
  const rhythm = { amplitude: 0.5, periodSeconds: 400, phaseSeconds: 0 };
  const items = workItems({ kind: 'service', seconds: 400, pod: { cpuMilli: 2000 }, rhythm });
  const options = { tickSeconds: 100 };
  const result = simulate(simInput([simNode('a')], items, { options }));
  // Factors 1, 1.5, 1, 0.5 of 5 W.
  near(result.activeJoules, 5 * 100 * 4);
  near(result.workCoreSeconds, 400);
  const late = workItems({
    arrivalSeconds: 150,
    kind: 'service',
    seconds: 100,
    pod: { cpuMilli: 2000 },
    rhythm,
  });
  near(simulate(simInput([simNode('a')], late, { options })).activeJoules, 5 * (50 * 1.5 + 50));
});

test('pods without an end stay to the horizon', () => {
  const items = workItems(
    { kind: 'service', seconds: Number.POSITIVE_INFINITY },
    { arrivalSeconds: 10, seconds: 20 },
  );
  const result = simulate(simInput([simNode('a')], items, { windowSeconds: 100 }));
  assert.equal(result.activeJoules, 500 + 100);
  assert.equal(result.endSeconds, 100);
  assert.equal(result.completed, 2);
});

test('pods without an end leave at the horizon where others still wait for their place', () => {
  const items = workItems(
    { kind: 'service', seconds: Number.POSITIVE_INFINITY, useMilli: 8000 },
    { arrivalSeconds: 10, seconds: 20 },
  );
  const result = simulate(simInput([simNode('a')], items, { windowSeconds: 100 }));
  assert.deepEqual([...result.waits], [0, 90]);
  assert.equal(result.activeJoules, 40 * 100 + 5 * 20);
  assert.equal(result.completed, 2);
});

test('the energy of the nodes is the sum of its parts, and the total the sum of the nodes', () => {
  const nodes = [simNode('a', { sleep }), simNode('b', { power: new LinearCurve(7.3, 91.7, 'synthetic') })];
  const items = workItems({ seconds: 33.3 }, { seconds: 77.7 }, { arrivalSeconds: 500, seconds: 1.1 });
  const result: SimulationResult = simulate(simInput(nodes, items, { policy: choosing(({ id }) => id % 2) }));
  const parts = result.activeJoules + result.idleJoules + result.sleepJoules + result.wakeJoules;
  near(result.energyJoules, parts + result.gpuJoules);
  near(
    result.energyJoules,
    result.energyByNode.reduce((sum, joules) => sum + joules, 0),
  );
});

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.abs(expected), `${actual}, not ${expected}`);
}
