import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { PodLives } from '../../../../src/daemon/experiment/pod-lives.ts';
import type { PodRecord } from '../../../../src/evaluation/switchback/journal-records.ts';
import { PLACEMENT_GATE, SKIP_LABEL } from '../../../../src/kubernetes/names.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import type { StoredObject } from '../../../support/fake-api/objects.ts';

type Step = Omit<PodRecord, 'at' | 'uid' | 'kind'>;

/** Pods on a fake API server, and what is told of them, each by its name. */
async function watched(t: TestContext) {
  const { server, api, close } = await connectedFake();
  const troubles: unknown[] = [];
  const lives = new PodLives({
    api,
    clock: systemClock,
    random: seededRandom(1),
    trouble: (_, error) => void troubles.push(error),
  });
  t.after(async () => {
    await lives.stop();
    await close();
    assert.deepEqual(troubles, []);
  });
  const records: PodRecord[] = [];
  const told = new EventEmitter();
  const names = new Map<string, string>();
  const start = async () => {
    const began = await lives.start((record) => {
      records.push(record);
      told.emit('told');
    });
    records.unshift(...began!.steps);
    return began!;
  };
  const create = (name: string, given: { spec?: object; metadata?: object } = {}): StoredObject => {
    const pod = server.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', ...given.metadata },
      spec: {
        containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '500m' } } }],
        ...given.spec,
      },
    });
    names.set(pod.metadata.uid, name);
    return pod;
  };
  const change = (name: string, part: 'spec' | 'status', fields: object): void => {
    const pod = server.find('Pod', name, 'default')!;
    server.overwrite({ ...pod, [part]: { ...(pod[part] as object), ...fields } });
  };
  const stepsOf = (name: string): Step[] =>
    records
      .filter(({ uid }) => names.get(uid) === name)
      .map(({ at: _, uid: __, kind: ___, ...step }) => step);
  const until = async (is: () => boolean): Promise<void> => {
    while (!is()) await once(told, 'told');
  };
  return { server, create, change, start, stepsOf, until, records };
}

test('a pod is told from creation to end, once for each step', async (t) => {
  const { create, change, start, stepsOf, until } = await watched(t);
  assert.deepEqual((await start()).alive, []);
  create('web', { spec: { schedulingGates: [{ name: PLACEMENT_GATE }] } });
  await until(() => stepsOf('web').length === 1);
  change('web', 'spec', { schedulingGates: [] });
  change('web', 'spec', { nodeName: 'n1' });
  change('web', 'status', { phase: 'Running', containerStatuses: [{ restartCount: 0 }] });
  change('web', 'status', { containerStatuses: [{ restartCount: 2 }] });
  change('web', 'status', { phase: 'Succeeded' });
  await until(() => stepsOf('web').some(({ what }) => what === 'ended'));
  assert.deepEqual(stepsOf('web'), [
    {
      what: 'seen',
      name: 'web',
      namespace: 'default',
      cpuMilli: 500,
      counts: true,
      gated: true,
      isNew: true,
    },
    { what: 'bound', node: 'n1', isNew: true },
    { what: 'started', isNew: true },
    { what: 'restarted', times: 2 },
    { what: 'ended', how: 'completed' },
  ]);
});

test('what was there before is told as such, and what had ended is not told at all', async (t) => {
  const { create, change, start, stepsOf, records } = await watched(t);
  create('old');
  change('old', 'spec', { nodeName: 'n1' });
  change('old', 'status', { phase: 'Running', containerStatuses: [{ restartCount: 7 }] });
  create('over');
  change('over', 'spec', { nodeName: 'n1' });
  change('over', 'status', { phase: 'Failed' });
  const { alive } = await start();
  assert.equal(alive.length, 1);
  assert.deepEqual(
    stepsOf('old').map((step) => [step.what, 'isNew' in step && step.isNew]),
    [
      ['seen', false],
      ['bound', false],
      ['started', false],
    ],
  );
  assert.equal(records.length, 3);
});

test('ends are told apart', async (t) => {
  const { server, create, change, start, stepsOf, until } = await watched(t);
  await start();
  for (const name of ['failed', 'evicted', 'evicted-by-api', 'deleted']) create(name);
  change('failed', 'status', { phase: 'Failed' });
  change('evicted', 'status', { phase: 'Failed', reason: 'Evicted' });
  change('evicted-by-api', 'status', { conditions: [{ type: 'DisruptionTarget', status: 'True' }] });
  for (const name of ['evicted-by-api', 'deleted']) server.remove(server.find('Pod', name, 'default')!);
  const ends = () =>
    ['failed', 'evicted', 'evicted-by-api', 'deleted'].map((name) => {
      const end = stepsOf(name).find(({ what }) => what === 'ended');
      return end !== undefined && 'how' in end ? end.how : undefined;
    });
  await until(() => ends().every((how) => how !== undefined));
  assert.deepEqual(ends(), ['failed', 'evicted', 'evicted', 'deleted']);
});

test('pods of DaemonSets and of nodes are no work; a pod is ours that was held, or whose Job was', async (t) => {
  const { create, start, stepsOf, until } = await watched(t);
  await start();
  for (const kind of ['DaemonSet', 'Node', 'ReplicaSet'])
    create(kind.toLowerCase(), {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind, name: 'o', uid: '1' }] },
    });
  create('of-a-job', { metadata: { labels: { [SKIP_LABEL]: 'job' } } });
  await until(() => stepsOf('of-a-job').length > 0);
  const seen = (name: string) => stepsOf(name)[0] as unknown as { counts: boolean; gated: boolean };
  assert.deepEqual(
    ['daemonset', 'node', 'replicaset', 'of-a-job'].map((name) => [seen(name).counts, seen(name).gated]),
    [
      [false, false],
      [false, false],
      [true, false],
      [true, true],
    ],
  );
});

test('a watch that is stopped before its first list has nothing to tell', async (t) => {
  const { server, api, close } = await connectedFake();
  t.after(close);
  server.faults.add({ path: /pods/, fault: 'hang' });
  const lives = new PodLives({ api, clock: systemClock, random: seededRandom(1), trouble: () => undefined });
  const started = lives.start(() => undefined);
  await lives.stop();
  assert.equal(await started, undefined);
});
