import assert from 'node:assert/strict';
import { test } from 'node:test';
import { predict } from '../../../../src/simulation/generators/prediction-error.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

test('log-normal predictions are off by the stated spread around the truth', () => {
  const random = new RandomStream(2);
  const logs = Array.from({ length: 20000 }, () =>
    Math.log(predict({ kind: 'log-normal', sigma: 0.3 }, 500, 0, random) / 500),
  );
  const mean = logs.reduce((sum, each) => sum + each, 0) / logs.length;
  const sigma = Math.sqrt(logs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / logs.length);
  assert.ok(Math.abs(mean) < 0.01);
  assert.ok(Math.abs(sigma - 0.3) < 0.01);
});

test('every model draws as much, so that what follows does not change', () => {
  const models = [
    { kind: 'log-normal', sigma: 0.3 },
    { kind: 'log-normal', sigma: 0 },
    { kind: 'class-mean' },
  ] as const;
  const next = models.map((model) => {
    const random = new RandomStream(9);
    predict(model, 10, 20, random);
    return random.next();
  });
  assert.deepEqual(next, [next[0], next[0], next[0]]);
  assert.equal(predict({ kind: 'log-normal', sigma: 0 }, 10, 20, new RandomStream(1)), 10);
  assert.equal(predict({ kind: 'class-mean' }, 10, 20, new RandomStream(1)), 20);
});
