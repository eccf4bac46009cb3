import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import {
  OPT_IN_LABEL,
  PLACEMENT_GATE,
  SLEEP_ANNOTATION,
  TIER_LABEL,
  TIER_TAINT,
} from '../../../../src/kubernetes/names.ts';
import { carryOutSetup, type Outcome } from '../../../../src/kubernetes/setup/carry-out.ts';
import { planSetup } from '../../../../src/kubernetes/setup/plan.ts';
import { carryOutRemoval, demandNothingLeft } from '../../../../src/kubernetes/setup/removal.ts';
import { planRemoval, type RemovalPlan } from '../../../../src/kubernetes/setup/removal-plan.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import { fieldsOf, listOf } from '../../../support/fake-api/objects.ts';
import type { FakeApiServer } from '../../../support/fake-api-server.ts';
import { playGating } from '../../../support/played-gating.ts';

const never = new AbortController().signal;
const container = { name: 'main', image: 'registry.example/base:1' };

describe('taking a set-up away', () => {
  let server: FakeApiServer;
  let api: ClientNodeApi;
  let close: () => Promise<void>;
  let now = 0;

  beforeEach(async () => {
    ({ server, api, close } = await connectedFake());
    playGating(server);
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  });
  afterEach(() => close());

  async function setUp(namespace = 'kisimd'): Promise<void> {
    const request = { namespace, features: [], optIn: ['team'], force: false };
    const progress = { done: () => undefined, signal: never };
    await carryOutSetup(api, await planSetup(api, request), progress);
  }

  async function remove(
    signal = never,
    done: (outcome: Outcome) => void = () => undefined,
  ): Promise<RemovalPlan> {
    const plan = await planRemoval(api, 'kisimd');
    const sleep = (milliseconds: number) => {
      now += milliseconds;
      return Promise.resolve();
    };
    const tools = { api, sleep, random: seededRandom(1), monotonicMilliseconds: () => now };
    await carryOutRemoval(tools, plan, { done, signal });
    return plan;
  }

  const pod = (name: string, namespace = 'team') =>
    server.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: { containers: [container] },
    });
  const gates = (name: string) => listOf(server.find('Pod', name, 'team'), 'spec', 'schedulingGates');

  test('nothing is left, pods are freed as they were, and others keep what is theirs', async () => {
    await setUp();
    server.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'kisimd', namespace: 'kisimd' },
      spec: { holderIdentity: 'a' },
    });
    server.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kisimd-pause', namespace: 'kisimd' },
    });
    server.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1', labels: { [TIER_LABEL]: 'best', own: 'yes' } },
      spec: {
        taints: [
          { key: TIER_TAINT, effect: 'PreferNoSchedule' },
          { key: 'theirs', effect: 'NoSchedule' },
          { key: 'kisimd.io/asleep', effect: 'NoSchedule' },
        ],
      },
    });
    server.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'other', namespace: 'team' },
    });
    pod('waits');
    assert.deepEqual(gates('waits'), [{ name: PLACEMENT_GATE }]);
    const before = server.find('Pod', 'waits', 'team')!;

    await remove();

    await demandNothingLeft(api, 'kisimd', false);
    const after = server.find('Pod', 'waits', 'team')!;
    assert.deepEqual(gates('waits'), []);
    assert.deepEqual(fieldsOf(after, 'spec')['affinity'], undefined);
    assert.deepEqual(after.metadata['annotations'], before.metadata['annotations']);
    const node = server.find('Node', 'n1')!;
    assert.deepEqual(fieldsOf(node, 'metadata', 'labels'), { own: 'yes' });
    assert.deepEqual(listOf(node, 'spec', 'taints'), [{ key: 'theirs', effect: 'NoSchedule' }]);
    assert.equal(fieldsOf(server.find('Namespace', 'team'), 'metadata', 'labels')[OPT_IN_LABEL], undefined);
    assert.equal(server.find('Namespace', 'kisimd'), undefined);
    assert(server.find('ServiceAccount', 'other', 'team') !== undefined);
  });

  test('gating ends first, then pods are freed, then rights go', async () => {
    await setUp();
    pod('waits');
    const order: string[] = [];
    await remove(never, ({ what }) => order.push(what.split(' ')[0]!));
    const at = (kind: string) => order.indexOf(kind);
    assert.equal(order[0], 'MutatingAdmissionPolicyBinding');
    assert(at('MutatingAdmissionPolicy') < at('pod'));
    assert(at('pod') < at('namespace'));
    assert(at('namespace') < at('ClusterRoleBinding'));
    assert.equal(order.at(-1), 'Namespace');
  });

  test('pods that are made while the gating ends are freed too', async () => {
    await setUp();
    const gating = server.operations.admission;
    let trials = 0;
    server.operations.admission = (resource, object) => {
      const gone = server.find('MutatingAdmissionPolicy', 'kisimd-gate') === undefined;
      if (resource.kind !== 'Pod' || !gone) return gating(resource, object);
      trials += 1;
      // The server goes on for a moment by what it remembers.
      const schedulingGates = trials < 4 ? [{ name: PLACEMENT_GATE }] : [];
      return { ...object, spec: { ...fieldsOf(object, 'spec'), schedulingGates } };
    };
    let made = false;
    await remove(never, ({ what }) => {
      if (what !== 'MutatingAdmissionPolicy kisimd-gate' || made) return;
      made = true;
      pod('late');
    });
    assert(made && trials >= 6);
    assert.deepEqual(gates('late'), []);
  });

  test('gating that does not end frees no pod and takes no rights away', async () => {
    await setUp();
    pod('waits');
    server.operations.admission = (resource, object) =>
      resource.kind === 'Pod'
        ? { ...object, spec: { ...fieldsOf(object, 'spec'), schedulingGates: [{ name: PLACEMENT_GATE }] } }
        : object;
    await assert.rejects(remove(), { code: 'KISIM_E_SETUP_STILL_GATING' });
    assert.equal(gates('waits').length, 1);
    assert(server.find('ClusterRole', 'kisimd') !== undefined);
  });

  test('a pod that somebody changes meanwhile is freed all the same', async () => {
    await setUp();
    const waiting = pod('waits');
    const plan = await planRemoval(api, 'kisimd');
    assert.equal(plan.gatedPods.length, 1);
    const path = /pods\/waits$/;
    server.faults.add({ method: 'PATCH', path, fault: { status: 409 } });
    server.faults.add({ method: 'PATCH', path, fault: { status: 429, headers: { 'retry-after': '1' } } });
    server.faults.add({ method: 'PATCH', path, fault: 'cut-after' });
    await remove();
    assert.deepEqual(gates('waits'), []);
    assert.equal(server.find('Pod', 'waits', 'team')!.metadata.uid, waiting.metadata.uid);
  });

  test('again, it finds nothing and ends well; without a set-up too', async () => {
    await remove();
    await setUp();
    await remove();
    const plan = await remove();
    assert.deepEqual([plan.gating, plan.accounts, plan.optedIn, plan.namespace], [[], [], [], undefined]);
  });

  test('stopped anywhere and begun again, it ends with nothing left', async () => {
    for (let after = 1; after < 10; after++) {
      await setUp();
      pod(`waits-${after}`);
      const stop = new AbortController();
      let steps = 0;
      const counted = () => {
        steps += 1;
        if (steps === after) stop.abort();
      };
      await assert.rejects(remove(stop.signal, counted), { code: 'KISIM_E_SETUP_STOPPED' }, `after ${after}`);
      await remove();
      await demandNothingLeft(api, 'kisimd', false);
      assert.deepEqual(gates(`waits-${after}`), []);
    }
  });

  test('nodes are uncordoned where the cordon is ours, and those that sleep are told of', async () => {
    const node = (name: string, mark: string | undefined) =>
      server.create({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name,
          ...(mark === undefined ? {} : { annotations: { [SLEEP_ANNOTATION]: mark, own: 'x' } }),
        },
        spec: { unschedulable: true },
      });
    const markOf = (state: string) => JSON.stringify({ state, since: '2026-01-01T00:00:00Z', by: 'a#1' });
    node('asleep', markOf('asleep'));
    node('awake', markOf('awake'));
    node('odd', 'no JSON');
    node('theirs', undefined);
    const plan = await remove();
    const cordoned = (name: string) => fieldsOf(server.find('Node', name), 'spec')['unschedulable'];
    assert.deepEqual(['asleep', 'awake', 'odd', 'theirs'].map(cordoned), [undefined, true, true, true]);
    for (const name of ['asleep', 'awake', 'odd'])
      assert.deepEqual(fieldsOf(server.find('Node', name), 'metadata', 'annotations'), { own: 'x' }, name);
    assert.match(plan.notes.join(), /to be woken by hand: asleep/);
    await demandNothingLeft(api, 'kisimd', false);
  });

  test('a daemon that still runs is told of', async () => {
    await setUp();
    server.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'kisimd', namespace: 'kisimd' },
      spec: { holderIdentity: 'host-1_x' },
    });
    assert.match((await planRemoval(api, 'kisimd')).notes.join(), /host-1_x holds the lease/);
  });

  test('a namespace with something of somebody else stays, and one that was there before', async () => {
    await setUp();
    server.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace: 'kisimd' } });
    const plan = await remove();
    assert.deepEqual(plan.keepsNamespace, ['ConfigMap theirs']);
    assert(server.find('Namespace', 'kisimd') !== undefined);
    assert.equal(server.find('ServiceAccount', 'kisimd', 'kisimd'), undefined);
    await demandNothingLeft(api, 'kisimd', true);
  });

  test('Jobs that wait for us are told of', async () => {
    server.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'nightly', namespace: 'team', labels: { 'kisimd.io/start': 'when-placed' } },
      spec: { suspend: true, template: { spec: { containers: [container], restartPolicy: 'Never' } } },
    });
    assert.match((await planRemoval(api, 'kisimd')).notes.join(), /stay suspended.*team\/nightly/);
  });

  test('what is left is told by name', async () => {
    await setUp();
    pod('waits');
    await assert.rejects(demandNothingLeft(api, 'kisimd', false), {
      code: 'KISIM_E_SETUP_LEFT',
      message:
        /MutatingAdmissionPolicy kisimd-gate.*ClusterRole kisimd.*gated pod team\/waits, opted-in namespace team/,
    });
  });

  test('another set-up, and a user who may not, are refused before anything is removed', async () => {
    await setUp('second');
    await assert.rejects(planRemoval(api, 'kisimd'), {
      code: 'KISIM_E_SETUP_TWICE',
      action: /--remove --namespace second/,
    });
    server.forbidden.add('delete clusterroles').add('patch pods');
    await assert.rejects(planRemoval(api, 'second'), {
      code: 'KISIM_E_SETUP_FORBIDDEN',
      message: /delete clusterroles\.rbac\.authorization\.k8s\.io, patch pods/,
    });
  });

  test('a server without admission policies is cleaned all the same', async () => {
    server.withoutPolicies = true;
    await remove();
    await demandNothingLeft(api, 'kisimd', false);
  });
});
