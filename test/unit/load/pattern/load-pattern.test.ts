import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StepPattern } from '../../../../src/load/pattern/load-pattern.ts';

const two = () =>
  new StepPattern('two', [
    { untilSeconds: 10, level: 1 },
    { untilSeconds: 15, level: 4 },
  ]);

test('a step holds from its start to just before its end', () => {
  const pattern = two();
  assert.deepEqual(
    [-1, 0, 9.999, 10, 14.9, 15, 99].map((at) => pattern.levelAt(at)),
    [0, 1, 1, 4, 4, 0, 0],
  );
  assert.equal(pattern.durationSeconds, 15);
  assert.equal(pattern.highestLevel, 4);
});

test('the amount is the area below the steps', () => {
  const pattern = two();
  assert.equal(pattern.amountBetween(0, 15), 30);
  assert.equal(pattern.amountBetween(-5, 100), 30);
  assert.equal(pattern.amountBetween(8, 12), 10);
  assert.equal(pattern.amountBetween(12, 8), 0);
});

test('the next change is the end of the step, and there is none after the last', () => {
  const pattern = two();
  assert.deepEqual(
    [-1, 0, 9, 10, 14, 15].map((at) => pattern.nextChangeAfter(at)),
    [0, 10, 10, 15, 15, Number.POSITIVE_INFINITY],
  );
});

test('what cannot be a pattern is refused', () => {
  assert.throws(() => new StepPattern('none', []), RangeError);
  assert.throws(() => new StepPattern('flat', [{ untilSeconds: 0, level: 1 }]), /ends at 0 s/);
  assert.throws(() => new StepPattern('negative', [{ untilSeconds: 1, level: -1 }]), /level -1/);
  assert.throws(() => new StepPattern('unknown', [{ untilSeconds: 1, level: Number.NaN }]), RangeError);
});

const anyPattern = fc
  .array(
    fc.tuple(fc.double({ min: 0.01, max: 50, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true })),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  .map((parts) => {
    let until = 0;
    return new StepPattern(
      'any',
      parts.map(([seconds, level]) => {
        until += seconds;
        return { untilSeconds: until, level };
      }),
    );
  });

test('a level does not depend on what was asked before', () => {
  fc.assert(
    fc.property(
      anyPattern,
      fc.array(fc.double({ min: -1, max: 600, noNaN: true }), { maxLength: 20 }),
      (pattern, times) => {
        const inOrder = new Map([...times].sort((a, b) => a - b).map((at) => [at, pattern.levelAt(at)]));
        for (const at of times) assert.equal(pattern.levelAt(at), inOrder.get(at));
      },
    ),
  );
});

test('amounts of parts add up to the amount of the whole', () => {
  fc.assert(
    fc.property(anyPattern, fc.double({ min: 0, max: 1, noNaN: true }), (pattern, share) => {
      const { durationSeconds } = pattern;
      const cut = share * durationSeconds;
      const whole = pattern.amountBetween(0, durationSeconds);
      const parts = pattern.amountBetween(0, cut) + pattern.amountBetween(cut, durationSeconds);
      assert.ok(Math.abs(whole - parts) <= 1e-9 * (1 + whole));
    }),
  );
});

test('between two changes the level stays', () => {
  fc.assert(
    fc.property(anyPattern, (pattern) => {
      for (let at = 0; at < pattern.durationSeconds; at = pattern.nextChangeAfter(at)) {
        const next = pattern.nextChangeAfter(at);
        assert.ok(next > at);
        assert.equal(pattern.levelAt((at + next) / 2), pattern.levelAt(at));
      }
    }),
  );
});
