import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LoadHistory } from '../../../src/autoscaling/load-history.ts';

const after = (form: 'normalised' | 'kisim', throughputs: readonly number[]) => {
  const history = new LoadHistory(form);
  for (const each of throughputs) history.add(each);
  return history;
};

test('trend and variance are 0 before there are three throughputs', () => {
  for (const form of ['normalised', 'kisim'] as const) {
    const history = after(form, [10, 90]);
    assert.equal(history.trend, 0);
    assert.equal(history.variance, 0);
  }
});

test('the trend is over the last three, the variance over the last five', () => {
  const history = after('normalised', [500, 7, 9, 10, 10, 30]);
  assert.equal(history.trend, 0.5);
  const five = [7, 9, 10, 10, 30];
  const mean = five.reduce((sum, each) => sum + each) / 5;
  const variance = five.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 5;
  assert.ok(Math.abs(history.variance - Math.sqrt(variance) / mean) < 1e-12);
});

test("KISim's trend is by the first alone, and its variance by the mean", () => {
  const history = after('kisim', [10, 10, 15]);
  assert.equal(history.trend, 0.5);
  assert.ok(Math.abs(history.variance - 50 / 9 / (35 / 3)) < 1e-12);
  assert.equal(after('kisim', [10, 10, 30]).trend, 1);
});

test('both stay within their bounds, falling is as far from 0 as rising, and a saved history goes on the same', () => {
  const throughputs = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom('normalised' as const, 'kisim' as const), throughputs, (form, given) => {
      const history = after(form, given);
      assert.ok(history.trend >= -1 && history.trend <= 1);
      assert.ok(history.variance >= 0 && history.variance <= 1);
      const restored = new LoadHistory(form);
      restored.restore(history.state);
      assert.equal(restored.trend, history.trend);
      assert.equal(restored.variance, history.variance);
      const back = after('normalised', given.slice(-3).reverse());
      assert.ok(Math.abs(back.trend + after('normalised', given.slice(-3)).trend) < 1e-12);
    }),
  );
});
