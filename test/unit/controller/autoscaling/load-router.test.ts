import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadRouter } from '../../../../src/controller/autoscaling/load-router.ts';
import { TargetShares } from '../../../../src/load/http/target-shares.ts';

/** Share of draws that go to each target. */
function divided(shares: TargetShares, count: number): number[] {
  const found = new Array<number>(count).fill(0);
  for (let i = 0; i < 1000; i++) found[shares.pick(i / 1000)]! += 1 / 1000;
  return found.map((share) => Number(share.toFixed(2)));
}

test('requests are divided by ready replicas, leaning to the backend that is preferred', () => {
  const shares = new TargetShares([1, 1]);
  const router = new LoadRouter(shares, ['gpu', 'cpu']);
  router.route('balanced', { gpu: 1, cpu: 3 });
  assert.deepEqual(divided(shares, 2), [0.25, 0.75]);
  router.route('prefer-gpu', { gpu: 1, cpu: 3 });
  assert.deepEqual(divided(shares, 2), [0.5, 0.5]);
  router.route('prefer-cpu', { gpu: 3, cpu: 1 });
  assert.deepEqual(divided(shares, 2), [0.5, 0.5]);
  router.route('prefer-gpu', { gpu: 0, cpu: 2 });
  assert.deepEqual(divided(shares, 2), [0, 1]);
});

test('nothing changes while nobody is ready', () => {
  const shares = new TargetShares([1, 3]);
  new LoadRouter(shares, ['gpu', 'cpu']).route('balanced', { gpu: 0, cpu: 0 });
  assert.deepEqual(divided(shares, 2), [0.25, 0.75]);
});

test('several addresses of one backend share what is its own', () => {
  const shares = new TargetShares([1, 1, 1]);
  new LoadRouter(shares, ['gpu', 'cpu', 'cpu']).route('balanced', { gpu: 2, cpu: 2 });
  assert.deepEqual(divided(shares, 3), [0.5, 0.25, 0.25]);
});
