import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { type ContractClient, refused, succeeded } from '../api-contract.ts';

const preferred = {
  nodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 1, preference: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['eco'] }] } },
    ],
  },
};

/** Suspended Jobs (KEP-2926, KEP-5440). */
export function jobContract(own: () => ContractClient): void {
  const pathOf = (job: KubeObject, subresource?: string) =>
    own().path('batch/v1/jobs', job.metadata.name, subresource);
  const create = (spec: object, podSpec: object = {}) =>
    own().create('batch/v1/jobs', {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: own().name('job') },
      spec: {
        ...spec,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'main', image: 'registry.example/base:1' }],
            ...podSpec,
          },
        },
      },
    });
  const place = ({ metadata }: KubeObject) => [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'add', path: '/spec/template/spec/affinity', value: preferred },
  ];
  const unsuspend = { op: 'replace', path: '/spec/suspend', value: false };

  describe('a Job', () => {
    test('suspended, gets affinity and goes on in one write', async () => {
      const job = await create({ suspend: true });
      const placed = succeeded(await own().patch(pathOf(job), 'json', [...place(job), unsuspend]));
      const spec = placed['spec'] as { suspend: boolean; template: { spec: { affinity: object } } };
      assert.equal(spec.suspend, false);
      assert.deepEqual(spec.template.spec.affinity, preferred);
    });

    test('may have gates in its template, which go in that write too', async () => {
      const job = await create({ suspend: true }, { schedulingGates: [{ name: 'contract.example/gate' }] });
      const free = { op: 'remove', path: '/spec/template/spec/schedulingGates' };
      const placed = succeeded(await own().patch(pathOf(job), 'json', [...place(job), free, unsuspend]));
      const { template } = placed['spec'] as { template: { spec: Record<string, unknown> } };
      assert.equal(template.spec['schedulingGates'], undefined);
    });

    test('that is not suspended keeps its template, also in the moment that it is', async () => {
      const job = await create({});
      const suspend = { op: 'replace', path: '/spec/suspend', value: true };
      for (const patch of [place(job), [...place(job), suspend]])
        refused(
          await own().patch(pathOf(job), 'json', patch),
          422,
          'Invalid',
          /spec\.template: .*field is immutable/s,
        );
    });

    test('suspended, keeps what does not direct its pods', async () => {
      const job = await create({ suspend: true });
      const image = { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'other:1' };
      refused(await own().patch(pathOf(job), 'json', [image]), 422, 'Invalid', /field is immutable/);
    });

    test('says a new generation for a new spec only', async () => {
      const job = await create({ suspend: true });
      assert.equal(job.metadata['generation'], 1);
      const labelled = succeeded(
        await own().patch(pathOf(job), 'merge', { metadata: { labels: { a: 'b' } } }),
      );
      assert.equal(labelled.metadata['generation'], 1);
      const going = succeeded(await own().patch(pathOf(job), 'merge', { spec: { suspend: false } }));
      assert.equal(going.metadata['generation'], 2);
    });
  });
}

/** Leases, as leader election needs them. */
export function leaseContract(own: () => ContractClient): void {
  const collection = 'coordination.k8s.io/v1/leases';
  const leaseOf = (name: string, spec: object = {}, metadata: object = {}) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, ...metadata },
    spec: {
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      renewTime: '2026-01-02T03:04:05.123456Z',
      ...spec,
    },
  });

  describe('a lease', () => {
    test('made once, renewed at its version', async () => {
      const name = own().name('lease');
      const lease = await own().create(collection, leaseOf(name));
      refused(
        await own().ask('POST', own().path(collection), leaseOf(name)),
        409,
        'AlreadyExists',
        `leases.coordination.k8s.io "${name}" already exists`,
      );
      const path = own().path(collection, name);
      const { uid, resourceVersion } = lease.metadata;
      const renew = { holderIdentity: '', renewTime: '2026-01-02T03:04:07.000000Z' };
      succeeded(await own().ask('PUT', path, leaseOf(name, renew, { resourceVersion })));
      refused(await own().ask('PUT', path, leaseOf(name, renew, { resourceVersion })), 409, 'Conflict');
      refused(
        await own().ask('PUT', path, leaseOf(name, renew)),
        422,
        'Invalid',
        /metadata\.resourceVersion: Invalid value: .*: must be specified for an update/,
      );
      const now = succeeded(await own().ask('GET', path)).metadata;
      assert.equal(now.uid, uid);
      const other = { resourceVersion: now.resourceVersion, uid: '00000000-0000-0000-0000-000000000000' };
      refused(await own().ask('PUT', path, leaseOf(name, renew, other)), 409, 'Conflict');
    });

    test('times have six digits after the point', async () => {
      for (const renewTime of ['2026-01-02T03:04:05.123Z', '2026-01-02T03:04:05Z'])
        refused(
          await own().ask('POST', own().path(collection), leaseOf('times', { renewTime })),
          400,
          'BadRequest',
          /cannot be handled as a Lease/,
        );
    });
  });
}

/** Events of both groups. */
export function eventContract(own: () => ContractClient): void {
  test('an event of the core group', async () => {
    const name = own().name('event');
    const involvedObject = { kind: 'Pod', namespace: own().namespace, name: 'x' };
    const event = await own().create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name },
      involvedObject,
      reason: 'Placed',
      message: 'on n1',
      type: 'Normal',
      count: 1,
    });
    assert.equal(event.metadata.name, name);
    const again = await own().patch(own().path('events', name), 'merge', { count: 2 });
    assert.equal(succeeded(again)['count'], 2);
  });
}
