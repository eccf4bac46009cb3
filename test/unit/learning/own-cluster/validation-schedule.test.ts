import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isValidationDue } from '../../../../src/learning/own-cluster/validation-schedule.ts';

const due = (steps: number, validations: number) =>
  Array.from({ length: steps }, (_, i) => i + 1).filter((step) => isValidationDue(step, steps, validations));

test('validations lie evenly over the steps, and the last is at the end', () => {
  assert.deepEqual(due(100, 10), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  assert.deepEqual(due(7, 3), [3, 5, 7]);
  assert.deepEqual(due(3, 3), [1, 2, 3]);
  assert.deepEqual(due(5, 1), [5]);
});

test('where there are more validations than steps each step has one', () => {
  assert.deepEqual(due(2, 10), [1, 2]);
});
