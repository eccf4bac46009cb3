import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateControl } from '../../../../src/load/block/rate-control.ts';

const HORIZON = 0.06;
const LAG = 1;

/**
 * A machine that does what it is allowed to, as fast as it can at the time, between looks that come when they come.
 * Returns what was done by the end.
 */
function play(asked: number, looks: readonly { readonly after: number; readonly capacity: number }[]) {
  const control = new RateControl(asked, HORIZON, LAG);
  let time = 0;
  let done = 0;
  let allowed = control.allowance(0, 0);
  for (const { after, capacity } of looks) {
    done += Math.min(allowed, capacity * after);
    time += after;
    allowed = control.allowance(time, done);
  }
  return { time, done, allowed };
}

test('looks that come early or late do not add up to an error', () => {
  const look = fc.record({
    after: fc.double({ min: 0.01, max: 0.3, noNaN: true }),
    capacity: fc.constant(1e6),
  });
  fc.assert(
    fc.property(fc.array(look, { minLength: 20, maxLength: 200 }), (looks) => {
      const { time, done } = play(1, looks);
      // What the last, late look left undone, and what is done in advance.
      assert.ok(done >= time - 0.3 - HORIZON && done <= time + HORIZON + 1e-9, `${done} in ${time}`);
    }),
  );
});

test('never is more allowed than a second and the horizon are worth', () => {
  const look = fc.record({
    after: fc.double({ min: 0, max: 100, noNaN: true }),
    capacity: fc.double({ min: 0, max: 3, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 50 }), (looks) => {
      const { allowed } = play(2, looks);
      assert.ok(allowed >= 0 && allowed <= 2 * (LAG + HORIZON) + 1e-9);
    }),
  );
});

test('a minute without any capacity is not made up for; the rate afterwards is the one that was asked for', () => {
  const regular = (count: number, capacity: number) =>
    Array.from({ length: count }, () => ({ after: 0.05, capacity }));
  const outage = regular(1200, 0);
  const before = play(1.5, [...regular(200, 10), ...outage]);
  const after = play(1.5, [...regular(200, 10), ...outage, ...regular(400, 10)]);
  const gained = after.done - before.done;
  // Twenty seconds, and the one second that is made up for.
  assert.ok(gained >= 1.5 * 20 && gained <= 1.5 * (20 + LAG + HORIZON) + 1e-9, String(gained));
});

test('what was done beyond is waited for', () => {
  const control = new RateControl(10, HORIZON, LAG);
  assert.equal(control.allowance(1, 50), 0);
  assert.equal(control.allowance(5, 50), 10 * HORIZON);
});
