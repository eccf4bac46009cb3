import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepsWithin } from '../../../../src/learning/own-cluster/steps-within.ts';

const episodes = {
  eachStep: 10,
  validationSeeds: 4,
  validations: 2,
  acceptanceSeeds: 8,
  reportWorkloads: 12,
};

test('what is done once is taken off before the steps are counted', () => {
  // 3 x 10 + 3 x 4 episodes were measured in 42 s: one second each. Once: 2 (12 + 8) + (2 x 2 + 1) 4 = 60 of them.
  const measured = { seconds: 42, steps: 3 };
  assert.equal(stepsWithin(160, measured, episodes), 10);
  assert.equal(stepsWithin(169.9, measured, episodes), 10);
  assert.equal(stepsWithin(170, measured, episodes), 11);
});

test('there is at least one step', () => {
  assert.equal(stepsWithin(0, { seconds: 42, steps: 3 }, episodes), 1);
});
