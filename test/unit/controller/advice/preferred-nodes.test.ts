import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betterNodes } from '../../../../src/controller/advice/preferred-nodes.ts';

const costs = (given: Readonly<Record<string, number | undefined>>) => new Map(Object.entries(given));

test('the nodes within a tenth of the cheapest, cheapest first', () => {
  assert.deepEqual(betterNodes(costs({ a: 5, b: 2.1, c: 2, d: 2.3 }), undefined), ['c', 'b']);
});

test('of many equal ones the first eight by name', () => {
  const many = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`n${String(i).padStart(2, '0')}`, 2]),
  );
  assert.deepEqual(
    betterNodes(costs({ ...many, poor: 9 }), undefined),
    Array.from({ length: 8 }, (_, i) => `n0${i}`),
  );
});

test('nothing where all nodes cost the same, or nothing is known', () => {
  assert.equal(betterNodes(costs({ a: 2, b: 2.1 }), undefined), undefined);
  assert.equal(betterNodes(costs({ a: undefined, b: 2 }), undefined), undefined);
  assert.equal(betterNodes(costs({ a: undefined }), undefined), undefined);
  assert.equal(betterNodes(new Map(), ['a']), undefined);
});

test('what is preferred already stays while it is within a quarter of the cheapest', () => {
  assert.equal(betterNodes(costs({ a: 2.4, b: 2, c: 9 }), ['a']), undefined);
  assert.deepEqual(betterNodes(costs({ a: 2.6, b: 2, c: 9 }), ['a']), ['b']);
  assert.deepEqual(betterNodes(costs({ b: 2, c: 9 }), ['gone']), ['b']);
  assert.deepEqual(betterNodes(costs({ a: undefined, b: 2, c: 9 }), ['a']), ['b']);
});
