import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CellRecord,
  overClusters,
  seedSpread,
  toldMean,
  winsOf,
} from '../../../../src/evaluation/own-cluster/summary.ts';

const side = { waitSeconds: 0, sloMisses: 0 };

function record(cluster: number, cell: string, againstRule: readonly number[], trainingSeed = 1): CellRecord {
  return {
    cell,
    family: cell[0]!,
    cluster,
    trainingSeed,
    start: 'bid-price',
    isAccepted: true,
    beganAtClone: false,
    validated: -1,
    generations: 10,
    trainingSeconds: 60,
    againstRule,
    energyAgainstRule: againstRule,
    hindsight: 'bid-price',
    againstHindsight: againstRule,
    againstScheduler: againstRule,
    learned: side,
    rule: side,
    scheduler: side,
  };
}

test('a cluster counts once, however many cells and workloads it has', () => {
  const records = [
    record(0, 'B30', [-1, -3]),
    record(0, 'B60', [-4, -4, -4]),
    record(1, 'B30', [-1]),
    record(2, 'B30', [0]),
  ];
  const { count, mean, interval } = overClusters(records, 'againstRule');
  assert.equal(count, 3);
  assert.ok(Math.abs(mean - (-3 - 1 + 0) / 3) < 1e-12);
  assert.ok(interval!.low < mean && interval!.high > mean);
});

test('further training seeds are no further clusters', () => {
  const records = [record(0, 'B30', [-2]), record(1, 'B30', [-2]), record(0, 'B30', [100], 2)];
  assert.equal(overClusters(records, 'againstRule').mean, -2);
  assert.equal(seedSpread(records), Math.sqrt(102 ** 2 / 2));
  assert.ok(Number.isNaN(seedSpread(records.slice(0, 2))));
});

test('a cell is won or lost where its interval over workloads excludes nothing changed', () => {
  const records = [
    record(0, 'B30', [-1, -1.1, -0.9]),
    record(1, 'B30', [1, 1.1, 0.9]),
    record(2, 'B30', [-1, 1, 0.1]),
  ];
  assert.deepEqual(winsOf(records, 'againstRule'), { won: 1, lost: 1 });
});

test('a mean is told with half its interval', () => {
  assert.match(
    toldMean(overClusters([record(0, 'B30', [-1]), record(1, 'B30', [-2])], 'againstRule')),
    /^-1\.50±6\.35$/,
  );
});
