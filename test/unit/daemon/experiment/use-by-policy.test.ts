import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UseByPolicy } from '../../../../src/daemon/experiment/use-by-policy.ts';
import type { JournalEvent, PodRecord } from '../../../../src/evaluation/switchback/journal-records.ts';

const seen = { name: 'p', namespace: 'team', cpuMilli: 100, counts: true, gated: true };

function step(uid: string, what: Record<string, unknown>): JournalEvent {
  return { kind: 'pod', at: 1, uid, ...what } as unknown as PodRecord;
}

function used(use: UseByPolicy, at: number, seconds: Readonly<Record<string, number>>) {
  use.cpu.take({
    node: 'n1',
    source: 'kubelet',
    receivedUnixMilliseconds: at,
    receivedMonotonicNanoseconds: at * 1e6,
    cpu: undefined,
    pods: Object.entries(seconds).map(([uid, value]) => ({
      uid,
      namespace: 'team',
      name: uid,
      startUnixMilliseconds: undefined,
      cpu: { cpuNanoseconds: value * 1e9, unixMilliseconds: at },
      containers: [],
    })),
  });
  return use.cpu.read(['n1'], at);
}

test('what pods used counts for the side whose period they were bound in, also over two lives of the program', () => {
  const use = new UseByPolicy();
  const told: JournalEvent[] = [
    { kind: 'begin', at: 0, alive: [] },
    { kind: 'period', at: 0, index: 0, side: 'a', policy: 'x' },
    step('p', { what: 'seen', ...seen, isNew: true }),
    step('p', { what: 'bound', node: 'n1', isNew: true }),
    { kind: 'end', at: 1, index: 0 },
    { kind: 'period', at: 1, index: 1, side: 'b', policy: 'y' },
    step('q', { what: 'seen', ...seen, isNew: true }),
    step('q', { what: 'bound', node: 'n1', isNew: true }),
    // The first life ends here.
    { kind: 'begin', at: 2, alive: ['p', 'q', 'came'] },
    step('came', { what: 'seen', ...seen, isNew: false }),
    step('came', { what: 'bound', node: 'n1', isNew: false }),
    { kind: 'period', at: 2, index: 0, side: 'a', policy: 'x' },
    step('r', { what: 'seen', ...seen, isNew: true }),
    step('r', { what: 'bound', node: 'n1', isNew: true }),
    step('d', { what: 'seen', ...seen, counts: false, isNew: true }),
    step('d', { what: 'bound', node: 'n1', isNew: true }),
    { kind: 'broken', at: 3, index: 0, why: 'paused' },
    step('s', { what: 'seen', ...seen, isNew: true }),
    step('s', { what: 'bound', node: 'n1', isNew: true }),
  ];
  for (const event of told) use.observe(event);
  // What was there at the beginning of this life has used something already.
  assert.deepEqual(used(use, 10, { p: 100, q: 200, came: 300, r: 4, d: 9, s: 6 }), [4, 0, 6, 0]);
  assert.deepEqual(used(use, 20, { p: 101, q: 202, came: 303, r: 5, d: 99, s: 6 }), [6, 2, 9, 0]);
});
