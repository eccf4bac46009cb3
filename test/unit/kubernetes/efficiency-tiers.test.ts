import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EfficiencyTier, efficiencyTiers, tierNamed } from '../../../src/kubernetes/efficiency-tiers.ts';

function tiers(costs: Readonly<Record<string, number | undefined>>): Record<string, string> {
  return Object.fromEntries(efficiencyTiers(new Map(Object.entries(costs))));
}

test('nodes are told apart by their cost beside the cheapest', () => {
  assert.deepEqual(tiers({ a: 4, b: 4.4, c: 4.5, d: 6, e: 6.1 }), {
    a: 'best',
    b: 'best',
    c: 'good',
    d: 'good',
    e: 'poor',
  });
});

test('equal nodes are all best', () => {
  assert.deepEqual(tiers({ a: 3, b: 3 }), { a: 'best', b: 'best' });
});

test('a node whose cost is not known has no tier, and never is the cheapest', () => {
  assert.deepEqual(tiers({ a: undefined, b: Number.NaN, c: 0, d: 5 }), { d: 'best' });
  assert.deepEqual(tiers({ a: undefined }), {});
});

test('a node near the edge keeps the tier that it has', () => {
  const had = new Map<string, EfficiencyTier>([
    ['b', 'good'],
    ['c', 'best'],
    ['d', 'best'],
    ['e', 'poor'],
  ]);
  const costs = new Map([
    ['a', 4],
    ['b', 4.3],
    ['c', 4.5],
    ['d', 5],
    ['e', 4],
  ]);
  assert.deepEqual(Object.fromEntries(efficiencyTiers(costs, had)), {
    a: 'best',
    b: 'good',
    c: 'best',
    d: 'good',
    e: 'best',
  });
});

test('a label that is no tier is none', () => {
  assert.equal(tierNamed('poor'), 'poor');
  assert.equal(tierNamed('Poor'), undefined);
  assert.equal(tierNamed(undefined), undefined);
});
