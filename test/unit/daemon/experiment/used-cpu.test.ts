import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeUse, PodUse } from '../../../../src/attribution/node-use.ts';
import { UsedCpu } from '../../../../src/daemon/experiment/used-cpu.ts';
import type { PlacedBy } from '../../../../src/evaluation/switchback/pod-ledger.ts';

function played(placed: Readonly<Record<string, PlacedBy>>, old: readonly string[] = []) {
  const used = new UsedCpu({ placedBy: (uid) => placed[uid], isNew: (uid) => !old.includes(uid) });
  const take = (at: number, pods: readonly PodUse[], node = 'n1') => {
    const use: NodeUse = {
      node,
      source: 'kubelet',
      receivedUnixMilliseconds: at * 1000,
      receivedMonotonicNanoseconds: at * 1e9,
      cpu: undefined,
      pods,
    };
    used.take(use);
  };
  return { used, take, read: (at: number, ...nodes: string[]) => used.read(nodes, at * 1000) };
}

function pod(uid: string, seconds: number): PodUse {
  return {
    uid,
    namespace: 'team',
    name: uid,
    startUnixMilliseconds: undefined,
    cpu: { cpuNanoseconds: seconds * 1e9, unixMilliseconds: 0 },
    containers: [],
  };
}

function containers(
  uid: string,
  parts: readonly (readonly [name: string, start: number, seconds: number])[],
): PodUse {
  return {
    ...pod(uid, 0),
    cpu: undefined,
    containers: parts.map(([name, startUnixMilliseconds, seconds]) => ({
      name,
      startUnixMilliseconds,
      cpu: { cpuNanoseconds: seconds * 1e9, unixMilliseconds: 0 },
    })),
  };
}

test('CPU is summed up by who placed the pod; a pod that was there before counts from its first reading', () => {
  const { take, read } = played({ p: 'a', q: 'b', o: 'before', s: 'untouched' }, ['o']);
  take(0, [pod('p', 1), pod('o', 500)]);
  take(10, [pod('p', 3), pod('q', 4), pod('o', 510), pod('s', 7), pod('of-a-daemon-set', 99)]);
  assert.deepEqual(read(10, 'n1'), [3, 4, 10, 7]);
});

test('containers are counted each for itself, and again after they were started again', () => {
  const { take, read } = played({ p: 'a' });
  take(0, [
    containers('p', [
      ['x', 1, 5],
      ['y', 1, 1],
    ]),
  ]);
  take(10, [
    containers('p', [
      ['x', 1, 6],
      ['y', 8, 2],
    ]),
  ]);
  assert.deepEqual(read(10, 'n1'), [9, 0, 0, 0]);
});

test('a counter that fell began anew', () => {
  const { take, read } = played({ p: 'a' });
  take(0, [pod('p', 5)]);
  take(10, [pod('p', 2)]);
  assert.deepEqual(read(10, 'n1'), [7, 0, 0, 0]);
});

test('is unknown as soon as one node is not heard any more', () => {
  const { take, read } = played({ p: 'a' });
  assert.equal(read(0), undefined);
  take(0, [pod('p', 5)], 'n1');
  assert.equal(read(10, 'n1', 'n2'), undefined);
  take(10, [], 'n2');
  assert.deepEqual(read(20, 'n1', 'n2'), [5, 0, 0, 0]);
  take(90, [], 'n2');
  assert.equal(read(100, 'n1', 'n2'), undefined);
});

test('a reading that tells of a pod after its end counts what is new in it, and no more', () => {
  const { used, take, read } = played({ p: 'a' });
  take(0, [pod('p', 5)]);
  used.ended('p', 1_000);
  used.ended('another', 60_000);
  take(61, [pod('p', 6)]);
  assert.deepEqual(read(61, 'n1'), [6, 0, 0, 0]);
});
