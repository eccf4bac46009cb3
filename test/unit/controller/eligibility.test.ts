import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eligibility } from '../../../src/controller/eligibility.ts';
import type { PendingPod } from '../../../src/controller/ports.ts';
import { pendingPod } from '../../support/played-placement.ts';

const rules = { ownNamespace: 'kisimd', includeUngated: false };
const observing = { ...rules, includeUngated: true };

const cases: readonly (readonly [
  what: string,
  given: Partial<PendingPod>,
  acting: string,
  observing: string,
])[] = [
  ['gated and opted in', {}, 'place', 'place'],
  ['not gated', { isGated: false }, 'leave: not-gated', 'place'],
  ['gated and not opted in', { isOptedIn: false }, 'free: not-opted-in', 'free: not-opted-in'],
  [
    'neither gated nor opted in',
    { isGated: false, isOptedIn: false },
    'leave: not-gated',
    'leave: not-opted-in',
  ],
  ['of a DaemonSet', { ownerKinds: ['DaemonSet'] }, 'leave: daemon-set', 'leave: daemon-set'],
  [
    'of a DaemonSet beside another owner',
    { ownerKinds: ['X', 'DaemonSet'] },
    'leave: daemon-set',
    'leave: daemon-set',
  ],
  ['of a node: a static pod', { ownerKinds: ['Node'] }, 'leave: static-pod', 'leave: static-pod'],
  ['without an owner', { ownerKinds: [] }, 'place', 'place'],
  ['in kube-system', { namespace: 'kube-system' }, 'leave: kube-system', 'leave: kube-system'],
  ['in a namespace of a similar name', { namespace: 'kube-system-2' }, 'place', 'place'],
  ["in the program's own namespace", { namespace: 'kisimd' }, 'leave: own-namespace', 'leave: own-namespace'],
  ['with a node', { nodeName: 'node-1' }, 'leave: has-node', 'leave: has-node'],
  ['with an empty node name', { nodeName: '' }, 'place', 'place'],
  ['being deleted', { isDeleting: true }, 'leave: deleting', 'leave: deleting'],
  [
    'in kube-system, without opt-in, with our gate',
    { namespace: 'kube-system', isOptedIn: false },
    'leave: kube-system',
    'leave: kube-system',
  ],
];

for (const [what, given, acting, watching] of cases) {
  test(`a pod ${what}`, () => {
    const word = (of: ReturnType<typeof eligibility>) =>
      'because' in of ? `${of.may}: ${of.because}` : of.may;
    assert.equal(word(eligibility(pendingPod(0, given), rules)), acting);
    assert.equal(word(eligibility(pendingPod(0, given), observing)), watching);
  });
}
