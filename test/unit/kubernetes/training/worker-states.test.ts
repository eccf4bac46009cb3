import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../../src/kubernetes/kube-object.ts';
import { indexSet, workerJob, workerPod } from '../../../../src/kubernetes/training/worker-states.ts';

const metadata = { name: 'p', uid: 'u', resourceVersion: '1' };
const indexed = { ...metadata, annotations: { 'batch.kubernetes.io/job-completion-index': '2' } };

function podOf(status: object, more: object = {}) {
  return workerPod({ metadata: { ...indexed, ...more }, status } as KubeObject)!;
}

test('indices are read as the Job controller writes them', () => {
  assert.deepEqual([...indexSet('0-2,5,7-8')], [0, 1, 2, 5, 7, 8]);
  assert.deepEqual([...indexSet('')], []);
  assert.deepEqual([...indexSet(undefined)], []);
});

test('a pod without an index is no worker', () => {
  assert.equal(workerPod({ metadata } as KubeObject), undefined);
});

test('what a worker waits for, runs on and ended with is read from its pod', () => {
  const waiting = podOf({
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/2 nodes' }],
  });
  assert.deepEqual([waiting.index, waiting.unschedulable, waiting.isRunning], [2, '0/2 nodes', false]);
  const pulling = podOf({
    phase: 'Pending',
    containerStatuses: [
      { name: 'sidecar', state: { running: {} } },
      { name: 'train', state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } },
    ],
  });
  assert.deepEqual(pulling.waits, { reason: 'ErrImagePull', message: 'no such image' });
  assert.equal(pulling.isRunning, false);
  const terminated = { exitCode: 1, reason: 'Error', message: 'why' };
  const failed = podOf({ phase: 'Failed', containerStatuses: [{ name: 'train', state: { terminated } }] });
  assert.deepEqual(failed.ended, terminated);
  const evicted = podOf({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' });
  assert.deepEqual(evicted.ended, { exitCode: -1, reason: 'Evicted', message: 'low on memory' });
  const leaving = podOf({ phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  assert.deepEqual([leaving.isLeaving, leaving.ended], [true, undefined]);
});

test('a Job tells which indices are done and why it failed as a whole', () => {
  const job = (status: object) => workerJob({ metadata, status } as KubeObject);
  const running = job({ completedIndexes: '0,2', failedIndexes: '1' });
  assert.deepEqual([[...running.completed], [...running.failed], running.isDone], [[0, 2], [1], false]);
  const failed = job({
    conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' }],
  });
  assert.deepEqual([failed.isDone, failed.failure], [true, 'DeadlineExceeded: too long']);
  assert.equal(job({ conditions: [{ type: 'Complete', status: 'True' }] }).isDone, true);
  assert.equal(job({ conditions: [{ type: 'Complete', status: 'False' }] }).isDone, false);
});
