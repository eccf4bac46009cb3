import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyByName, policyEntries, policyNames } from '../../../src/policy/registry.ts';
import { KisimError } from '../../../src/util/errors.ts';

test('every name of the list is known, is the name of its policy, and has one line about it', () => {
  const names = policyNames.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, summary } of policyNames) {
    assert.equal(policyByName(name).name, name);
    assert.match(summary, /^[^\n]{5,100}$/);
  }
});

test('the first variant of a family is meant by its bare name', () => {
  for (const { name, variants } of policyEntries)
    if (variants !== undefined) assert.equal(policyByName(`${name}:${variants[0]!.name}`).name, name);
});

test('wrappers are applied from left to right', () => {
  assert.equal(
    policyByName('bid-price:0.1+awake-first+wait:no-wake').name,
    'bid-price:0.1+awake-first+wait:no-wake',
  );
  assert.equal(policyByName('best-fit+wait').name, 'best-fit+wait:1.5');
});

function refusal(name: string): KisimError {
  try {
    policyByName(name);
  } catch (error) {
    if (error instanceof KisimError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `${name} is taken` });
}

test('an unknown policy or wrapper is refused with the nearest name', () => {
  assert.equal(refusal('best-fitt').code, 'KISIM_E_POLICY_UNKNOWN');
  assert.match(refusal('best-fitt').action, /did you mean best-fit\?/);
  assert.match(refusal('best-fit+awakefirst').action, /did you mean awake-first\?/);
  assert.match(refusal('zzzzzzzz').action, /one of .*round-robin/);
  assert.equal(refusal('').code, 'KISIM_E_POLICY_UNKNOWN');
  assert.equal(refusal('best-fit+').code, 'KISIM_E_POLICY_UNKNOWN');
});

test('an unknown variant is refused with those there are', () => {
  assert.equal(refusal('bid-price:2').code, 'KISIM_E_POLICY_VARIANT');
  assert.match(refusal('bid-price:2').action, /0\.5, 0\.1, 1/);
  assert.match(refusal('best-fit:x').action, /leave out/);
  assert.match(refusal('best-fit+wait:9').action, /1\.5, 2, 3/);
});
