import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeploymentAdvice } from '../../../../src/controller/advice/deployment-advice.ts';
import { Adviser } from '../../../../src/kubernetes/adviser.ts';
import type { ApiDeployment } from '../../../../src/kubernetes/api-objects.ts';
import { advisedDeployment } from '../../../../src/kubernetes/deployment-watcher.ts';
import type { KubeObject } from '../../../../src/kubernetes/kube-object.ts';
import { PREFER_LABEL, PREFER_LABEL_VALUE } from '../../../../src/kubernetes/names.ts';
import type { KisimError } from '../../../../src/util/errors.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import type { Fields, StoredObject } from '../../../support/fake-api/objects.ts';
import { ManualTime } from '../../../support/manual-time.ts';
import { MemoryApi } from '../../../support/memory-api.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { PlayedLeadership, PlayedPause } from '../../../support/played-placement.ts';
import { PlayedTime } from '../../../support/played-time.ts';

const ASKED = { [PREFER_LABEL]: PREFER_LABEL_VALUE };
const MINUTE = 60_000;

/** Deployments on a server in memory; a controller that a test plays ends rollouts. */
function played() {
  const api = new MemoryApi('kisimd', 'kube-system');
  const time = new PlayedTime();
  const leadership = new PlayedLeadership(true);
  const paused = new PlayedPause(undefined);
  const { log, events } = recordingLogger();
  const costs = new Map<string, number | undefined>([
    ['cheap', 2],
    ['dear', 5],
  ]);
  const told: string[] = [];
  const made: StoredObject[] = [];
  const now = ({ metadata: { name, namespace } }: StoredObject) =>
    api.find('Deployment', name, namespace) as (ApiDeployment & StoredObject) | undefined;
  const advice = new DeploymentAdvice({
    deployments: () =>
      made.flatMap((each) => {
        const object = now(each);
        return (object && advisedDeployment(object as unknown as KubeObject)) ?? [];
      }),
    writes: new Adviser({
      api,
      sleep: new ManualTime().noSleep,
      random: seededRandom(1),
      stillLeader: () => leadership.isLeader,
    }),
    costsFor: () => costs,
    ownNamespace: 'kisimd',
    told: ({ name }, nodes) => told.push(`${name}: ${nodes?.join() ?? 'as it was'}`),
    leadership,
    paused,
    time,
    log,
  });
  /** What the Deployment controller says when all pods are as the template wants them. */
  const settle = (deployment: StoredObject): void => {
    api.change(deployment, (copy) => {
      const { generation } = copy.metadata as { generation?: number };
      copy['status'] = {
        observedGeneration: generation,
        replicas: 2,
        updatedReplicas: 2,
        availableReplicas: 2,
      };
    });
  };
  const create = (name: string, labels: Fields = ASKED, namespace = 'default'): StoredObject => {
    const deployment = api.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels },
      spec: { replicas: 2, template: { spec: { containers: [{ name: 'main', image: 'a:1' }] } } },
    });
    made.push(deployment);
    settle(deployment);
    return deployment;
  };
  const relabel = (deployment: StoredObject, labels: Fields): void => {
    api.change(deployment, ({ metadata }) => {
      metadata['labels'] = labels;
    });
  };
  const preferred = (deployment: StoredObject): readonly string[] => {
    const affinity = now(deployment)?.spec?.template?.spec?.affinity?.nodeAffinity;
    return (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(
      ({ preference }) => preference.matchFields?.[0]?.values ?? [],
    );
  };
  return {
    api,
    advice,
    time,
    leadership,
    paused,
    events,
    costs,
    told,
    create,
    settle,
    relabel,
    preferred,
    now,
  };
}

test('a Deployment that asks for it prefers the nodes that work costs least on, and is told of it once', async () => {
  const { advice, time, create, settle, preferred, told } = played();
  const web = create('web');
  const other = create('other', {});
  advice.start();
  await time.play(10);
  assert.deepEqual(preferred(web), ['cheap']);
  assert.deepEqual(preferred(other), []);
  settle(web);
  await time.play(60 * MINUTE);
  assert.deepEqual(told, ['web: cheap']);
  await advice.stop();
  assert.equal(time.timers, 0);
});

test('one at a time: the next one when the last is through, and no more than six an hour', async () => {
  const { advice, time, create, settle, told } = played();
  const all = Array.from({ length: 12 }, (_, i) => create(`web-${String(i).padStart(2, '0')}`));
  advice.start();
  await time.play(30 * MINUTE - 1000);
  assert.equal(told.length, 1);
  for (const each of all) settle(each);
  await time.play(61_000);
  assert.equal(told.length, 2);
  const from = told.length;
  for (let minute = 0; minute < 60; minute++) {
    for (const each of all) settle(each);
    await time.play(MINUTE);
  }
  // A token every ten minutes, and a round every minute.
  assert.ok([5, 6].includes(told.length - from), `${told.length - from} in an hour`);
  await advice.stop();
});

