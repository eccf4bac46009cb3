import { test } from 'node:test';
import { policyByName, policyNames, policyWrappers } from '../../src/policy/registry.ts';
import { checkPolicy } from '../support/check-policy.ts';

const seeds = [1, 2, 3];

for (const { name } of policyNames)
  test(`${name} keeps what every policy promises`, () => {
    for (const ties of ['lexicographic', 'random', 'first'] as const)
      checkPolicy(() => policyByName(name, { ties }), ties === 'random' ? seeds : [4]);
  });

for (const { name, variants = [{ name: '' }] } of policyWrappers)
  for (const variant of variants) {
    const suffix = variant.name === '' ? name : `${name}:${variant.name}`;
    test(`policies with +${suffix} keep what every policy promises`, () => {
      for (const base of ['round-robin', 'best-fit', 'marginal-run-out'])
        checkPolicy(() => policyByName(`${base}+${suffix}`), seeds);
    });
  }
