import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownClusters } from '../../../../src/evaluation/own-cluster/clusters.ts';
import type { ServerModel } from '../../../../src/power-model/server-model.ts';
import { readServerModels } from '../../../../src/power-model/server-models.ts';
import { readSpecTable } from '../../../../src/power-model/spec-table.ts';
import { sharedData } from '../../../support/shared-data.ts';

/** Servers of sixty CPU models, two of each; names tell the model. */
function madeUp(): readonly ServerModel[] {
  const [first] = readServerModels();
  const threads = [16, 24, 32, 48, 64, 96, 128, 192, 256];
  return Array.from({ length: 120 }, (_, i) => ({
    ...first!,
    name: `cpu-${i % 60}/${i}`,
    cpuKey: `cpu-${i % 60}`,
    year: 2015,
    threads: threads[i % threads.length]!,
  }));
}

const cpuOf = (name: string) => name.split('/')[0]!;

test('no CPU model is in both halves, and none in two clusters of one half', () => {
  const table = madeUp();
  const used = new Set<string>();
  let groups = 0;
  for (const split of ['development', 'test'] as const)
    for (const cluster of ownClusters(table, split)) {
      for (const { name } of cluster) used.add(cpuOf(name));
      groups += cluster.length;
    }
  assert.ok(groups >= 30, `${groups}`);
  assert.equal(used.size, groups);
});

test('clusters have three types, 5 to 21 nodes and 190 to 600 threads, and are the same every time', () => {
  const table = madeUp();
  for (const split of ['development', 'test'] as const) {
    const clusters = ownClusters(table, split);
    for (const cluster of clusters) {
      const nodes = cluster.reduce((sum, { count }) => sum + count, 0);
      const threads = cluster.reduce((sum, group) => sum + group.count * group.threads, 0);
      assert.equal(cluster.length, 3);
      assert.ok(nodes >= 5 && nodes <= 21 && threads >= 190 && threads <= 600, `${nodes}, ${threads}`);
    }
    assert.deepEqual(ownClusters(table, split), clusters);
  }
});

test('the table of published servers makes more than the twelve test clusters', {
  skip: sharedData.skip,
}, () => {
  const table = readSpecTable(sharedData.path('power', 'spec_power_servers.csv'));
  assert.ok(ownClusters(table, 'test').length >= 12);
  assert.ok(ownClusters(table, 'development').length >= 12);
});
