import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { missingVerbs } from '../../../src/kubernetes/access-review.ts';
import type { KubeRequest, KubeResponse } from '../../../src/kubernetes/kube-api.ts';
import { permissions, permissionsOf } from '../../../src/kubernetes/permissions.ts';
import { parseVersion, serverFeatures } from '../../../src/kubernetes/server-features.ts';
import { MemoryApi } from '../../support/memory-api.ts';

describe('what a server allows', () => {
  test('a new one gates pods by itself, and takes the template of a Job that has run', async () => {
    const features = await serverFeatures(new MemoryApi());
    assert.deepEqual(features, {
      version: { major: 1, minor: 36, gitVersion: 'v1.36.4' },
      gatesBy: 'policy',
      jobTemplates: 'suspended',
      kueue: false,
      metrics: false,
    });
  });

  test('an older one needs a webhook', async () => {
    const api = new MemoryApi();
    api.gitVersion = 'v1.30.2-gke.100';
    const resources = [{ name: 'mutatingwebhookconfigurations' }];
    api.faults.add({ path: /admissionregistration/, fault: { status: 200, body: { resources } } });
    const { gatesBy, jobTemplates } = await serverFeatures(api);
    assert.deepEqual([gatesBy, jobTemplates], ['webhook', 'before-start']);
  });

  test('Kueue and a server of metrics are seen', async () => {
    const api = new MemoryApi();
    const groups = [{ name: 'kueue.x-k8s.io' }, { name: 'metrics.k8s.io' }];
    api.faults.add({ path: /^\/apis$/, fault: { status: 200, body: { groups } } });
    const { kueue, metrics } = await serverFeatures(api);
    assert(kueue && metrics);
  });

  test('one without scheduling gates is too old', async () => {
    const api = new MemoryApi();
    api.gitVersion = 'v1.29.9';
    await assert.rejects(serverFeatures(api), { code: 'KISIM_E_KUBE_TOO_OLD', found: 'v1.29.9 at memory' });
  });

  test('something else than an API server is told as such', async () => {
    for (const body of ['<html>', {}, { gitVersion: 'main' }, { gitVersion: 1 }, null]) {
      const api = new MemoryApi();
      api.faults.add({ fault: { status: 200, body } });
      await assert.rejects(serverFeatures(api), { code: 'KISIM_E_KUBE_ANSWER' });
    }
    const api = new MemoryApi();
    api.faults.add({ path: /^\/apis$/, fault: { status: 200, body: {} } });
    await assert.rejects(serverFeatures(api), { code: 'KISIM_E_KUBE_ANSWER' });
  });

  test('one that does not know who asks is told as such', async () => {
    const api = new MemoryApi();
    api.faults.add({ fault: { status: 401 } });
    await assert.rejects(serverFeatures(api), { code: 'KISIM_E_KUBE_TOKEN' });
  });
});

test('versions are read whatever a distribution adds', () => {
  for (const [gitVersion, major, minor] of [
    ['v1.36.4', 1, 36],
    ['v1.31.1+k3s1', 1, 31],
    ['v1.30.0-eks-036c24b', 1, 30],
    ['v2.0', 2, 0],
  ] as const) {
    assert.deepEqual(parseVersion({ gitVersion }), { major, minor, gitVersion });
  }
});

describe('a check of permissions', () => {
  /** Says no to what is in `denied`: `verb group/resource`. */
  class Reviewer extends MemoryApi {
    readonly denied = new Set<string>();
    readonly asked: unknown[] = [];

    override async request(request: KubeRequest): Promise<KubeResponse> {
      const { spec } = request.body as { spec: { resourceAttributes: Readonly<Record<string, string>> } };
      this.asked.push(spec.resourceAttributes);
      const { verb, resource, subresource } = spec.resourceAttributes;
      const what = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
      return { status: 201, body: { status: { allowed: !this.denied.has(what) } } };
    }
  }

  test('names every verb that is missing', async () => {
    const api = new Reviewer();
    api.denied.add('watch pods').add('create pods/eviction');
    const missing = await missingVerbs(api, permissions, 'kisimd');
    assert.deepEqual(
      missing.map(({ verb, permission }) => `${verb} ${permission.resource}`),
      ['watch pods', 'create pods/eviction'],
    );
  });

  test('asks for what is in the own namespace there, and by name', async () => {
    const api = new Reviewer();
    assert.deepEqual(await missingVerbs(api, permissionsOf([], 'own'), 'mine'), []);
    assert.deepEqual(api.asked[1], {
      verb: 'get',
      group: 'coordination.k8s.io',
      resource: 'leases',
      namespace: 'mine',
      name: 'kisimd',
    });
  });

  test('that is refused is an error, not a permission', async () => {
    const api = new MemoryApi();
    api.faults.add({ fault: { status: 403 } });
    await assert.rejects(missingVerbs(api, permissions, 'kisimd'), { code: 'KISIM_E_KUBE_FORBIDDEN' });
  });
});
