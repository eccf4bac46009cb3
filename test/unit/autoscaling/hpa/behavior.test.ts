import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BehaviorLimits,
  defaultBehavior,
  type HpaBehavior,
  type ScalingPolicy,
} from '../../../../src/autoscaling/hpa/behavior.ts';

const range = { min: 1, max: 100 };

/** Runs the controller's loop: what is wanted at each second, and what it is given. */
function loop(
  behavior: HpaBehavior,
  start: number,
  steps: readonly (readonly [second: number, wanted: number])[],
): number[] {
  const limits = new BehaviorLimits(behavior);
  let current = start;
  return steps.map(([second, wanted]) => {
    limits.begin(current, second);
    current = limits.apply(current, wanted, range, second);
    return current;
  });
}

const free = { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [] } as const;
const unlimited: ScalingPolicy = { type: 'Percent', value: 1000, periodSeconds: 15 };
const behavior = (
  up: Partial<HpaBehavior['scaleUp']>,
  down: Partial<HpaBehavior['scaleDown']>,
): HpaBehavior => ({
  scaleUp: { ...free, policies: [unlimited], ...up },
  scaleDown: { ...free, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }], ...down },
});

test('by default it goes up by four or twice, whichever is more, and at once', () => {
  assert.deepEqual(
    loop(defaultBehavior, 1, [
      [0, 50],
      [15, 50],
      [30, 50],
      [45, 50],
    ]),
    [5, 10, 20, 40],
  );
});

test('within a period what was added already counts', () => {
  assert.deepEqual(
    loop(defaultBehavior, 10, [
      [0, 15],
      [5, 50],
      [14, 50],
      [15, 50],
    ]),
    // Ten at the beginning of the period: twenty at most until it is over; then eight had been added within it.
    [15, 20, 20, 30],
  );
});

test('by default it goes down only when nothing more was wanted for five minutes', () => {
  assert.deepEqual(
    loop(defaultBehavior, 8, [
      [0, 8],
      [15, 2],
      [299, 2],
      [300, 2],
      [315, 2],
    ]),
    // What was wanted at 0 is no longer after the window's edge at 300.
    [8, 8, 8, 2, 2],
  );
});

test('what it found when it first looked holds it up for the window, too', () => {
  assert.deepEqual(
    loop(defaultBehavior, 6, [
      [0, 1],
      [150, 1],
      [301, 1],
    ]),
    [6, 6, 1],
  );
});

test('a window for going up takes the least that was wanted in it', () => {
  const careful = behavior({ stabilizationWindowSeconds: 60 }, {});
  assert.deepEqual(
    loop(careful, 4, [
      [0, 4],
      [15, 9],
      [30, 7],
      [61, 9],
      [76, 9],
    ]),
    [4, 4, 4, 7, 7],
  );
});

test('down by pods and by percent: the policy that changes most is taken, or least where so selected', () => {
  const policies: readonly ScalingPolicy[] = [
    { type: 'Pods', value: 4, periodSeconds: 60 },
    { type: 'Percent', value: 10, periodSeconds: 60 },
  ];
  assert.deepEqual(loop(behavior({}, { policies }), 80, [[0, 1]]), [72]);
  assert.deepEqual(loop(behavior({}, { policies, selectPolicy: 'Min' }), 80, [[0, 1]]), [76]);
  assert.deepEqual(loop(behavior({}, { policies }), 20, [[0, 1]]), [16]);
  assert.deepEqual(loop(behavior({}, { policies, selectPolicy: 'Min' }), 20, [[0, 1]]), [18]);
});

test('down by so many pods a minute, over several runs of the loop', () => {
  const policies: readonly ScalingPolicy[] = [{ type: 'Pods', value: 3, periodSeconds: 60 }];
  assert.deepEqual(
    loop(behavior({}, { policies }), 10, [
      [0, 1],
      [15, 1],
      [59, 1],
      [60, 1],
      [119, 1],
      [120, 1],
    ]),
    [7, 7, 7, 4, 4, 1],
  );
});

test('a direction that is switched off does not change', () => {
  assert.deepEqual(
    loop(behavior({}, { selectPolicy: 'Disabled' }), 5, [
      [0, 1],
      [15, 9],
      [30, 1],
    ]),
    [5, 9, 9],
  );
});

test('limits hold beyond what policies allow', () => {
  const limits = new BehaviorLimits(behavior({}, {}));
  limits.begin(3, 0);
  assert.equal(limits.apply(3, 50, { min: 2, max: 7 }, 0), 7);
  assert.equal(limits.apply(7, 0, { min: 2, max: 7 }, 15), 2);
});
