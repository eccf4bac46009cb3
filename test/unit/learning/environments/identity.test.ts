import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Identity } from '../../../../src/learning/environments/identity.ts';
import { InvalidActions } from '../../../../src/learning/environments/invalid-actions.ts';
import { checkEnvironment } from '../../../support/check-environment.ts';

test('identity environments keep the rules of environments', () => {
  checkEnvironment(() => new Identity({ actions: [4] }));
  checkEnvironment(() => new Identity({ actions: [3, 2] }));
});

test('environments with invalid options keep the rules of environments', () => {
  checkEnvironment(() => new InvalidActions({ actions: [70], invalid: [55] }));
  checkEnvironment(() => new InvalidActions({ actions: [5, 9], invalid: [3, 8] }));
});

test('identity pays for naming the state, in all choices at once', () => {
  const environment = new Identity({ actions: [3, 2] });
  const observation = new Float32Array(5);
  environment.reset(observation, 7);
  const right = () => Int32Array.of(observation.indexOf(1), observation.subarray(3).indexOf(1));
  assert.equal(environment.step(right(), observation).reward, 1);
  const half = right();
  half[1] = 1 - half[1]!;
  assert.equal(environment.step(half, observation).reward, 0);
});

test('as many options are invalid as were asked for, the right one never', () => {
  const environment = new InvalidActions({ actions: [70], invalid: [55] });
  const observation = new Float32Array(70);
  const mask = new Uint8Array(70);
  environment.reset(observation, 1);
  for (let i = 0; i < 200; i++) {
    environment.writeMask(mask);
    const state = observation.indexOf(1);
    assert.equal(mask[state], 1);
    assert.equal(
      mask.reduce((sum, entry) => sum + entry, 0),
      15,
    );
    const { reward, truncated } = environment.step(Int32Array.of(state), observation);
    assert.equal(reward, 1);
    if (truncated) environment.reset(observation);
  }
  environment.writeMask(mask);
  assert.throws(() => environment.step(Int32Array.of(mask.indexOf(0)), observation), RangeError);
  assert.throws(() => new InvalidActions({ actions: [4], invalid: [4] }), RangeError);
});
