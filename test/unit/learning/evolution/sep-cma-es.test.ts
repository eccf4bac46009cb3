import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SepCmaEs } from '../../../../src/learning/evolution/sep-cma-es.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

/** How many trials of a function until its value falls below 1e-9. */
function trialsUntilSmall(f: (x: Float64Array) => number, n: number, seed: number, most: number): number {
  const search = new SepCmaEs({
    mean: new Float64Array(n).fill(1),
    deviations: new Float64Array(n).fill(0.5),
    seed,
  });
  for (let trials = 0; trials < most; ) {
    const points = search.ask();
    const costs = points.map(f);
    trials += costs.length;
    if (Math.min(...costs) < 1e-9) return trials;
    search.tell(costs);
  }
  return Number.POSITIVE_INFINITY;
}

const sphere = (x: Float64Array) => x.reduce((sum, xi) => sum + xi * xi, 0);
/** Condition 1e6, along the axes: what separate variances are for. */
const ellipsoid = (x: Float64Array) =>
  x.reduce((sum, xi, i) => sum + 10 ** ((6 * i) / (x.length - 1)) * xi * xi, 0);

test('finds the least of the sphere as fast as is usual', () => {
  for (let seed = 0; seed < 5; seed++) assert.ok(trialsUntilSmall(sphere, 10, seed, 10_000) < 2500);
});

test('learns the scale of each axis: a condition of a million costs a few times more and not a thousand', () => {
  for (let seed = 0; seed < 5; seed++) assert.ok(trialsUntilSmall(ellipsoid, 10, seed, 50_000) < 9000);
});

test('finds its way through noise', () => {
  const noise = new RandomStream(3);
  const search = new SepCmaEs({
    mean: new Float64Array(20).fill(1),
    deviations: new Float64Array(20).fill(0.3),
    population: 16,
    seed: 1,
  });
  for (let i = 0; i < 300; i++) search.tell(search.ask().map((x) => sphere(x) + 0.3 * noise.normal()));
  assert.ok(sphere(search.mean) < 1, `${sphere(search.mean)} from 20`);
});

test('the same seed gives the same search, and a saved one goes on bit by bit', () => {
  const options = { mean: new Float64Array(5), deviations: new Float64Array(5).fill(1), seed: 7 };
  const whole = new SepCmaEs(options);
  const cost = (x: Float64Array) => ellipsoid(x.map((xi) => xi - 1));
  for (let i = 0; i < 20; i++) whole.tell(whole.ask().map(cost));
  const first = new SepCmaEs(options);
  for (let i = 0; i < 8; i++) first.tell(first.ask().map(cost));
  const second = new SepCmaEs({ ...options, seed: 99 });
  second.restore(JSON.parse(JSON.stringify(first.save())) as ReturnType<SepCmaEs['save']>);
  for (let i = 8; i < 20; i++) second.tell(second.ask().map(cost));
  assert.deepEqual(second.save(), whole.save());
  assert.equal(second.generation, 20);
});

test('a point that cannot be told a cost is the worst, and never NaN itself', () => {
  const search = new SepCmaEs({
    mean: Float64Array.of(1, 1),
    deviations: Float64Array.of(0.5, 0.5),
    seed: 2,
  });
  for (let i = 0; i < 100; i++) search.tell(search.ask().map((x) => (x[0]! > 1 ? Number.NaN : sphere(x))));
  assert.ok(sphere(search.mean) < 1e-6);
});

test('wrong shapes are told', () => {
  const zero = new Float64Array(3);
  assert.throws(() => new SepCmaEs({ mean: zero, deviations: new Float64Array(2), seed: 1 }), RangeError);
  assert.throws(() => new SepCmaEs({ mean: zero, deviations: zero, population: 2, seed: 1 }), RangeError);
  const search = new SepCmaEs({ mean: zero, deviations: zero, seed: 1 });
  assert.throws(() => search.tell([1]), RangeError);
  assert.throws(() => search.restore({ ...search.save(), mean: [1] }), RangeError);
});
