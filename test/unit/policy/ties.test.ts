import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../src/cluster/cluster-state.ts';
import type { TieRule } from '../../../src/policy/policy.ts';
import { TieBreaker } from '../../../src/policy/ties.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import { server } from '../../support/random-cluster.ts';

const cluster = new ClusterState(['c', 'a', 'B', 'b'].map((name) => server(name, 0)));
const all = { nodes: Int32Array.of(0, 1, 2, 3), count: 4 };

function breaker(rule: TieRule): TieBreaker {
  return new TieBreaker(rule, { cluster, random: new RandomStream(1) });
}

test('the greatest score wins under every rule', () => {
  for (const rule of ['lexicographic', 'random', 'first'] as const)
    assert.equal(breaker(rule).greatest(Float64Array.of(1, 2, 4, 3), all), 2);
});

test('equal scores go to the first candidate, or to the least name by code units', () => {
  assert.equal(breaker('first').greatest(Float64Array.of(1, 5, 5, 5), all), 1);
  assert.equal(breaker('lexicographic').greatest(Float64Array.of(5, 5, 5, 5), all), 2);
  assert.equal(breaker('lexicographic').greatest(Float64Array.of(5, 5, 1, 5), all), 1);
});

test('random ties reach every one of the best about equally often, and no other', () => {
  const ties = breaker('random');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 3000; i++) counts[ties.greatest(Float64Array.of(7, 1, 7, 7), all)]!++;
  assert.equal(counts[1], 0);
  for (const count of [counts[0]!, counts[2]!, counts[3]!])
    assert.ok(count > 850 && count < 1150, `${counts}`);
});

test('nothing is drawn where nothing is equal, so that ties alone use up the stream', () => {
  const random = new RandomStream(3);
  const ties = new TieBreaker('random', { cluster, random });
  const before = random.state;
  ties.greatest(Float64Array.of(1, 2, 3, 4), all);
  assert.deepEqual(random.state, before);
});

test('a NaN never beats a number', () => {
  assert.equal(breaker('first').greatest(Float64Array.of(Number.NaN, 1, Number.NaN, 0), all), 1);
});
