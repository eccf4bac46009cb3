import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduled } from '../../../src/learning/agent.ts';

test('a schedule goes linearly from one end to the other and stays there', () => {
  const schedule = { from: 1, to: 0.2 };
  assert.equal(scheduled(schedule, 0), 1);
  assert.ok(Math.abs(scheduled(schedule, 0.5) - 0.6) < 1e-12);
  assert.ok(Math.abs(scheduled(schedule, 1) - 0.2) < 1e-12);
  assert.equal(scheduled(schedule, 3), scheduled(schedule, 1));
  assert.equal(scheduled(schedule, -1), 1);
  assert.equal(scheduled(0.5, 0.3), 0.5);
});
