import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '../../../../src/learning/errors.ts';
import {
  decodeEnd,
  encodeEnd,
  lastProgress,
  progressLine,
  workerError,
} from '../../../../src/learning/remote/worker-notes.ts';
import type { RunProgress } from '../../../../src/learning/run-training.ts';

const progress: RunProgress = {
  step: 2,
  steps: 10,
  unit: 'generations',
  seconds: 4,
  secondsLeft: 16.04,
  decisionsPerSecond: 1000.4,
  decisions: 4000,
  measures: {},
  start: 'rule',
  last: undefined,
  best: { generation: 2, change: -0.01, upper: 0.001 },
};

test('the last note of progress is found, whatever stands around it', () => {
  const text = `phase\n${progressLine({ ...progress, step: 1 })}${progressLine(progress)}more\nkisimd-progress {"st`;
  const found = lastProgress(text);
  assert.equal(found?.step, 2);
  assert.equal(found?.secondsLeft, 16);
  assert.equal(lastProgress('nothing\n'), undefined);
});

test('an end fits into a termination message, and what no worker wrote is none', () => {
  const end = { kind: 'result', sha256: 'ab' } as const;
  assert.deepEqual(decodeEnd(encodeEnd(end)), end);
  const long = errors.KISIM_E_LEARNING_TWIN('ä'.repeat(5000), { action: 'ö'.repeat(5000) });
  const message = encodeEnd({ kind: 'error', error: workerError(long) });
  assert.ok(Buffer.byteLength(message) <= 4096, `${Buffer.byteLength(message)} bytes`);
  const decoded = decodeEnd(message);
  assert.equal(decoded?.kind === 'error' && decoded.error.code, 'KISIM_E_LEARNING_TWIN');
  for (const other of [undefined, '', 'OOMKilled', '{"a":1}', '{ broken'])
    assert.equal(decodeEnd(other), undefined);
});

test('errors that another machine may not have are tried again', () => {
  assert.equal(workerError(errors.KISIM_E_LEARNING_TWIN('x')).isFinal, true);
  assert.equal(workerError(errors.KISIM_E_LEARNING_OUTPUT('ENOSPC')).isFinal, false);
  assert.equal(workerError(new Error('out of memory')).isFinal, false);
});