test('never while it is rolling out, or its owner has paused it', async () => {
  const { api, advice, time, create, settle, told } = played();
  const web = create('web');
  api.change(web, (copy) => {
    copy['status'] = { ...(copy['status'] as Fields), updatedReplicas: 1 };
  });
  const held = create('held');
  api.change(held, (copy) => {
    (copy['spec'] as Fields)['paused'] = true;
  });
  advice.start();
  await time.play(20 * MINUTE);
  assert.deepEqual(told, []);
  settle(web);
  await time.play(2 * MINUTE);
  assert.deepEqual(told, ['web: cheap']);
  await advice.stop();
});

test('only a real change of what nodes cost is one of the template', async () => {
  const { advice, time, create, settle, costs, told } = played();
  const web = create('web');
  advice.start();
  await time.play(10);
  settle(web);
  costs.set('newer', 1.7);
  await time.play(30 * MINUTE);
  assert.deepEqual(told, ['web: cheap']);
  costs.set('newest', 1);
  await time.play(30 * MINUTE);
  assert.deepEqual(told, ['web: cheap', 'web: newest']);
  await advice.stop();
});

test('who does not ask any more gets the template back, whatever the rate', async () => {
  const { advice, time, create, settle, relabel, preferred, now, told } = played();
  const [one, two] = [create('one'), create('two')];
  advice.start();
  await time.play(10);
  settle(one);
  await time.play(11 * MINUTE);
  settle(two);
  await time.play(2 * MINUTE);
  const before = now(one)?.metadata.annotations;
  relabel(one, {});
  relabel(two, { [PREFER_LABEL]: 'no' });
  await time.play(MINUTE);
  assert.deepEqual(preferred(one), []);
  assert.equal(now(one)?.spec?.template?.spec?.affinity, undefined);
  assert.notDeepEqual(now(one)?.metadata.annotations, before);
  assert.deepEqual(preferred(two), []);
  assert.deepEqual(told.slice(2).toSorted(), ['one: as it was', 'two: as it was']);
  await advice.stop();
});

test('a Deployment whose owner writes its template anew is left alone, with a code', async () => {
  const { api, advice, time, create, settle, relabel, preferred, events, told } = played();
  const web = create('web');
  advice.start();
  await time.play(10);
  settle(web);
  api.change(web, (copy) => {
    copy['spec'] = { replicas: 2, template: { spec: { containers: [{ name: 'main', image: 'a:2' }] } } };
  });
  settle(web);
  await time.play(120 * MINUTE);
  assert.deepEqual(preferred(web), []);
  const warned = events.filter(({ event }) => event === 'deployment-overwritten');
  assert.equal(warned.length, 1);
  assert.equal((warned[0]!.fields['error'] as KisimError).code, 'KISIM_E_CONTROLLER_OVERWRITTEN');
  // Asked off, its annotation goes too; asked on again, it begins anew.
  relabel(web, {});
  await time.play(2 * MINUTE);
  relabel(web, ASKED);
  settle(web);
  await time.play(12 * MINUTE);
  assert.deepEqual(preferred(web), ['cheap']);
  assert.deepEqual(told, ['web: cheap', 'web: as it was', 'web: cheap']);
  await advice.stop();
});

test('nothing is written without the lease, while placement is paused, or in system namespaces', async () => {
  const { advice, time, create, leadership, paused, told } = played();
  create('system', ASKED, 'kube-system');
  create('own', ASKED, 'kisimd');
  create('web');
  leadership.value = false;
  advice.start();
  await time.play(10 * MINUTE);
  paused.value = 'drill';
  leadership.value = true;
  await time.play(10 * MINUTE);
  assert.deepEqual(told, []);
  paused.value = undefined;
  await time.play(60 * MINUTE);
  assert.deepEqual(told, ['web: cheap']);
  await advice.stop();
});

test('a write that fails is told, and tried again', async () => {
  const { api, advice, time, create, told, events } = played();
  create('web');
  api.faults.add({ method: 'PATCH', fault: { status: 403 } });
  advice.start();
  await time.play(10);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['deployment-not-written'],
  );
  await time.play(11 * MINUTE);
  assert.deepEqual(told, ['web: cheap']);
  await advice.stop();
});
