import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellTwin, ownClusterCells } from '../../../../src/evaluation/own-cluster/cells.ts';
import { cloneOfHindsight } from '../../../../src/evaluation/own-cluster/clone-of-hindsight.ts';
import { startingPoints } from '../../../../src/learning/own-cluster/starting-points.ts';
import type { Twin } from '../../../../src/learning/own-cluster/twin.ts';
import { TERM_COUNT } from '../../../../src/policy/energy/term-table.ts';
import { readServerModels } from '../../../../src/power-model/server-models.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { randomHardware } from '../../../../src/simulation/generators/hardware.ts';

const groups = randomHardware(readServerModels(), 1);

/** The first minutes of a cell, so that a test is short. */
function twinOf(name: string, windowSeconds: number): Twin {
  const whole = cellTwin(ownClusterCells.find((each) => each.name === name)!, groups, 0);
  return {
    ...whole,
    situation(seed) {
      const { workload, ...rest } = whole.situation(seed);
      const items = workload.items.filter(({ arrivalSeconds }) => arrivalSeconds < windowSeconds);
      return { ...rest, workload: { items, windowSeconds } };
    },
  };
}

test('the clone has weights for the terms of this cluster, and steps to search by; the same every time', () => {
  const twin = twinOf('B30', 1200);
  const start = startingPoints(twin).find(({ name }) => name === 'bid-price')!;
  const make = () => cloneOfHindsight(twin, start, simulate, () => false)!;
  const { rule, deviations } = make();
  assert.equal(rule.weights.length, TERM_COUNT);
  assert.ok(rule.weights.every((weight) => Number.isFinite(weight)));
  assert.ok(rule.weights.filter((weight) => weight !== 0).length > 20);
  assert.ok(deviations!.every((deviation) => deviation > 0));
  assert.deepEqual(make(), { rule, deviations });
});

test('where pods may wait the rule keeps its weights of waiting', () => {
  const twin = twinOf('E30', 900);
  const start = startingPoints(twin).find(({ waitWeights }) => waitWeights !== undefined)!;
  const clone = cloneOfHindsight(twin, start, simulate, () => false)!;
  assert.equal(clone.rule.waitWeights, start.waitWeights);
});

test('there is no clone where pods queue however they are placed', () => {
  const twin = twinOf('B30', 1200);
  const [node] = twin.situation(0).nodes;
  const crowded: Twin = { ...twin, situation: (seed) => ({ ...twin.situation(seed), nodes: [node!] }) };
  const [start] = startingPoints(crowded);
  assert.equal(
    cloneOfHindsight(crowded, start!, simulate, () => true),
    undefined,
  );
});
