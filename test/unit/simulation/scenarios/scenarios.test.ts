import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarioByName, scenarioNames } from '../../../../src/simulation/scenarios/scenarios.ts';
import type { Workload } from '../../../../src/simulation/workload.ts';

const request = { clusterSeed: 0, workloadSeed: 5, load: 0.6 };

function meanRequestedMilli({ items, windowSeconds }: Workload): number {
  const sum = items.reduce((total, { pod, arrivalSeconds, seconds }) => {
    return total + pod.cpuMilli * (Math.min(windowSeconds, arrivalSeconds + seconds) - arrivalSeconds);
  }, 0);
  return sum / windowSeconds;
}

for (const name of scenarioNames) {
  test(`${name}: well-formed, the same from one seed, another from the next`, () => {
    const scenario = scenarioByName(name);
    const one = scenario.generate(request);
    assert.deepEqual(scenario.generate(request), one);
    assert.notDeepEqual(scenario.generate({ ...request, workloadSeed: 6 }).workload, one.workload);
    const { items, windowSeconds } = one.workload;
    const largest = Math.max(...one.nodes.map((node) => node.cpuMilli));
    let last = 0;
    let prefilling = true;
    for (const [id, { pod, arrivalSeconds, prefill, useMilli, seconds, kind }] of items.entries()) {
      assert.equal(pod.id, id);
      assert.ok(pod.cpuMilli > 0 && pod.cpuMilli <= largest && pod.memoryBytes > 0);
      assert.ok(pod.predictedCpuMilli > 0 && pod.predictedSeconds > 0 && useMilli > 0 && seconds > 0);
      assert.ok(arrivalSeconds >= last && arrivalSeconds < windowSeconds);
      last = arrivalSeconds;
      if (prefill !== true) prefilling = false;
      else assert.ok(prefilling && arrivalSeconds === 0);
      if (pod.slackSeconds > 0) assert.ok(scenario.waits && kind === 'batch');
    }
    assert.equal(new Set(items.map(({ pod }) => pod.name)).size, items.length);
    assert.equal(
      one.nodes.every((node) => (node.sleep !== undefined) === scenario.sleeps),
      true,
    );
  });
}

test('the requested share of the CPU is the load', () => {
  for (const name of ['B', 'E', 'Drnd'])
    for (const load of [0.3, 0.6, 0.9]) {
      const { nodes, workload } = scenarioByName(name).generate({ ...request, load });
      const capacity = nodes.reduce((sum, node) => sum + node.cpuMilli, 0);
      const found = meanRequestedMilli(workload) / capacity;
      assert.ok(Math.abs(found - load) < 0.02, `${name} ${load}: ${found}`);
    }
});

test('the pods of a lower load are among those of a higher one', () => {
  const at = (load: number) =>
    scenarioByName('D')
      .generate({ ...request, load })
      .workload.items.map(({ pod }) => pod.name);
  const high = new Set(at(0.9));
  assert.ok(at(0.3).every((name) => high.has(name)));
});

test('the episode starts in its steady state', () => {
  let early = 0;
  let late = 0;
  for (let workloadSeed = 0; workloadSeed < 12; workloadSeed++) {
    const { items, windowSeconds } = scenarioByName('B').generate({ ...request, workloadSeed }).workload;
    for (const { pod, arrivalSeconds, seconds } of items) {
      if (arrivalSeconds === 0) early += pod.cpuMilli;
      if (arrivalSeconds + seconds >= windowSeconds - 1e-6) late += pod.cpuMilli;
    }
  }
  assert.ok(Math.abs(early / late - 1) < 0.1, `${early} at the start, ${late} at the end`);
});

test('what is predicted changes nothing of what happens', () => {
  const [c, d, exact] = ['C', 'D', 'D0'].map((name) => scenarioByName(name).generate(request).workload.items);
  const truth = (items: typeof c) =>
    items!.map(({ pod, arrivalSeconds, seconds, useMilli }) => [pod.name, arrivalSeconds, seconds, useMilli]);
  assert.deepEqual(truth(c), truth(d));
  assert.deepEqual(truth(exact), truth(d));
  for (const { pod, seconds, useMilli } of exact!) {
    assert.equal(pod.predictedSeconds, seconds);
    assert.equal(pod.predictedCpuMilli, useMilli);
  }
  const services = c!.filter(({ pod }) => pod.name.startsWith('service-'));
  assert.equal(new Set(services.map(({ pod }) => pod.predictedSeconds)).size, 1);
});

test('seven of ten batch pods of E may wait one to four hours', () => {
  const { items } = scenarioByName('E').generate(request).workload;
  const batch = items.filter(({ kind, prefill }) => kind === 'batch' && prefill !== true);
  const slacks = batch.map(({ pod }) => pod.slackSeconds).filter((slack) => slack > 0);
  assert.ok(Math.abs(slacks.length / batch.length - 0.7) < 0.04);
  assert.ok(slacks.every((slack) => slack >= 3600 && slack <= 14400));
});

test('clusters of odd seeds have no memory-heavy services', () => {
  const heavy = (clusterSeed: number) =>
    scenarioByName('Brnd')
      .generate({ ...request, clusterSeed })
      .workload.items.some(({ pod }) => pod.name.startsWith('memory-heavy'));
  assert.equal(heavy(0), true);
  assert.equal(heavy(1), false);
});

test('an unknown name, a bad seed and a bad load are coded errors', () => {
  assert.throws(() => scenarioByName('H'), { code: 'KISIM_E_SCENARIO_UNKNOWN' });
  const scenario = scenarioByName('A');
  for (const bad of [{ clusterSeed: -1 }, { workloadSeed: 0.5 }, { load: 0 }, { load: Number.NaN }])
    assert.throws(() => scenario.generate({ ...request, ...bad }), { code: 'KISIM_E_SCENARIO_INVALID' });
});
