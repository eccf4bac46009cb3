import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiObject } from '../../../../src/kubernetes/api-objects.ts';
import { clusterRole, ownRole, type PolicyRule } from '../../../../src/kubernetes/manifests/account.ts';
import { gateWebhook } from '../../../../src/kubernetes/manifests/gate-webhook.ts';
import { objectPath, setupObjects } from '../../../../src/kubernetes/manifests/setup-objects.ts';
import { permissions } from '../../../../src/kubernetes/permissions.ts';
import { MemoryApi } from '../../../support/memory-api.ts';

const namespace = 'kisimd';
const everything = [
  'jobs',
  'deployments',
  'node-advice',
  'eviction',
  'kubelet-use',
  'metrics-use',
  'autoscaling',
  'queue',
  'kueue',
] as const;

function kinds(objects: readonly ApiObject[]): string[] {
  return objects.map(({ kind }) => kind);
}

function granted(rules: readonly PolicyRule[]): string[] {
  return rules.flatMap(({ resources, verbs }) => verbs.map((verb) => `${verb} ${resources.join()}`)).sort();
}

describe('what is set up', () => {
  test('what sets the gate comes last, when somebody may free pods', () => {
    const objects = setupObjects({ namespace, features: [], gatesBy: 'policy' });
    assert.deepEqual(kinds(objects), [
      'Namespace',
      'ServiceAccount',
      'ClusterRole',
      'ClusterRoleBinding',
      'Role',
      'RoleBinding',
      'MutatingAdmissionPolicy',
      'MutatingAdmissionPolicyBinding',
    ]);
  });

  test('an older server gets a webhook, and one that gates elsewhere neither', () => {
    const webhook = { address: { url: 'https://10.0.0.1:9443/gate' }, authority: 'PEM' };
    assert.equal(
      kinds(setupObjects({ namespace, features: [], gatesBy: webhook })).at(-1),
      'MutatingWebhookConfiguration',
    );
    assert.equal(kinds(setupObjects({ namespace, features: [] })).at(-1), 'RoleBinding');
  });

  test('every object is found again by its label and at its path', async () => {
    const api = new MemoryApi();
    const objects = setupObjects({ namespace, features: everything, gatesBy: 'policy' });
    for (const object of objects) {
      const path = objectPath(object).replace(/\/[^/]+$/, '');
      assert.equal((await api.request({ method: 'POST', path, body: object })).status, 201, path);
      assert.equal(object.metadata.labels?.['app.kubernetes.io/managed-by'], 'kisimd');
      const read = await api.request({ method: 'GET', path: objectPath(object) });
      assert.equal((read.body as ApiObject).kind, object.kind);
    }
    assert.throws(
      () => objectPath({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }),
      RangeError,
    );
  });
});

