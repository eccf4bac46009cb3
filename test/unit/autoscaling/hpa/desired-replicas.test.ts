import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { desiredReplicas } from '../../../../src/autoscaling/hpa/desired-replicas.ts';

const pods = (ready: number, utilizationPercent: number, unready = 0, unmeasured = 0) => ({
  ready,
  unready,
  unmeasured,
  utilizationPercent,
});

/** By the algorithm as the Kubernetes documentation tells it, and the order of the controller's code. */
const cases: readonly (readonly [
  string,
  current: number,
  seen: ReturnType<typeof pods>,
  target: number,
  expected: number,
])[] = [
  ['twice the target is twice the pods', 2, pods(2, 100), 50, 4],
  ['half the target is half the pods', 4, pods(4, 25), 50, 2],
  ['a part of a pod is a whole one', 3, pods(3, 60), 50, 4],
  ['within the tolerance above nothing changes', 10, pods(10, 55), 50, 10],
  ['just above the tolerance it does', 10, pods(10, 56), 50, 12],
  ['within the tolerance below nothing changes', 10, pods(10, 45), 50, 10],
  ['just below the tolerance it does', 10, pods(10, 44), 50, 9],
  ['utilizations are whole percents, cut off', 10, pods(10, 55.9), 50, 10],
  ['idle pods leave none', 5, pods(5, 0), 50, 0],
  ['the number that is ready counts, not the number that is asked for', 8, pods(4, 100), 50, 8],
  ['scaling up, pods that start count as idle', 5, pods(3, 100, 2), 50, 6],
  ['and may bring it back within the tolerance', 6, pods(3, 90, 3), 50, 6],
  ['and never turn it around', 10, pods(3, 90, 7), 50, 10],
  ['scaling down, pods that start do not count', 6, pods(4, 25, 2), 50, 2],
  ['scaling up, pods without a metric count as idle', 4, pods(3, 100, 0, 1), 50, 6],
  ['and never turn it around', 8, pods(3, 90, 0, 5), 50, 8],
  ['scaling down, pods without a metric count as fully used', 4, pods(3, 10, 0, 1), 50, 3],
  ['and never turn it around', 4, pods(2, 40, 0, 2), 50, 4],
  ['at the target exactly, pods without a metric change nothing', 4, pods(3, 50, 0, 1), 50, 4],
  ['both kinds of pods count together', 6, pods(2, 200, 2, 2), 50, 8],
  ['fewer pods counted than asked for does not scale down on the way up', 9, pods(3, 120), 50, 8],
  ['no pod with a metric leaves all as it is', 3, pods(0, 0, 3), 50, 3],
];

for (const [what, current, seen, target, expected] of cases)
  test(`${what}: ${current} replicas, ${seen.ready} ready at ${seen.utilizationPercent} % of ${target} %`, () => {
    assert.equal(desiredReplicas(current, seen, target, 0.1).replicas, expected);
  });

test('with all pods ready and measured it is ceil(current * ratio) outside the tolerance, and current within', () => {
  const percents = fc.integer({ min: 0, max: 300 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      percents,
      fc.integer({ min: 1, max: 100 }),
      (n, used, target) => {
        const ratio = used / target;
        const expected = ratio >= 0.9 && ratio <= 1.1 ? n : Math.ceil(ratio * n);
        assert.equal(desiredReplicas(n, pods(n, used), target, 0.1).replicas, expected);
      },
    ),
  );
});

test('pods that start or have no metric make no scaling stronger and turn none around', () => {
  const few = fc.integer({ min: 0, max: 6 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 300 }),
      few,
      few,
      (n, used, a, b) => {
        const current = n + a + b;
        const { replicas } = desiredReplicas(current, pods(n, used, a, b), 50, 0.1);
        if (used > 50) assert.ok(replicas <= Math.max(current, Math.ceil((used / 50) * n)));
        if (used > 50 && a + b > 0) assert.ok(replicas >= current);
        if (used < 50 && b > 0) assert.ok(replicas <= current);
      },
    ),
  );
});
