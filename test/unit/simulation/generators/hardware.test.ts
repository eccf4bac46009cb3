import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shapedCurve } from '../../../../src/power-model/median-shape.ts';
import type { ServerModel } from '../../../../src/power-model/server-model.ts';
import { readServerModels } from '../../../../src/power-model/server-models.ts';
import { readSpecTable } from '../../../../src/power-model/spec-table.ts';
import { disjointClusters, nodesOf, randomHardware } from '../../../../src/simulation/generators/hardware.ts';
import { sharedData } from '../../../support/shared-data.ts';

function server(cpuKey: string, threads: number, year = 2015): ServerModel {
  return {
    name: `${cpuKey} box`,
    cpuKey,
    year,
    chips: 1,
    cores: threads / 2,
    threads,
    memoryBytes: 2 ** 36,
    curve: shapedCurve(year, 50, 200),
    points: 'full',
  };
}

function checkCluster(cluster: ReturnType<typeof randomHardware>): void {
  assert.equal(cluster.length, 3);
  assert.ok(cluster.every(({ count }) => count >= 1 && count <= 8));
  const threads = cluster.reduce((sum, group) => sum + group.count * group.threads, 0);
  assert.ok(threads >= 190 && threads <= 290, `${threads} threads`);
  for (const group of cluster) assert.equal(group.memoryBytes, group.threads * 4 * 2 ** 30);
}

test('clusters of the own library have three types and the wanted size, the same for one seed', () => {
  const table = readServerModels();
  for (let seed = 0; seed < 40; seed++) {
    checkCluster(randomHardware(table, seed));
    assert.deepEqual(randomHardware(table, seed), randomHardware(readServerModels(), seed));
  }
});

test('clusters of one deck share no CPU model', () => {
  const table = Array.from({ length: 60 }, (_, i) => server(`cpu ${i}`, 16 + 8 * (i % 10)));
  const disjoint = disjointClusters(table);
  assert.ok(disjoint >= 15, `${disjoint} clusters`);
  const seen = new Set<string>();
  for (let seed = 0; seed < disjoint; seed++)
    for (const { name } of randomHardware(table, seed)) {
      assert.ok(!seen.has(name), `${name} twice`);
      seen.add(name);
    }
  // The next deck is another one.
  assert.notDeepEqual(randomHardware(table, disjoint), randomHardware(table, 0));
});

test('the table of SPEC results gives more than twenty disjoint clusters', { skip: sharedData.skip }, () => {
  const table = readSpecTable(sharedData.path('power', 'spec_power_servers.csv'));
  const cpuOf = new Map(table.map((model) => [model.name, model.cpuKey]));
  assert.ok(disjointClusters(table) > 20);
  const seen = new Set<string>();
  for (let seed = 0; seed < disjointClusters(table); seed++) {
    const cluster = randomHardware(table, seed);
    checkCluster(cluster);
    for (const { name } of cluster) {
      assert.ok(!seen.has(cpuOf.get(name)!));
      seen.add(cpuOf.get(name)!);
    }
  }
});

test('old, tiny and huge servers are left out; too few are a coded error', () => {
  const table = [
    server('old', 64, 2009),
    server('tiny', 8),
    server('huge', 512),
    server('a', 64),
    server('b', 32),
  ];
  assert.throws(() => randomHardware(table, 0), { code: 'KISIM_E_SCENARIO_HARDWARE' });
});

test('a node that sleeps wakes at the watts of half load', () => {
  const curve = shapedCurve(2017, 50, 262);
  const [node] = nodesOf([{ name: 'x', threads: 64, count: 1, curve, memoryBytes: 2 ** 38 }], {
    sleep: true,
  });
  assert.deepEqual(node!.sleep, {
    sleepWatts: 9,
    emptySeconds: 300,
    wakeSeconds: 120,
    wakeWatts: curve.watts(0.5),
  });
  assert.equal(node!.cpuMilli, 64000);
});

test('types of machines are spread over the list', () => {
  const group = (name: string, count: number) => ({
    name,
    count,
    threads: 8,
    memoryBytes: 2 ** 35,
    curve: shapedCurve(2017, 50, 262),
  });
  const nodes = nodesOf([group('old', 4), group('mid', 2), group('new', 1)], { sleep: false });
  assert.deepEqual(
    nodes.map(({ labels }) => labels['node.kisimd.io/server-model']),
    ['old', 'mid', 'old', 'new', 'old', 'mid', 'old'],
  );
  assert.equal(nodes[6]!.name, 'node-07');
  assert.equal(nodes[0]!.sleep, undefined);
});
