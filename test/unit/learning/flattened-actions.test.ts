import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidActions } from '../../../src/learning/environments/invalid-actions.ts';
import {
  combinationsOf,
  combinationToChoices,
  FlattenedActions,
  writeCombinationMask,
} from '../../../src/learning/flattened-actions.ts';
import { checkEnvironment } from '../../support/check-environment.ts';

const actions = [5, 5, 3];

test('each combination stands for other choices, and all of them are there', () => {
  assert.equal(combinationsOf(actions), 75);
  const choices = new Int32Array(3);
  const seen = Array.from({ length: 75 }, (_, combination) => {
    combinationToChoices(combination, actions, choices);
    choices.forEach((choice, i) => {
      assert.ok(choice >= 0 && choice < actions[i]!);
    });
    return choices.join();
  });
  assert.equal(new Set(seen).size, 75);
  assert.equal(seen[0], '0,0,0');
  assert.equal(seen[1], '0,0,1');
  assert.equal(seen[74], '4,4,2');
});

test('a combination is valid where all of its choices are', () => {
  const mask = Uint8Array.of(1, 0, 1, 0, 1);
  const to = new Uint8Array(6);
  writeCombinationMask(mask, [2, 3], new Int32Array(2), to);
  assert.deepEqual([...to], [1, 0, 1, 0, 0, 0]);
});

test('a flattened environment is an environment, and rewards what the inner one does', () => {
  const inner = () => new InvalidActions({ actions: [3, 4], invalid: [1, 2] });
  checkEnvironment(() => new FlattenedActions(inner()));
  const flat = new FlattenedActions(inner());
  const plain = inner();
  const [a, b] = [new Float32Array(7), new Float32Array(7)];
  flat.reset(a, 3);
  plain.reset(b, 3);
  assert.deepEqual(a, b);
  const mask = new Uint8Array(12);
  flat.writeMask!(mask);
  const valid = mask.indexOf(1);
  const one = { ...flat.step(Int32Array.of(valid), a) };
  const other = { ...plain.step(Int32Array.of(Math.floor(valid / 4), valid % 4), b) };
  assert.deepEqual(one, other);
  assert.deepEqual(a, b);
});
