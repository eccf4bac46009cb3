import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForTraining } from '../../../../src/learning/own-cluster/acceptance-gate.ts';
import { TrainingSeeds } from '../../../../src/learning/own-cluster/training-seeds.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

test('every workload of training comes up once before any comes again, in another order each time', () => {
  const seeds = new TrainingSeeds(12, new RandomStream(1));
  const rounds = Array.from({ length: 3 }, () => [...seeds.draw(4), ...seeds.draw(4), ...seeds.draw(4)]);
  for (const round of rounds) {
    assert.equal(new Set(round).size, 12);
    assert.ok(round.every(isForTraining));
  }
  assert.equal(new Set(rounds.map((round) => round.join())).size, 3);
});

test('too few left are dropped, not filled up', () => {
  const seeds = new TrainingSeeds(5, new RandomStream(1));
  assert.equal(seeds.draw(3).length, 3);
  assert.equal(seeds.left.length, 2);
  assert.equal(new Set(seeds.draw(3)).size, 3);
  assert.equal(seeds.left.length, 2);
});

test('what is left and the state of the random stream are all there is to save', () => {
  const random = new RandomStream(7);
  const seeds = new TrainingSeeds(10, random);
  seeds.draw(4);
  const other = new RandomStream(0);
  other.restore(random.state);
  const again = new TrainingSeeds(10, other);
  again.restore(seeds.left);
  for (let i = 0; i < 5; i++) assert.deepEqual(again.draw(4), seeds.draw(4));
});
