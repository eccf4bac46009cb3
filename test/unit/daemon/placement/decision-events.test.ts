import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecisionEvents } from '../../../../src/daemon/placement/decision-events.ts';
import type { DecisionRecord } from '../../../../src/history/decision-record.ts';
import type { Happening } from '../../../../src/kubernetes/event-correlator.ts';

const decision: DecisionRecord = {
  unixMilliseconds: 0,
  namespace: 'shop',
  pod: 'web',
  uid: 'uid-1',
  node: 'n1',
  policy: 'best-fit',
  fellBack: undefined,
  terms: [],
  others: [],
  reference: undefined,
  candidates: 2,
  mode: 'act',
  outcome: 'placed',
  reason: undefined,
  heldMilliseconds: 3,
};

function subjects(...decisions: readonly DecisionRecord[]) {
  const told: Happening[] = [];
  const events = new DecisionEvents(
    { record: () => undefined, bound: () => undefined },
    { record: (happening) => void told.push(happening) },
  );
  for (const each of decisions) events.record(each);
  return told.map(({ subject: { apiVersion, kind, name } }) => `${apiVersion} ${kind} ${name}`);
}

test('an event is of the pod or of the Job that was decided on', () => {
  assert.deepEqual(subjects(decision, { ...decision, pod: 'job/report' }), [
    'v1 Pod web',
    'batch/v1 Job report',
  ]);
});

test('what was not acted on is no event', () => {
  assert.deepEqual(subjects({ ...decision, mode: 'shadow' }, { ...decision, outcome: 'observed' }), []);
});

test('an eviction is told at the pod that goes, with its reason', () => {
  const told: Happening[] = [];
  const events = new DecisionEvents(
    { record: () => undefined, bound: () => undefined },
    { record: (happening) => void told.push(happening) },
  );
  events.record({ ...decision, outcome: 'evicted', policy: 'sleep', reason: 'n1 is to sleep' });
  assert.deepEqual(
    told.map(({ reason, message }) => [reason, message]),
    [['EnergyEvicted', 'evicted by sleep: n1 is to sleep']],
  );
});
