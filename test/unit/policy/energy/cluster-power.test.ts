import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../../src/cluster/node.ts';
import { ClusterPower } from '../../../../src/policy/energy/cluster-power.ts';
import { ExponentialCurve } from '../../../../src/power-model/exponential-curve.ts';
import { TableCurve } from '../../../../src/power-model/table-curve.ts';
import { SLEEP, server, serverTypes } from '../../../support/random-cluster.ts';

const nodes = [server('old', 0), server('new', 2, SLEEP), server('middle', 1), server('new-too', 2)];
const power = new ClusterPower(nodes);

test('watts are those of the curve, at every use and beyond full', () => {
  const exponential: Node = { ...server('e', 0), power: new ExponentialCurve(50, 30, 1.5, 'synthetic') };
  const all = [...nodes, exponential];
  const mixed = new ClusterPower(all);
  for (const [i, node] of all.entries())
    for (const use of [0, 1, 5000, 16_000, 31_999, 32_000, 130_000]) {
      const expected = node.power!.watts(use / node.cpuMilli);
      assert.ok(Math.abs(mixed.watts(i, use) - expected) < 1e-12 * expected, `${node.name} at ${use}`);
    }
});

test('types of node are ranked by their least joules per core-second', () => {
  assert.deepEqual(Array.from(power.tier), [2, 0, 1, 0]);
  assert.deepEqual(Array.from(power.tierRank), [1, 0, 0.5, 0]);
  assert.equal(power.tiers, 3);
  assert.ok(Math.abs(power.bestWattsPerMilli - 269 / 128_000) < 1e-15);
  assert.deepEqual(Array.from(new ClusterPower([server('a', 1), server('b', 1)]).tierRank), [0, 0]);
});

test('faster nodes need fewer joules for the same work', () => {
  const fast = new ClusterPower([server('old', 0), { ...server('old-fast', 0), speed: 2 }]);
  assert.deepEqual(Array.from(fast.tier), [1, 0]);
});

test('what a better node saves counts idle watts only where they can be saved', () => {
  const [old, fresh] = [serverTypes[0]!, serverTypes[2]!];
  const worst = (240 - 80) / old.cpuMilli;
  assert.equal(power.savedWattsPerMilli[0], 0);
  assert.ok(Math.abs(power.savedWattsPerMilli[1]! - (worst - 269 / fresh.cpuMilli)) < 1e-15, 'sleeps');
  assert.ok(
    Math.abs(power.savedWattsPerMilli[3]! - (worst - (269 - 75) / fresh.cpuMilli)) < 1e-15,
    'never sleeps',
  );
});

test('a node without a curve is refused by name', () => {
  const { power: _, ...bare } = server('bare', 0);
  assert.throws(() => new ClusterPower([server('a', 0), bare]), {
    code: 'KISIM_E_POLICY_NO_POWER',
    message: /bare/,
  });
});

test('a node that draws nothing is refused: no energy could be told against it', () => {
  const nothing = { ...server('dark', 0), power: new TableCurve([0, 0], 'synthetic') };
  assert.throws(() => new ClusterPower([server('a', 0), nothing]), {
    code: 'KISIM_E_POLICY_NO_POWER',
    message: /dark/,
  });
});

test('a node that draws nothing at little use has finite costs', () => {
  const step = { ...server('step', 0), power: new TableCurve([0, 0, 50], 'synthetic') };
  assert.ok(new ClusterPower([step]).bestWattsPerMilli > 0);
});
