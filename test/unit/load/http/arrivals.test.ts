import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arrivals } from '../../../../src/load/http/arrivals.ts';
import type { LoadPattern } from '../../../../src/load/pattern/load-pattern.ts';
import { StepPattern } from '../../../../src/load/pattern/load-pattern.ts';
import { constantPattern, periodicPattern } from '../../../../src/load/pattern/shapes.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

function all(pattern: LoadPattern, spacing: 'even' | 'poisson', seed = 1): number[] {
  const arrivals = new Arrivals(pattern, spacing, new RandomStream(seed));
  const times: number[] = [];
  for (let at = arrivals.next(); at < Number.POSITIVE_INFINITY; at = arrivals.next()) times.push(at);
  assert.equal(arrivals.next(), Number.POSITIVE_INFINITY);
  return times;
}

test('even arrivals are one gap apart, half a gap from both ends', () => {
  assert.deepEqual(
    all(constantPattern(4, 1), 'even').map((at) => Math.round(1000 * at)),
    [125, 375, 625, 875],
  );
});

test('even arrivals never differ from the pattern by more than one, wherever it is cut', () => {
  const anySteps = fc.array(
    fc.tuple(fc.double({ min: 0.1, max: 5, noNaN: true }), fc.double({ min: 0, max: 40, noNaN: true })),
    {
      minLength: 1,
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(anySteps, fc.double({ min: 0, max: 1, noNaN: true }), (parts, share) => {
      let until = 0;
      const pattern = new StepPattern(
        'any',
        parts.map(([seconds, level]) => {
          until += seconds;
          return { untilSeconds: until, level };
        }),
      );
      const cut = share * pattern.durationSeconds;
      const sent = all(pattern, 'even').filter((at) => at < cut).length;
      assert.ok(Math.abs(sent - pattern.amountBetween(0, cut)) <= 0.5 + 1e-6);
    }),
  );
});

test('nothing comes while the level is 0', () => {
  const pattern = new StepPattern('gap', [
    { untilSeconds: 1, level: 5 },
    { untilSeconds: 3, level: 0 },
    { untilSeconds: 4, level: 5 },
  ]);
  for (const spacing of ['even', 'poisson'] as const)
    assert.ok(all(pattern, spacing).every((at) => at < 1 || at >= 3));
  assert.deepEqual(all(constantPattern(0, 60), 'even'), []);
});

test('Poisson arrivals have exponential gaps: mean and deviation are the same', () => {
  const times = all(constantPattern(50, 400), 'poisson');
  const gaps = times.map((at, i) => at - (times[i - 1] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  assert.ok(Math.abs(mean - 0.02) < 0.0005, `mean ${mean}`);
  assert.ok(Math.abs(deviation / mean - 1) < 0.03, `deviation ${deviation}`);
});

test('Poisson arrivals follow a level that changes', () => {
  const pattern = periodicPattern({ low: 10, high: 200, durationSeconds: 600 });
  const times = all(pattern, 'poisson');
  for (let from = 0; from < 600; from += 100) {
    const sent = times.filter((at) => at >= from && at < from + 100).length;
    const wanted = pattern.amountBetween(from, from + 100);
    // Four standard deviations.
    assert.ok(Math.abs(sent - wanted) < 4 * Math.sqrt(wanted), `${sent} for ${wanted}`);
  }
});

test('the same seed gives the same arrivals', () => {
  const pattern = constantPattern(20, 10);
  assert.deepEqual(all(pattern, 'poisson', 7), all(pattern, 'poisson', 7));
  assert.notDeepEqual(all(pattern, 'poisson', 7), all(pattern, 'poisson', 8));
});
