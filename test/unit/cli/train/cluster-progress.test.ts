import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allLine, ClusterProgress, seedLine } from '../../../../src/cli/train/cluster-progress.ts';
import { noFailures } from '../../../../src/controller/training/failed-workers.ts';
import type { SeedState } from '../../../../src/controller/training/seed-state.ts';
import type { WorkerProgress } from '../../../../src/learning/remote/worker-notes.ts';
import { fakeHost } from '../fake-host.ts';

const progress: WorkerProgress = {
  step: 4,
  steps: 10,
  unit: 'generations',
  seconds: 8,
  secondsLeft: 12,
  decisionsPerSecond: 1000,
  change: -0.012,
  upper: -0.008,
};
const failures = { count: 2, last: 'OOMKilled, exit code 137' };

test('a line of a seed tells its state, and what became of the workers before', () => {
  const line = (state: SeedState) => seedLine(3, state);
  assert.equal(line({ kind: 'waiting', why: 'for a pod', failures: noFailures }), 'seed 3: waits for a pod');
  assert.equal(
    line({ kind: 'running', node: 'node1', progress, failures }),
    'seed 3: runs on node1, in place of 2 that did not end well (OOMKilled, exit code 137)',
  );
  const error = { code: 'KISIM_E_LEARNING_TWIN', message: 'no pods', action: undefined, isFinal: true };
  assert.equal(line({ kind: 'failed', error }), 'seed 3: failed: KISIM_E_LEARNING_TWIN: no pods');
  assert.match(line({ kind: 'lost', why: 'gone' }), /trained again: gone/);
});

test('the line of all tells shares, the best of those that run, and the time left', () => {
  const states = new Map<number, SeedState>([
    [1, { kind: 'gathered' }],
    [2, { kind: 'running', node: 'n', progress, failures: noFailures }],
    [3, { kind: 'running', node: 'n', progress: undefined, failures: noFailures }],
  ]);
  assert.equal(
    allLine(states, 2),
    '1 of 3 seeds gathered, 2 run (40 %, begins), best of those that run -1.20 % (at most -0.80 %), 20 s left',
  );
  assert.equal(
    allLine(new Map([[1, { kind: 'waiting', why: 'for a pod', failures: noFailures }]]), 2),
    '0 of 1 seeds gathered, 1 waiting',
  );
});

test('elsewhere than on a terminal a seed is told where it changes, and all of them every five seconds', () => {
  const host = fakeHost();
  let now = 0;
  const told = new ClusterProgress(host.stderr, () => now, 1);
  const waiting = (why: string) =>
    new Map<number, SeedState>([[1, { kind: 'waiting', why, failures: noFailures }]]);
  told.tell(waiting('for a pod'));
  told.tell(waiting('for a pod'));
  now = 1000;
  told.tell(waiting('to start on node1'));
  now = 6000;
  told.tell(waiting('to start on node1'));
  told.trouble(new Error('no answer'));
  told.trouble(new Error('no answer'));
  assert.deepEqual(host.err().trimEnd().split('\n'), [
    'seed 1: waits for a pod',
    '0 of 1 seeds gathered, 1 waiting',
    'seed 1: waits to start on node1',
    '0 of 1 seeds gathered, 1 waiting',
    'trying again: no answer',
  ]);
});
