import assert from 'node:assert/strict';
import { test } from 'node:test';
import { medianShape } from '../../../src/power-model/median-shape.ts';
import { readServerModels } from '../../../src/power-model/server-models.ts';
import { readSpecTable } from '../../../src/power-model/spec-table.ts';
import { sharedData } from '../../support/shared-data.ts';

test("the project's own machines have distinct names, estimated curves and watts of a server", () => {
  const models = readServerModels();
  assert.ok(models.length >= 20);
  assert.equal(new Set(models.map(({ name }) => name)).size, models.length);
  for (const { name, curve, threads, cores, memoryBytes, year } of models) {
    assert.equal(curve.provenance, 'estimated', name);
    assert.equal(curve.points.length, 11, name);
    assert.ok(threads === cores || threads === 2 * cores, name);
    const wattsPerThread = curve.fullWatts / threads;
    assert.ok(wattsPerThread > 0.5 && wattsPerThread < 15, `${name}: ${wattsPerThread} W per thread`);
    assert.ok(curve.idleWatts > 0.08 * curve.fullWatts && curve.idleWatts < 0.5 * curve.fullWatts, name);
    assert.ok(memoryBytes / threads >= 1.5 * 2 ** 30, name);
    assert.ok(year >= 2010 && year <= 2025, name);
  }
});

test('a table without a microarchitecture, and one that is not there, are coded errors', () => {
  assert.throws(() => readServerModels('/nowhere/watts.json'), { code: 'KISIM_E_CURVE_TABLE' });
});

test('median shapes are those of the SPECpower table', { skip: sharedData.skip }, () => {
  const models = readSpecTable(sharedData.path('power', 'spec_power_servers.csv')).filter(
    ({ points }) => points === 'full',
  );
  const classes = [
    [2004, 2009],
    [2010, 2013],
    [2014, 2016],
    [2017, 2100],
  ] as const;
  for (const [from, to] of classes) {
    const inClass = models.filter(({ year }) => year >= from && year <= to);
    for (let i = 1; i < 10; i++) {
      const shares = inClass
        .map(({ curve }) => (curve.points[i]! - curve.idleWatts) / (curve.fullWatts - curve.idleWatts))
        .sort((a, b) => a - b);
      const middle = shares.length >> 1;
      const median = shares.length % 2 === 1 ? shares[middle]! : (shares[middle - 1]! + shares[middle]!) / 2;
      assert.ok(Math.abs(median - medianShape(from)[i]!) <= 0.0006, `${from}: ${10 * i} % is ${median}`);
    }
  }
});
