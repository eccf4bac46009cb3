import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailedWorkers, failureOf, noFailures } from '../../../../src/controller/training/failed-workers.ts';
import type { WorkerPod } from '../../../../src/kubernetes/training/worker-states.ts';
import { encodeEnd } from '../../../../src/learning/remote/worker-notes.ts';

function pod(uid: string, given: Partial<WorkerPod> = {}): WorkerPod {
  return {
    uid,
    name: uid,
    index: 0,
    created: '',
    node: 'node1',
    isLeaving: false,
    phase: 'Running',
    waits: undefined,
    unschedulable: undefined,
    isRunning: true,
    ended: undefined,
    ...given,
  };
}

test('workers that failed are counted once each, also when their pods are gone', () => {
  const failed = new FailedWorkers();
  const ended = { exitCode: 137, reason: 'OOMKilled', message: undefined };
  assert.deepEqual(failed.see(0, [pod('a')]), noFailures);
  const first = pod('a', { phase: 'Failed', ended });
  assert.deepEqual(failed.see(0, [first]), { count: 1, last: 'OOMKilled, exit code 137' });
  assert.deepEqual(failed.see(0, [first, pod('b')]), { count: 1, last: 'OOMKilled, exit code 137' });
  assert.deepEqual(failed.see(0, [pod('b', { isLeaving: true })]), { count: 2, last: 'deleted on node1' });
  assert.deepEqual(failed.see(1, []), noFailures);
});

test('what is known of a failure is told', () => {
  const told = (exitCode: number, reason: string, message?: string) =>
    failureOf(pod('a', { ended: { exitCode, reason, message } }));
  assert.equal(told(143, 'Error', encodeEnd({ kind: 'stopped' })), 'stopped on node1');
  const error = { code: 'KISIM_E_LEARNING_OUTPUT', message: 'ENOSPC', action: undefined, isFinal: false };
  assert.equal(told(1, 'Error', encodeEnd({ kind: 'error', error })), 'KISIM_E_LEARNING_OUTPUT: ENOSPC');
  assert.equal(told(-1, 'Evicted', 'low on memory'), 'Evicted, low on memory');
  assert.equal(told(1, 'Error', `${'x'.repeat(999)} at the end\n`).length < 350, true);
});
