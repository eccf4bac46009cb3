import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExponentialCurve } from '../../../src/power-model/exponential-curve.ts';
import { shapedCurve } from '../../../src/power-model/median-shape.ts';
import { perturbed } from '../../../src/power-model/perturb.ts';
import { RandomStream } from '../../../src/util/rng.ts';

const curve = shapedCurve(2019, 100, 400);

test('a perturbed curve never falls, however great the error', () => {
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0, max: 2, noNaN: true }), (seed, size) => {
      const wrong = perturbed(curve, new RandomStream(seed), { level: size, tilt: size, idle: size });
      assert.ok(wrong.idleWatts > 0);
      assert.ok(wrong.fullWatts >= wrong.idleWatts);
    }),
  );
});

test('it is off by about its standard deviations, around the true curve', () => {
  const random = new RandomStream(7);
  const ratios = Array.from({ length: 2000 }, () => {
    const wrong = perturbed(curve, random);
    return { idle: Math.log(wrong.idleWatts / 100), full: Math.log(wrong.fullWatts / 400) };
  });
  const spread = (of: readonly number[]) => {
    const mean = of.reduce((sum, each) => sum + each, 0) / of.length;
    return { mean, deviation: Math.sqrt(of.reduce((sum, each) => sum + (each - mean) ** 2, 0) / of.length) };
  };
  const idle = spread(ratios.map((ratio) => ratio.idle));
  const full = spread(ratios.map((ratio) => ratio.full));
  assert.ok(Math.abs(idle.mean) < 0.01 && Math.abs(full.mean) < 0.01);
  // sqrt(.1^2 + .05^2) at idle; level, most of the tilt and a quarter of the idle error at full.
  assert.ok(Math.abs(idle.deviation - 0.112) < 0.01, `${idle.deviation}`);
  assert.ok(full.deviation > 0.09 && full.deviation < 0.12, `${full.deviation}`);
});

test('no error leaves the curve as it is, and one seed gives one curve', () => {
  const none = perturbed(curve, new RandomStream(1), { level: 0, tilt: 0, idle: 0 });
  none.points.forEach((watts, i) => {
    assert.ok(Math.abs(watts - curve.points[i]!) < 1e-9);
  });
  const [a, b] = [perturbed(curve, new RandomStream(5)), perturbed(curve, new RandomStream(5))];
  assert.deepEqual(a.points, b.points);
  assert.notDeepEqual(a.points, perturbed(curve, new RandomStream(6)).points);
  assert.equal(a.provenance, 'synthetic');
});

test('a curve that is no table is perturbed at twenty steps', () => {
  const wrong = perturbed(new ExponentialCurve(471, -91, -7, 'published'), new RandomStream(3));
  assert.equal(wrong.points.length, 21);
});
