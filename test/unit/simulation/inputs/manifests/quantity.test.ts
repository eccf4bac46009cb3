import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { milliOf, parseQuantity, unitsOf } from '../../../../../src/simulation/inputs/manifests/quantity.ts';

const table = [
  ['0', 0n],
  ['1', 1_000_000_000n],
  ['1.', 1_000_000_000n],
  ['.5', 500_000_000n],
  ['+2', 2_000_000_000n],
  ['-1', -1_000_000_000n],
  ['100m', 100_000_000n],
  ['1500u', 1_500_000n],
  ['7n', 7n],
  ['0.1n', 1n],
  ['1Ki', 1024_000_000_000n],
  ['0.1Ki', 102_400_000_000n],
  ['1.5Gi', 1_610_612_736_000_000_000n],
  ['8Ei', 9_223_372_036_854_775_808_000_000_000n],
  ['3k', 3_000_000_000_000n],
  ['2e3', 2_000_000_000_000n],
  ['2E3', 2_000_000_000_000n],
  ['25e-1', 2_500_000_000n],
  ['1E', 1_000_000_000_000_000_000_000_000_000n],
  ['1e+21', 1_000_000_000_000_000_000_000_000_000_000n],
] as const;

for (const [text, amount] of table) {
  test(`${text} is read without rounding`, () => assert.equal(parseQuantity(text), amount));
}

for (const text of [
  '',
  '.',
  'm',
  '1 Gi',
  '1GiB',
  '1KI',
  '1K',
  '0x10',
  '1e',
  '1e1000',
  'NaN',
  '1.2.3',
  '--1',
  '1mm',
]) {
  test(`${JSON.stringify(text)} is no amount`, () => assert.equal(parseQuantity(text), undefined));
}

test('milli-cores and bytes are rounded up', () => {
  assert.equal(milliOf(parseQuantity('100100u')!), 101);
  assert.equal(milliOf(parseQuantity('0.1')!), 100);
  assert.equal(unitsOf(parseQuantity('1m')!), 1);
  assert.equal(unitsOf(parseQuantity('1.5Gi')!), 1_610_612_736);
  assert.equal(unitsOf(parseQuantity('0')!), 0);
});

test('the same amount in another unit is the same', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), (count) => {
      assert.equal(parseQuantity(`${count}Ki`), parseQuantity(`${count * 1024n}`));
      assert.equal(parseQuantity(`${count}m`), parseQuantity(`${count * 1000n}u`));
      assert.equal(parseQuantity(`${count}k`), parseQuantity(`${count}e3`));
    }),
  );
});
