import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapRoot, pickBest } from '../../../../src/policy/kube/heap-root.ts';
import { seededRandom } from '../../../../src/util/rng.ts';

/** Scores, and the index that Go's container/heap (1.26) pops first after Init with a strict Less. */
const POPPED_FIRST: readonly (readonly [readonly number[], number])[] = [
  [[0, 0, 0, 2, 2, 1, 1, 1], 3],
  [[2, 1, 2, 2], 0],
  [[0, 0, 2, 2], 3],
  [[1, 2, 1, 1, 0, 2, 1], 1],
  [[2, 1, 2, 2, 1, 2, 0, 0, 2, 0, 0, 2, 2, 0], 0],
  [[1, 2, 2, 1, 1, 0, 0, 1, 1], 1],
  [[1, 0, 2, 1, 2], 4],
  [[0, 1], 1],
  [[5, 5, 5], 0],
  [[7], 0],
];

test('takes the root of a heap built as Go builds it', () => {
  for (const [scores, root] of POPPED_FIRST)
    assert.equal(
      heapRoot(Float64Array.from(scores), scores.length, new Int32Array(scores.length)),
      root,
      `${scores}`,
    );
});

test('takes only as many scores as it is told of', () => {
  assert.equal(heapRoot(Float64Array.of(1, 2, 9), 2, new Int32Array(3)), 1);
});

test('draws among the best with equal chances', () => {
  const scores = Float64Array.of(3, 9, 9, 1, 9);
  const random = seededRandom(1);
  const drawn = [0, 0, 0, 0, 0];
  for (let i = 0; i < 3000; i++) drawn[pickBest(scores, 5, random)]!++;
  assert.equal(drawn[0]! + drawn[3]!, 0);
  for (const i of [1, 2, 4]) assert.ok(Math.abs(drawn[i]! - 1000) < 120, `${drawn}`);
});
