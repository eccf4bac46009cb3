import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import { ClusterPower } from '../../../../src/policy/energy/cluster-power.ts';
import { peaksModel } from '../../../../src/policy/energy/peaks-term.ts';
import { TERM } from '../../../../src/policy/energy/term-table.ts';
import { TermMatrix } from '../../../../src/policy/energy/terms.ts';
import { ExponentialCurve } from '../../../../src/power-model/exponential-curve.ts';
import { TableCurve } from '../../../../src/power-model/table-curve.ts';
import { candidatesOf } from '../../../support/chosen.ts';
import { podOf, server, serverTypes } from '../../../support/random-cluster.ts';

const near = (found: number, right: number, relative = 1e-12) =>
  assert.ok(Math.abs(found - right) <= relative * Math.max(1, Math.abs(right)), `${found} is not ${right}`);

test('an exponential curve is found again', () => {
  for (const [k1, k2] of [
    [20, 2],
    [-60, -1.5],
  ] as const) {
    const model = peaksModel(new ExponentialCurve(100, k1, k2, 'synthetic'));
    near(model.k1, k1);
    near(model.k2, k2);
  }
});

test('a straight curve has no bend, a flat one no jump, a half-flat one a steep one', () => {
  assert.deepEqual(peaksModel(new TableCurve([50, 150], 'synthetic')), { k1: 100, k2: 0 });
  assert.deepEqual(peaksModel(new TableCurve([50, 50], 'synthetic')), { k1: 0, k2: 0 });
  const { k1, k2 } = peaksModel(new TableCurve([50, 50, 150], 'synthetic'));
  assert.ok(Number.isFinite(k1) && k1 > 0 && k2 > 10);
});

test('the model goes through idle, half and full of a server', () => {
  for (const { curve } of serverTypes) {
    const { k1, k2 } = peaksModel(curve);
    near(k1 * (Math.exp(k2 / 2) - 1), curve.watts(0.5) - curve.idleWatts);
    near(k1 * (Math.exp(k2) - 1), curve.fullWatts - curve.idleWatts);
  }
});

test('the jump is of the request on top of measured use, and follows the measurement', () => {
  const cluster = new ClusterState([server('a', 0), server('b', 2), server('c', 0)]);
  const matrix = new TermMatrix(cluster, new ClusterPower(cluster.nodes), [TERM.peaks]);
  const pod = podOf(0, { cpuMilli: 4000 });
  for (const uses of [
    [0, 0, 0],
    [8000, 64_000, 30_000],
    [8000, 1000, 16_000],
  ]) {
    cluster.measuredUse.set(uses);
    matrix.fill(pod, candidatesOf(cluster, pod));
    for (const [i, { power, cpuMilli }] of cluster.nodes.entries()) {
      const { k1, k2 } = peaksModel(power!);
      const jump =
        k1 * (Math.exp((k2 * (uses[i]! + 4000)) / cpuMilli) - Math.exp((k2 * uses[i]!) / cpuMilli));
      near(matrix.at(TERM.peaks, i) * matrix.decision.ownWatts, jump, 1e-9);
    }
  }
});
