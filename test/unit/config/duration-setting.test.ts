import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationIn } from '../../../src/config/duration-setting.ts';

test('a duration is given in the unit of its setting', () => {
  assert.equal(durationIn('milliseconds', '1.5s'), 1500);
  assert.equal(durationIn('seconds', '2 min'), 120);
  assert.equal(durationIn('hours', '30m'), 0.5);
  assert.equal(durationIn('days', '2w'), 14);
  assert.equal(durationIn('seconds', '1m30s'), 90);
});

test('a number without a unit, a sign, and nonsense are no durations', () => {
  for (const text of ['5', '-5s', '5 parsecs', '', 's', '1e3s']) {
    assert.equal(durationIn('seconds', text), undefined, text);
  }
});