describe('what is granted', () => {
  test('is no more than placement needs where nothing else is switched on', () => {
    assert.deepEqual(granted(clusterRole([]).rules), [
      'create events',
      'get pods',
      'list namespaces',
      'list nodes',
      'list pods',
      'list replicasets',
      'list replicationcontrollers',
      'list services',
      'list statefulsets',
      'patch events',
      'patch pods',
      'watch namespaces',
      'watch nodes',
      'watch pods',
      'watch replicasets',
      'watch replicationcontrollers',
      'watch services',
      'watch statefulsets',
    ]);
    assert.deepEqual(ownRole(namespace).rules, [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        verbs: ['get', 'update'],
        resourceNames: ['kisimd'],
      },
      {
        apiGroups: [''],
        resources: ['configmaps'],
        verbs: ['list', 'watch'],
        resourceNames: ['kisimd-pause'],
      },
    ]);
  });

  test('grows with each feature by what that feature needs', () => {
    const base = granted(clusterRole([]).rules);
    const more = (feature: (typeof everything)[number]) =>
      granted(clusterRole([feature]).rules).filter((each) => !base.includes(each));
    assert.deepEqual(more('jobs'), ['get jobs', 'list jobs', 'patch jobs', 'watch jobs']);
    assert.deepEqual(more('deployments'), [
      'get deployments',
      'list deployments',
      'patch deployments',
      'watch deployments',
    ]);
    assert.deepEqual(more('node-advice'), ['get nodes', 'patch nodes']);
    assert.deepEqual(more('eviction'), ['create pods/eviction', 'get nodes', 'patch nodes']);
    assert.deepEqual(more('kubelet-use'), ['get nodes/proxy']);
    const metrics = clusterRole(['metrics-use']).rules.filter(
      ({ apiGroups }) => apiGroups[0] === 'metrics.k8s.io',
    );
    assert.deepEqual(metrics, [
      { apiGroups: ['metrics.k8s.io'], resources: ['nodes'], verbs: ['list'] },
      { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] },
    ]);
  });

  test('of loops beside placement is what each needs, with a lease of its own', () => {
    const base = granted(clusterRole([]).rules);
    const more = (feature: (typeof everything)[number]) =>
      granted(clusterRole([feature]).rules).filter((each) => !base.includes(each));
    const leases = (feature: (typeof everything)[number]) =>
      ownRole(namespace, [feature]).rules.flatMap(({ resources, resourceNames = [] }) =>
        resources.includes('leases') ? resourceNames : [],
      );
    assert.deepEqual(more('autoscaling'), [
      'get deployments',
      'get deployments/scale',
      'patch deployments/scale',
    ]);
    assert.deepEqual(leases('autoscaling'), ['kisimd', 'kisimd-autoscale']);
    assert.deepEqual(more('queue'), ['get jobs', 'list jobs', 'patch jobs', 'watch jobs']);
    assert.deepEqual(leases('queue'), ['kisimd', 'kisimd-queue']);
    assert.deepEqual(more('kueue'), [
      'list admissionchecks',
      'list workloads',
      'patch admissionchecks/status',
      'patch workloads/status',
      'watch admissionchecks',
      'watch workloads',
    ]);
    assert.deepEqual(leases('kueue'), ['kisimd', 'kisimd-queue']);
  });

  test('names each resource once, and nothing by a star', () => {
    const { rules } = clusterRole(everything);
    const resources = rules.flatMap(({ apiGroups, resources: each }) =>
      each.map((one) => `${apiGroups[0]}/${one}`),
    );
    assert.equal(new Set(resources).size, resources.length);
    assert(!JSON.stringify(permissions).includes('*'));
  });

  test('holds no right to read secrets, to run in pods, to bind them or to grant rights', () => {
    for (const { feature, resource, verbs } of permissions) {
      if (feature === 'kubelet-use') assert.equal(resource, 'nodes/proxy');
      else assert.doesNotMatch(resource, /secrets|exec|proxy|binding|roles|token/);
      for (const verb of verbs) assert.doesNotMatch(verb, /delete|impersonate|escalate|bind/);
    }
  });
});

test('a webhook never holds up a pod: it is asked briefly, and passed over where it is away', () => {
  const { webhooks } = gateWebhook({
    namespace,
    address: { service: { name: 'kisimd', namespace, port: 443 }, path: '/gate' },
    authority: 'PEM',
  }) as unknown as { webhooks: readonly [Readonly<Record<string, unknown>>] };
  const [webhook] = webhooks;
  assert.equal(webhook['failurePolicy'], 'Ignore');
  assert.equal(webhook['timeoutSeconds'], 2);
  assert.deepEqual(webhook['clientConfig'], {
    caBundle: 'UEVN',
    service: { name: 'kisimd', namespace, port: 443, path: '/gate' },
  });
  const { matchExpressions } = webhook['namespaceSelector'] as { matchExpressions: { values: string[] }[] };
  assert.deepEqual(matchExpressions[0]?.values, ['kube-system', 'kube-public', 'kube-node-lease', 'kisimd']);
});
