import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiNode } from '../../../src/kubernetes/api-objects.ts';
import { type SleepChange, sleepPatch } from '../../../src/kubernetes/sleep-patch.ts';

const SLEEP = 'kisimd.io/sleep';
const guard = [
  { op: 'test', path: '/metadata/uid', value: 'u' },
  { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
];

function node(mark?: string, unschedulable?: boolean, others: Record<string, string> = {}): ApiNode {
  const annotations = { ...others, ...(mark === undefined ? {} : { [SLEEP]: mark }) };
  return {
    metadata: { name: 'n', uid: 'u', resourceVersion: '7', annotations },
    spec: unschedulable === undefined ? {} : { unschedulable },
  };
}

const change = (given: Partial<SleepChange>): SleepChange => ({
  expected: undefined,
  mark: 'new',
  cordoned: true,
  ownsCordon: false,
  ...given,
});

test('mark and cordon are one write, at the version that was read', () => {
  assert.deepEqual(sleepPatch(node(), change({})), [
    ...guard,
    { op: 'add', path: '/metadata/annotations', value: { [SLEEP]: 'new' } },
    { op: 'add', path: '/spec/unschedulable', value: true },
  ]);
});

test('other annotations stay', () => {
  assert.deepEqual(sleepPatch(node(undefined, false, { theirs: '1' }), change({})), [
    ...guard,
    { op: 'add', path: '/metadata/annotations/kisimd.io~1sleep', value: 'new' },
    { op: 'add', path: '/spec/unschedulable', value: true },
  ]);
});

test('a node that somebody else has cordoned is not touched', () => {
  assert.equal(sleepPatch(node(undefined, true), change({})), 'changed');
  assert.equal(sleepPatch(node('awake', true), change({ expected: 'awake' })), 'changed');
});

test('from one state to the next the cordon stays', () => {
  const patch = sleepPatch(node('old', true), change({ expected: 'old', ownsCordon: true }));
  assert.deepEqual(patch, [
    ...guard,
    { op: 'add', path: '/metadata/annotations/kisimd.io~1sleep', value: 'new' },
  ]);
});

test('a cordon that somebody took off in between is set again', () => {
  const patch = sleepPatch(node('old', false), change({ expected: 'old', ownsCordon: true }));
  assert.deepEqual(patch.at(-1), { op: 'add', path: '/spec/unschedulable', value: true });
});

test('a node is given back in one write', () => {
  const patch = sleepPatch(node('old', true), change({ expected: 'old', cordoned: false, ownsCordon: true }));
  assert.deepEqual(patch.at(-1), { op: 'remove', path: '/spec/unschedulable' });
});

test('where another mark stands nothing is written', () => {
  assert.equal(sleepPatch(node('other', true), change({ expected: 'old', ownsCordon: true })), 'changed');
  assert.equal(sleepPatch(node(), change({ expected: 'old', ownsCordon: true })), 'changed');
});

test('a write whose answer was lost is known again', () => {
  assert.equal(sleepPatch(node('new', true), change({ expected: 'old', ownsCordon: true })), 'done');
  assert.equal(sleepPatch(node(), change({ expected: 'old', mark: undefined })), 'done');
  const given = change({ expected: 'old', cordoned: false, ownsCordon: true });
  assert.equal(sleepPatch(node('new', true), given), 'changed');
});

test('a mark is taken away without touching the cordon', () => {
  assert.deepEqual(sleepPatch(node('old', true), change({ expected: 'old', mark: undefined })), [
    ...guard,
    { op: 'remove', path: '/metadata/annotations/kisimd.io~1sleep' },
  ]);
});
