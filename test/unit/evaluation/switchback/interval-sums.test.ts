import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IntervalSums } from '../../../../src/evaluation/switchback/interval-sums.ts';

const interval = fc.record({
  gap: fc.integer({ min: 0, max: 20 }),
  length: fc.integer({ min: 1, max: 20 }),
  amount: fc.integer({ min: 0, max: 100 }),
});

test('windows beside each other hold what the window over both holds, and no window more than there is', () => {
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 20 }),
      fc.array(fc.integer({ min: -10, max: 500 }), { minLength: 3, maxLength: 3 }),
      (intervals, times) => {
        const sums = new IntervalSums();
        let at = 0;
        for (const { gap, length, amount } of intervals) {
          sums.add(at + gap, at + gap + length, amount);
          at += gap + length;
        }
        const [from, middle, to] = times.sort((a, b) => a - b) as [number, number, number];
        const [first, second, both] = [
          sums.between(from, middle),
          sums.between(middle, to),
          sums.between(from, to),
        ];
        assert(Math.abs(first.amount + second.amount - both.amount) < 1e-9);
        assert(Math.abs(first.covered + second.covered - both.covered) < 1e-9);
        assert(both.covered <= to - from + 1e-9);
        const all = sums.between(-100, 10_000);
        assert.equal(
          all.amount,
          intervals.reduce((sum, { amount }) => sum + amount, 0),
        );
      },
    ),
  );
});

test('intervals out of order are refused', () => {
  const sums = new IntervalSums();
  sums.add(0, 10, 1);
  assert.throws(() => sums.add(5, 15, 1), RangeError);
  assert.throws(() => sums.add(20, 20, 1), RangeError);
});
