import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KubeNodes } from '../../../../src/controller/sleep/kube-nodes.ts';
import type { NodeFacts } from '../../../../src/controller/sleep/ports.ts';
import { formatMark, type SleepMark } from '../../../../src/controller/sleep/sleep-mark.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { connectedFake } from '../../../support/connected-fake.ts';

const { signal } = new AbortController();
const SLEEP = 'kisimd.io/sleep';
const mark: SleepMark = { state: 'cordoned', since: 1_800_000_000_000, by: 'host-1#1' };

async function watching(t: TestContext, ...nodes: readonly object[]) {
  const { server, api, close } = await connectedFake();
  for (const node of nodes) server.create({ apiVersion: 'v1', kind: 'Node', spec: {}, ...node });
  const problems: unknown[] = [];
  let isLeader = true;
  const kube = new KubeNodes({
    guard: { api, random: seededRandom(1), sleep: async () => undefined, stillLeader: () => isLeader },
    random: seededRandom(1),
    clock: systemClock,
    trouble: (_, error) => problems.push(error),
  });
  kube.start();
  t.after(async () => {
    await kube.stop();
    await close();
    assert.deepEqual(problems, []);
  });
  assert.equal(await kube.synced, true);
  const facts = (name: string): NodeFacts => [...kube.list()].find((each) => each.name === name)!;
  /** Until the watch has told so of a node. */
  const told = (name: string, has: (facts: NodeFacts) => boolean) =>
    new Promise<NodeFacts>((resolve) => {
      const look = () => {
        if (!has(facts(name))) return;
        end();
        resolve(facts(name));
      };
      const end = kube.subscribe(look);
      look();
    });
  const lose = () => {
    isLeader = false;
  };
  return { server, kube, facts, told, lose };
}

test('a node is read as its sleep sees it', async (t) => {
  const { facts } = await watching(
    t,
    {
      metadata: {
        name: 'a',
        labels: { 'node-role.kubernetes.io/control-plane': '' },
        annotations: { 'kisimd.io/keep-awake': '' },
      },
      spec: { unschedulable: true, taints: [{ key: 'x', effect: 'NoSchedule' }] },
      status: {
        conditions: [
          { type: 'MemoryPressure', status: 'True' },
          {
            type: 'Ready',
            status: 'True',
            lastTransitionTime: '2026-01-02T03:04:05Z',
            lastHeartbeatTime: '2026-01-02T04:04:05Z',
          },
        ],
      },
    },
    {
      metadata: { name: 'b', annotations: { [SLEEP]: formatMark(mark) } },
      spec: {
        taints: [
          { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
          { key: 'y', effect: 'PreferNoSchedule' },
        ],
      },
      status: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
    },
    { metadata: { name: 'c', annotations: { [SLEEP]: 'mine' } } },
  );
  const { uid: _, ...a } = facts('a');
  assert.deepEqual(a, {
    name: 'a',
    isCordoned: true,
    isReady: true,
    readinessSince: Date.UTC(2026, 0, 2, 3, 4, 5),
    heardAt: Date.UTC(2026, 0, 2, 4, 4, 5),
    isControlPlane: true,
    keepsAwake: true,
    isTainted: true,
    mark: undefined,
    markText: undefined,
  });
  const b = facts('b');
  assert.deepEqual([b.isReady, b.isTainted, b.mark, b.markText], [false, false, mark, formatMark(mark)]);
  assert.equal(facts('c').mark, 'unreadable');
});

test('a node is marked and cordoned in one write, and given back in another', async (t) => {
  const { server, kube, facts, told } = await watching(t, { metadata: { name: 'a' } });
  const first = await kube.mark(facts('a'), { expected: undefined, mark, cordoned: true }, signal);
  assert.deepEqual(first, { outcome: 'written' });
  const stored = server.find('Node', 'a')!;
  assert.equal((stored['spec'] as { unschedulable: boolean }).unschedulable, true);
  const cordoned = await told('a', ({ isCordoned }) => isCordoned);
  assert.deepEqual(cordoned.mark, mark);
  const awake = { ...mark, state: 'awake' } as const;
  const given = { expected: cordoned.markText, mark: awake, cordoned: false };
  assert.deepEqual(await kube.mark(cordoned, given, signal), { outcome: 'written' });
  const back = await told('a', ({ isCordoned }) => !isCordoned);
  assert.deepEqual(back.mark, awake);
  const none = { expected: back.markText, mark: undefined, cordoned: false };
  assert.deepEqual(await kube.mark(back, none, signal), { outcome: 'written' });
  assert.equal((await told('a', ({ markText }) => markText === undefined)).mark, undefined);
});

test('several steps from one view are each bound to the mark before', async (t) => {
  const { kube, facts } = await watching(t, { metadata: { name: 'a' } });
  const seen = facts('a');
  const second = { ...mark, state: 'falling-asleep' } as const;
  await kube.mark(seen, { expected: undefined, mark, cordoned: true }, signal);
  const next = { expected: formatMark(mark), mark: second, cordoned: true };
  assert.deepEqual(await kube.mark({ ...seen, mark }, next, signal), { outcome: 'written' });
  assert.deepEqual(await kube.mark(seen, { expected: undefined, mark, cordoned: true }, signal), {
    outcome: 'changed',
  });
});

test('a node that an operator cordons in between is not touched', async (t) => {
  const { server, kube, facts } = await watching(t, { metadata: { name: 'a' } });
  const seen = facts('a');
  server.overwrite({ ...server.find('Node', 'a')!, spec: { unschedulable: true } });
  assert.deepEqual(await kube.mark(seen, { expected: undefined, mark, cordoned: true }, signal), {
    outcome: 'changed',
  });
  const { annotations } = server.find('Node', 'a')!.metadata as { annotations?: object };
  assert.equal(annotations, undefined);
});

test('changes of other kinds in between do no harm', async (t) => {
  const { server, kube, facts } = await watching(t, { metadata: { name: 'a' } });
  const seen = facts('a');
  const stored = server.find('Node', 'a')!;
  server.overwrite({ ...stored, metadata: { ...stored.metadata, labels: { theirs: '1' } } });
  assert.deepEqual(await kube.mark(seen, { expected: undefined, mark, cordoned: true }, signal), {
    outcome: 'written',
  });
  assert.deepEqual(server.find('Node', 'a')!.metadata.labels, { theirs: '1' });
});

test('who does not lead writes nothing; a node that is gone is told', async (t) => {
  const { server, kube, facts, lose } = await watching(t, { metadata: { name: 'a' } });
  const seen = facts('a');
  const change = { expected: undefined, mark, cordoned: true };
  server.remove(server.find('Node', 'a')!);
  assert.deepEqual(await kube.mark(seen, change, signal), { outcome: 'gone' });
  lose();
  const result = await kube.mark({ ...seen }, change, signal);
  assert.ok(['not-leader', 'gone'].includes(result.outcome));
});
