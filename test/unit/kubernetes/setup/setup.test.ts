import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import { OPT_IN_LABEL, OPT_IN_VALUE } from '../../../../src/kubernetes/names.ts';
import { carryOutSetup, type Outcome, removeObsolete } from '../../../../src/kubernetes/setup/carry-out.ts';
import { gatingState, waitForGating } from '../../../../src/kubernetes/setup/gating-probe.ts';
import { planSetup, type SetupPlan } from '../../../../src/kubernetes/setup/plan.ts';
import type { SetupRequest } from '../../../../src/kubernetes/setup/request.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import { fieldsOf } from '../../../support/fake-api/objects.ts';
import { statusBody } from '../../../support/fake-api/status.ts';
import type { FakeApiServer } from '../../../support/fake-api-server.ts';
import { playGating } from '../../../support/played-gating.ts';

const never = new AbortController().signal;
const webhook = { url: 'https://10.0.0.7:28283/gate', authority: 'PEM' };

describe('setting a cluster up', () => {
  let server: FakeApiServer;
  let api: ClientNodeApi;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ server, api, close } = await connectedFake());
    playGating(server);
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  });
  afterEach(() => close());

  function plan(more: Partial<SetupRequest> = {}): Promise<SetupPlan> {
    return planSetup(api, {
      namespace: 'kisimd',
      features: ['jobs'],
      optIn: ['team'],
      force: false,
      ...more,
    });
  }

  async function setUp(more: Partial<SetupRequest> = {}, signal = never): Promise<readonly Outcome[]> {
    const planned = await plan(more);
    const outcomes: Outcome[] = [];
    const progress = { done: (outcome: Outcome) => outcomes.push(outcome), signal };
    await carryOutSetup(api, planned, progress);
    await removeObsolete(api, planned, progress);
    return outcomes;
  }

  const actions = ({ objects }: SetupPlan) => objects.map(({ action, object }) => `${action} ${object.kind}`);
  const writes = () =>
    server.requests.filter(({ method, query }) => method !== 'GET' && !('dryRun' in query));
  const isReview = (path: string) => path.endsWith('selfsubjectaccessreviews');

  test('a plan says what will be made, and makes nothing', async () => {
    const planned = await plan();
    assert.deepEqual(actions(planned), [
      'create Namespace',
      'create ServiceAccount',
      'create ClusterRole',
      'create ClusterRoleBinding',
      'create Role',
      'create RoleBinding',
      'create MutatingAdmissionPolicy',
      'create MutatingAdmissionPolicyBinding',
    ]);
    assert.deepEqual(planned.optIn, [{ namespace: 'team', action: 'change', before: undefined }]);
    assert.deepEqual(
      writes().filter(({ path }) => !isReview(path)),
      [],
    );
  });

  test('carried out, pods of opted-in namespaces are gated, and everything carries our name', async () => {
    await setUp();
    assert.deepEqual(await gatingState(api, 'team'), { state: 'gated' });
    assert.deepEqual(await gatingState(api, 'default'), { state: 'not-gated' });
    for (const [kind, name, namespace] of [
      ['Namespace', 'kisimd', undefined],
      ['ServiceAccount', 'kisimd', 'kisimd'],
      ['ClusterRole', 'kisimd', undefined],
      ['ClusterRoleBinding', 'kisimd', undefined],
      ['Role', 'kisimd', 'kisimd'],
      ['RoleBinding', 'kisimd', 'kisimd'],
      ['MutatingAdmissionPolicy', 'kisimd-gate', undefined],
      ['MutatingAdmissionPolicyBinding', 'kisimd-gate', undefined],
    ] as const) {
      const labels = fieldsOf(server.find(kind, name, namespace)!, 'metadata', 'labels');
      assert.equal(labels['app.kubernetes.io/managed-by'], 'kisimd', kind);
    }
  });

  test('what gates is made after all that frees', async () => {
    const outcomes = await setUp();
    const at = (what: string) => outcomes.findIndex((outcome) => outcome.what.startsWith(what));
    assert(at('RoleBinding') < at('MutatingAdmissionPolicy'));
    assert.equal(at('opt-in'), outcomes.length - 1);
  });

  test('again, it finds everything and writes nothing', async () => {
    await setUp();
    server.requests.length = 0;
    const outcomes = await setUp();
    assert(outcomes.every(({ outcome }) => outcome === 'unchanged'));
    assert.deepEqual(
      writes().filter(({ path }) => !isReview(path)),
      [],
    );
  });

  test('half of a set-up is completed, and what was changed is mended', async () => {
    await setUp();
    server.remove(server.find('RoleBinding', 'kisimd', 'kisimd')!);
    server.remove(server.find('MutatingAdmissionPolicyBinding', 'kisimd-gate')!);
    const role = server.find('ClusterRole', 'kisimd')!;
    server.overwrite({ ...role, rules: [] });
    const planned = await plan();
    assert.deepEqual(
      actions(planned).filter((action) => !action.startsWith('keep')),
      ['change ClusterRole', 'create RoleBinding', 'create MutatingAdmissionPolicyBinding'],
    );
    await setUp();
    assert.deepEqual(await gatingState(api, 'team'), { state: 'gated' });
  });

  test('other features are a change of the role, which is said field by field', async () => {
    await setUp();
    const planned = await plan({ features: ['jobs', 'deployments'] });
    const changed = planned.objects.filter(({ action }) => action !== 'keep');
    assert.deepEqual(
      changed.map(({ object }) => object.kind),
      ['ClusterRole'],
    );
    assert(changed[0]!.differences.every((path) => path.startsWith('rules')));
    assert(changed[0]!.differences.length > 0);
  });

  test('a binding to another role is made anew, as roles of bindings never change', async () => {
    await setUp();
    const binding = server.find('ClusterRoleBinding', 'kisimd')!;
    server.overwrite({ ...binding, roleRef: { ...(binding['roleRef'] as object), name: 'view' } });
    const outcomes = await setUp();
    assert.deepEqual(
      outcomes.filter(({ outcome }) => outcome !== 'unchanged'),
      [{ outcome: 'replaced', what: 'ClusterRoleBinding kisimd' }],
    );
    const { roleRef } = server.find('ClusterRoleBinding', 'kisimd') as unknown as { roleRef: object };
    assert.deepEqual(roleRef, { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'kisimd' });
  });

  test('stopped, it says before what; begun again, it goes on', async () => {
    const stop = new AbortController();
    const planned = await plan();
    const progress = { done: () => stop.abort(), signal: stop.signal };
    await assert.rejects(carryOutSetup(api, planned, progress), {
      code: 'KISIM_E_SETUP_STOPPED',
      message: /before: ServiceAccount kisimd\/kisimd/,
    });
    assert.equal(server.find('ServiceAccount', 'kisimd', 'kisimd'), undefined);
    const outcomes = await setUp();
    assert.equal(outcomes[0]!.outcome, 'unchanged');
    assert.deepEqual(await gatingState(api, 'team'), { state: 'gated' });
  });

  test('a namespace that was there is used, not claimed', async () => {
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tools' } });
    const planned = await plan({ namespace: 'tools' });
    assert(!actions(planned).some((action) => action.endsWith(' Namespace')));
    assert.match(planned.notes.join(), /tools was there before/);
    await setUp({ namespace: 'tools' });
    const labels = fieldsOf(server.find('Namespace', 'tools')!, 'metadata', 'labels');
    assert.equal(labels['app.kubernetes.io/managed-by'], undefined);
  });

  describe('an older server', () => {
    beforeEach(() => {
      server.withoutPolicies = true;
      server.gitVersion = 'v1.33.1';
    });

    test('needs the address of the webhook', async () => {
      await assert.rejects(plan(), { code: 'KISIM_E_SETUP_WEBHOOK_URL', message: /v1\.33\.1/ });
      await assert.rejects(plan({ gatesBy: 'policy' }), { code: 'KISIM_E_SETUP_NO_POLICY' });
      for (const url of [
        'http://a.example/gate',
        'a.example',
        'https://u:p@a.example/',
        'https://a.example/?x',
      ])
        await assert.rejects(plan({ webhook: { ...webhook, url } }), { code: 'KISIM_E_SETUP_WEBHOOK_URL' });
    });

    test('gets a webhook with the authority of its certificate', async () => {
      await setUp({ webhook });
      const { webhooks } = server.find('MutatingWebhookConfiguration', 'kisimd-gate') as unknown as {
        webhooks: { clientConfig: { url: string; caBundle: string } }[];
      };
      assert.equal(webhooks[0]!.clientConfig.url, webhook.url);
      assert.equal(Buffer.from(webhooks[0]!.clientConfig.caBundle, 'base64').toString(), 'PEM');
    });

    test('once upgraded gets the policy, and loses the webhook afterwards', async () => {
      await setUp({ webhook });
      server.withoutPolicies = false;
      server.gitVersion = 'v1.36.4';
      const outcomes = await setUp();
      assert.equal(outcomes.at(-1)!.what, 'MutatingWebhookConfiguration kisimd-gate');
      assert.equal(server.find('MutatingWebhookConfiguration', 'kisimd-gate'), undefined);
      assert.deepEqual(await gatingState(api, 'team'), { state: 'gated' });
    });
  });

  test('back to the webhook takes policy and binding away', async () => {
    await setUp();
    const outcomes = await setUp({ gatesBy: 'webhook', webhook });
    assert.equal(outcomes.at(-1)!.what, 'MutatingAdmissionPolicy kisimd-gate');
    assert.equal(server.find('MutatingAdmissionPolicy', 'kisimd-gate'), undefined);
    assert.equal(server.find('MutatingAdmissionPolicyBinding', 'kisimd-gate'), undefined);
  });

  describe('refuses, with what to do,', () => {
    test('a server that is too old', async () => {
      server.gitVersion = 'v1.29.7';
      await assert.rejects(plan(), { code: 'KISIM_E_KUBE_TOO_OLD' });
    });

    test('a user who may not, with every verb that is missing', async () => {
      server.forbidden.add('create clusterroles').add('patch mutatingadmissionpolicies');
      await assert.rejects(plan(), {
        code: 'KISIM_E_SETUP_FORBIDDEN',
        message: /create clusterroles\.rbac\.authorization\.k8s\.io, patch mutatingadmissionpolicies\.adm/,
      });
      assert.equal(server.find('Namespace', 'kisimd'), undefined);
    });

    test('a user who may make roles, with less than what is in them', async () => {
      server.forbidden.add('escalate clusterroles').add('watch jobs');
      await assert.rejects(plan(), { code: 'KISIM_E_SETUP_FORBIDDEN', message: /: watch jobs\.batch$/ });
      await plan({ features: [] });
    });

    test('while the own namespace is still going', async () => {
      await setUp();
      const own = server.find('Namespace', 'kisimd')!;
      const metadata = { ...own.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
      server.overwrite({ ...own, metadata });
      await assert.rejects(plan(), { code: 'KISIM_E_SETUP_TERMINATING' });
    });

    test('a second set-up in another namespace', async () => {
      await setUp();
      await assert.rejects(plan({ namespace: 'second' }), {
        code: 'KISIM_E_SETUP_TWICE',
        message: /set up in the namespace kisimd, not in second/,
        action: /--namespace kisimd/,
      });
      assert.equal(server.find('Namespace', 'second'), undefined);
    });

    test("somebody else's policy or webhook that sets our gate", async () => {
      await setUp();
      const policy = server.find('MutatingAdmissionPolicy', 'kisimd-gate')!;
      const { uid: _, ...metadata } = policy.metadata;
      const copy = server.create({ ...policy, metadata: { ...metadata, name: 'copy', resourceVersion: '' } });
      await assert.rejects(plan(), { code: 'KISIM_E_SETUP_TWICE', message: /MutatingAdmissionPolicy copy/ });
      server.remove(copy);
      server.create({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'other' },
        webhooks: [{ name: 'gate.kisimd.io' }],
      });
      await assert.rejects(plan(), { code: 'KISIM_E_SETUP_TWICE', message: /Configuration other/ });
    });

    test('an object of somebody else, unless forced', async () => {
      const metadata = { name: 'kisimd' };
      server.create({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules: [] });
      await assert.rejects(plan(), { code: 'KISIM_E_SETUP_FOREIGN', message: /ClusterRole kisimd/ });
      await setUp({ force: true });
      assert.notDeepEqual(server.find('ClusterRole', 'kisimd')!['rules'], []);
    });

    test('fields of somebody else, unless forced, and names them', async () => {
      await setUp();
      const causes = [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "kubectl-edit" using rbac.authorization.k8s.io/v1',
          field: '.rules',
        },
      ];
      const body = statusBody(409, 'Conflict', 'Apply failed with 1 conflict', { causes });
      const path = /clusterroles\/kisimd$/;
      server.faults.add({ method: 'PATCH', path, fault: { status: 409, body } });
      await assert.rejects(plan(), {
        code: 'KISIM_E_SETUP_CONFLICT',
        message: /ClusterRole kisimd: \.rules of kubectl-edit/,
      });
      server.faults.add({ method: 'PATCH', path, fault: { status: 409, body } });
      const { objects } = await plan({ force: true });
      const role = objects.find(({ object }) => object.kind === 'ClusterRole');
      assert.deepEqual(role?.takesOver, ['.rules of kubectl-edit']);
    });

    test("namespaces that are not there, are the system's or our own", async () => {
      for (const name of ['absent', 'kube-system', 'kisimd', 'No_Name'])
        await assert.rejects(plan({ optIn: [name] }), { code: 'KISIM_E_SETUP_OPT_IN' }, name);
      await assert.rejects(plan({ namespace: 'kube-system' }), { code: 'KISIM_E_SETUP_OPT_IN' });
    });
  });

  test('a label of another value is told and set', async () => {
    server.overwrite({
      ...server.find('Namespace', 'team')!,
      metadata: {
        ...server.find('Namespace', 'team')!.metadata,
        labels: { [OPT_IN_LABEL]: 'no', own: 'yes' },
      },
    });
    assert.deepEqual((await plan()).optIn, [{ namespace: 'team', action: 'change', before: 'no' }]);
    await setUp();
    const labels = fieldsOf(server.find('Namespace', 'team')!, 'metadata', 'labels');
    assert.equal(labels[OPT_IN_LABEL], OPT_IN_VALUE);
    assert.equal(labels['own'], 'yes');
  });

  describe('the trial of the gating', () => {
    const wait = (forMilliseconds: number, sleep: (ms: number) => void = () => undefined) => {
      let now = 0;
      return {
        sleep: (milliseconds: number) => {
          now += milliseconds;
          sleep(milliseconds);
          return Promise.resolve();
        },
        signal: never,
        monotonicMilliseconds: () => now,
        forMilliseconds,
      };
    };

    test('waits until pods are gated several times in a row', async () => {
      await setUp();
      const real = server.operations.admission;
      let asked = 0;
      server.operations.admission = (resource, object) => {
        asked += 1;
        // Two servers behind one address, of which one knows of it later.
        return asked === 2 || asked > 3 ? real(resource, object) : object;
      };
      assert.deepEqual(await waitForGating(api, 'team', 'gated', wait(30_000)), { state: 'gated' });
      assert.equal(asked, 6);
    });

    test('gives up in time', async () => {
      assert.deepEqual(await waitForGating(api, 'team', 'gated', wait(2_000)), { state: 'not-gated' });
    });

    test('tells why a pod cannot be tried', async () => {
      server.forbidden.add('create pods');
      const seen = await gatingState(api, 'team');
      assert.equal(seen.state, 'unknown');
      assert.match(seen.state === 'unknown' ? seen.why : '', /cannot create resource "pods"/);
    });

    test('leaves no pod behind', async () => {
      await setUp();
      await gatingState(api, 'team');
      const { body } = await api.request({ method: 'GET', path: '/api/v1/pods' });
      assert.deepEqual((body as { items: unknown[] }).items, []);
    });
  });
});
