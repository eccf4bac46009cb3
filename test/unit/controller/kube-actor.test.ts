import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeActor } from '../../../src/controller/kube-actor.ts';
import type { ActResult, PendingPod } from '../../../src/controller/ports.ts';
import { actionErrors } from '../../../src/kubernetes/action-errors.ts';
import type { ApiPod } from '../../../src/kubernetes/api-objects.ts';
import type { FreeResult } from '../../../src/kubernetes/bind-decision.ts';

const object: ApiPod = { metadata: { uid: 'u1' } };
const pod = { uid: 'u1' } as PendingPod;

function actor(result: FreeResult, calls: unknown[] = []): KubeActor {
  return new KubeActor({
    writer: {
      freePod: (...args) => {
        calls.push(args);
        return Promise.resolve(result);
      },
    },
    objectOf: ({ uid }) => (uid === 'u1' ? object : undefined),
    strength: 'required',
  });
}

test('the pod is written as it was last seen, with the node as the choice', async () => {
  const calls: unknown[] = [];
  const { signal } = new AbortController();
  const one = actor({ outcome: 'placed', node: 'n1', attempts: 1 }, calls);
  assert.deepEqual(await one.free(pod, 'n1', signal), { outcome: 'placed', node: 'n1' });
  await one.free(pod, undefined, signal);
  assert.deepEqual(calls, [
    [object, { node: 'n1', strength: 'required' }, signal],
    [object, undefined, signal],
  ]);
});

test('a pod that waits no more is gone', async () => {
  const calls: unknown[] = [];
  const one = actor({ outcome: 'gone', attempts: 1 }, calls);
  const { signal } = new AbortController();
  assert.deepEqual(await one.free({ ...pod, uid: 'u2' }, 'n1', signal), { outcome: 'gone' });
  assert.equal(calls.length, 0);
});

test('what became of it is told to the loop', async () => {
  const error = actionErrors.KISIM_E_KUBE_WRITE('x');
  const cases: readonly (readonly [FreeResult, ActResult])[] = [
    [
      { outcome: 'unmodified', why: 'refused', attempts: 3 },
      { outcome: 'freed', why: 'refused' },
    ],
    [{ outcome: 'already-free', attempts: 1 }, { outcome: 'already-free' }],
    [{ outcome: 'gone', attempts: 1 }, { outcome: 'gone' }],
    [{ outcome: 'not-leader', attempts: 0 }, { outcome: 'not-leader' }],
    [
      { outcome: 'failed', error, attempts: 6 },
      { outcome: 'failed', error },
    ],
  ];
  for (const [result, expected] of cases) {
    assert.deepEqual(await actor(result).free(pod, 'n1', new AbortController().signal), expected);
  }
});
