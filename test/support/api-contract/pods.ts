import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeResponse } from '../../../src/kubernetes/kube-api.ts';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { readList } from '../../../src/kubernetes/object-list.ts';
import { type ContractClient, podOf, refused, succeeded } from '../api-contract.ts';

const GATE = 'contract.example/gate';
const PATCH_REFUSED = 'the server rejected our request due to an error in our request';
const gated = { schedulingGates: [{ name: GATE }] };
const expression = (value: string) => ({ key: 'tier', operator: 'In', values: [value] });
const term = (...values: string[]) => ({ matchExpressions: values.map(expression) });
const required = (...terms: object[]) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
});
const preferred = (value: string) => ({
  nodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term(value) }],
  },
});

function specOf(pod: KubeObject): Readonly<Record<string, unknown>> {
  return pod['spec'] as Readonly<Record<string, unknown>>;
}

/** Pods: their gates (KEP-3521, KEP-3838), bindings, evictions and ends. */
export function podContract(own: () => ContractClient): void {
  const pathOf = (pod: KubeObject, subresource?: string) =>
    own().path('pods', pod.metadata.name, subresource);
  const json = (pod: KubeObject, ...patch: object[]): Promise<KubeResponse> =>
    own().patch(pathOf(pod), 'json', patch);
  /** The write that places and frees a pod. */
  const freeing = ({ metadata }: KubeObject, affinity: object) => [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'test', path: '/spec/schedulingGates/0/name', value: GATE },
    { op: 'add', path: '/spec/affinity', value: affinity },
    { op: 'remove', path: '/spec/schedulingGates/0' },
  ];

  describe('a pod with gates', () => {
    test('says that it waits', async () => {
      const pod = await own().createPod(gated);
      const status = pod['status'] as { phase: string; conditions: Record<string, unknown>[] };
      assert.equal(status.phase, 'Pending');
      const { type, status: holds, reason, message } = status.conditions[0]!;
      assert.deepEqual(
        { type, holds, reason, message },
        {
          type: 'PodScheduled',
          holds: 'False',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      );
    });

    test('may not have a node, nor a gate twice', async () => {
      const path = own().path('pods');
      refused(
        await own().ask('POST', path, podOf('x', { ...gated, nodeName: 'n' })),
        422,
        'Invalid',
        /spec\.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared/,
      );
      const twice = { schedulingGates: [{ name: GATE }, { name: GATE }] };
      refused(await own().ask('POST', path, podOf('x', twice)), 422, 'Invalid', /Duplicate value/);
    });

    test('is placed and freed in one write, once', async () => {
      const pod = await own().createPod(gated);
      const freed = succeeded(await json(pod, ...freeing(pod, preferred('eco'))));
      assert.deepEqual(specOf(freed)['affinity'], preferred('eco'));
      assert.equal(specOf(freed)['schedulingGates'], undefined);
      // The version has changed, but the test of the gate comes before that is looked at.
      refused(await json(pod, ...freeing(pod, preferred('eco'))), 422, 'Invalid', PATCH_REFUSED);
    });

    test('that has changed meanwhile is a conflict; another one with its name is not told from a failed test', async () => {
      const pod = await own().createPod(gated);
      succeeded(await own().patch(pathOf(pod), 'merge', { metadata: { labels: { a: 'b' } } }));
      refused(
        await json(pod, ...freeing(pod, preferred('eco'))),
        409,
        'Conflict',
        `Operation cannot be fulfilled on pods "${pod.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
      );
      const other = { metadata: { ...pod.metadata, uid: 'another' } };
      refused(await json(pod, ...freeing(other, preferred('eco'))), 422, 'Invalid', PATCH_REFUSED);
    });

    test('gets no further gate', async () => {
      const pod = await own().createPod(gated);
      refused(
        await json(pod, { op: 'add', path: '/spec/schedulingGates/-', value: { name: 'b.example/b' } }),
        422,
        'Invalid',
        /spec\.schedulingGates\[1\]\.name: Forbidden: only deletion is allowed, but found new scheduling gate/,
      );
    });

    test('waits on when one of two gates is gone', async () => {
      const pod = await own().createPod({ schedulingGates: [{ name: 'a.example/a' }, { name: GATE }] });
      const patched = succeeded(await json(pod, { op: 'remove', path: '/spec/schedulingGates/1' }));
      assert.deepEqual(specOf(patched)['schedulingGates'], [{ name: 'a.example/a' }]);
    });

    test('loses one gate by a strategic merge, all by a merge patch', async () => {
      const gates = { schedulingGates: [{ name: 'a.example/a' }, { name: GATE }] };
      const one = await own().createPod(gates);
      const withoutOne = await own().patch(pathOf(one), 'strategic', {
        spec: { schedulingGates: [{ name: GATE, $patch: 'delete' }] },
      });
      assert.deepEqual(specOf(succeeded(withoutOne))['schedulingGates'], [{ name: 'a.example/a' }]);
      const all = await own().createPod(gates);
      const none = await own().patch(pathOf(all), 'merge', { spec: { schedulingGates: null } });
      assert.equal(specOf(succeeded(none))['schedulingGates'], undefined);
    });

    const add = (path: string, value: unknown) => ({ op: 'add', path, value });
    const terms =
      '/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms';
    const NO_TERMS = /no additions\/deletions to non-empty NodeSelectorTerms list are allowed/;
    const ADDITIONS = /only additions are allowed \(no mutations or deletions\)/;
    const OTHER_FIELDS = /pod updates may not change fields other than/;
    type Case = readonly [what: string, spec: object, patch: object, refusal?: RegExp];
    const cases: readonly Case[] = [
      ['required affinity where there was none', {}, add('/spec/affinity', required(term('eco')))],
      [
        'a required term more',
        { affinity: required(term('eco')) },
        add(`${terms}/-`, term('fast')),
        NO_TERMS,
      ],
      [
        'a required term less',
        { affinity: required(term('eco'), term('fast')) },
        { op: 'remove', path: `${terms}/1` },
        NO_TERMS,
      ],
      [
        'no affinity any more',
        { affinity: required(term('eco')) },
        { op: 'remove', path: '/spec/affinity' },
        NO_TERMS,
      ],
      [
        'another expression',
        { affinity: required(term('eco')) },
        { op: 'replace', path: `${terms}/0`, value: term('fast') },
        ADDITIONS,
      ],
      [
        'an expression before the old one',
        { affinity: required(term('eco')) },
        add(`${terms}/0/matchExpressions/0`, expression('fast')),
        ADDITIONS,
      ],
      [
        'an expression after the old one',
        { affinity: required(term('eco')) },
        add(`${terms}/0/matchExpressions/-`, expression('fast')),
      ],
      [
        'a field for an expression',
        { affinity: required(term('eco')) },
        add(`${terms}/0/matchFields`, [{ key: 'metadata.name', operator: 'In', values: ['n'] }]),
      ],
      [
        'a preference more',
        { affinity: required(term('eco')) },
        add(
          '/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution',
          preferred('x').nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution,
        ),
      ],
      ['no preference any more', { affinity: preferred('eco') }, { op: 'remove', path: '/spec/affinity' }],
      ['a node selector more', { nodeSelector: { a: 'b' } }, add('/spec/nodeSelector/c', 'd')],
      [
        'another node selector',
        { nodeSelector: { a: 'b' } },
        { op: 'replace', path: '/spec/nodeSelector/a', value: 'c' },
        /only additions to spec\.nodeSelector are allowed \(no mutations or deletions\)/,
      ],
      [
        'a toleration',
        { tolerations: [{ key: 'a', operator: 'Exists' }] },
        add('/spec/tolerations/-', { key: 'b', operator: 'Exists' }),
      ],
      [
        'affinity to other pods',
        {},
        add('/spec/affinity', {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } } },
            ],
          },
        }),
        OTHER_FIELDS,
      ],
      ['other requests', {}, add('/spec/containers/0/resources', { requests: { cpu: '1' } }), OTHER_FIELDS],
      ['an image', {}, { op: 'replace', path: '/spec/containers/0/image', value: 'registry.example/base:2' }],
    ];
    for (const [what, spec, patch, refusal] of cases) {
      test(`${refusal === undefined ? 'may get' : 'may not get'} ${what}`, async () => {
        const response = await json(await own().createPod({ ...gated, ...spec }), patch);
        if (refusal === undefined) succeeded(response);
        else refused(response, 422, 'Invalid', refusal);
      });
    }

    test('an empty required list may become anything', async () => {
      const pod = await own().createPod({ ...gated, affinity: { nodeAffinity: {} } });
      succeeded(await json(pod, { op: 'add', path: '/spec/affinity', value: required(term('eco')) }));
    });

    test('once free has its affinity for good', async () => {
      const pod = await own().createPod();
      refused(
        await json(pod, { op: 'add', path: '/spec/affinity', value: preferred('eco') }),
        422,
        'Invalid',
        OTHER_FIELDS,
      );
    });

    test('is gone when it is deleted, and by an eviction', async () => {
      const pod = await own().createPod(gated);
      succeeded(await own().ask('DELETE', pathOf(pod)));
      refused(await own().ask('GET', pathOf(pod)), 404, 'NotFound', `pods "${pod.metadata.name}" not found`);
      const other = await own().createPod(gated);
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: other.metadata.name } };
      succeeded(await own().ask('POST', pathOf(other, 'eviction'), eviction), 201);
      refused(await own().ask('GET', pathOf(other)), 404, 'NotFound');
    });
  });

  describe('a pod and its node', () => {
    const binding = (pod: KubeObject, metadata: object = {}) => ({
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: pod.metadata.name, ...metadata },
      target: { kind: 'Node', name: 'n1' },
    });

    test('bound once', async () => {
      const pod = await own().createPod();
      succeeded(await own().ask('POST', pathOf(pod, 'binding'), binding(pod)), 201);
      const bound = succeeded(await own().ask('GET', pathOf(pod)));
      assert.equal(specOf(bound)['nodeName'], 'n1');
      refused(
        await own().ask('POST', pathOf(pod, 'binding'), binding(pod)),
        409,
        'Conflict',
        `Operation cannot be fulfilled on pods/binding "${pod.metadata.name}": pod ${pod.metadata.name} is already assigned to node "n1"`,
      );
    });

    test('not bound with gates', async () => {
      const pod = await own().createPod(gated);
      refused(
        await own().ask('POST', pathOf(pod, 'binding'), binding(pod)),
        409,
        'Conflict',
        `Operation cannot be fulfilled on pods/binding "${pod.metadata.name}": pod ${pod.metadata.name} has non-empty .spec.schedulingGates`,
      );
    });

    test('not bound where it is another one', async () => {
      const pod = await own().createPod();
      const uid = '00000000-0000-0000-0000-000000000000';
      refused(await own().ask('POST', pathOf(pod, 'binding'), binding(pod, { uid })), 409, 'Conflict');
    });

    test('one with a node is marked when it is deleted, and goes without grace', async () => {
      const pod = await own().createPod({ nodeName: 'n1' });
      const marked = succeeded(await own().ask('DELETE', pathOf(pod)));
      assert.equal(typeof marked.metadata['deletionTimestamp'], 'string');
      succeeded(await own().ask('GET', pathOf(pod)));
      succeeded(await own().ask('DELETE', pathOf(pod), { gracePeriodSeconds: 0 }));
      refused(await own().ask('GET', pathOf(pod)), 404, 'NotFound');
    });

    test('selected by node and by phase', async () => {
      const pod = await own().createPod({ nodeName: 'n-selected' });
      const path = own().path('pods');
      const list = async (fieldSelector: string): Promise<readonly string[]> => {
        const response = await own().api.request({ method: 'GET', path, query: { fieldSelector } });
        return readList(path, response.body).items.map(({ metadata }) => metadata.name);
      };
      const running = 'spec.nodeName=n-selected,status.phase!=Succeeded,status.phase!=Failed';
      assert.deepEqual(await list(running), [pod.metadata.name]);
      const status = { status: { phase: 'Succeeded' } };
      succeeded(await own().patch(pathOf(pod, 'status'), 'merge', status));
      assert.deepEqual(await list(running), []);
      assert.deepEqual(await list('spec.nodeName=n-selected'), [pod.metadata.name]);
    });

    test('its status is written by its own path only', async () => {
      const pod = await own().createPod();
      const status = { status: { message: 'hello' } };
      const unchanged = succeeded(await own().patch(pathOf(pod), 'merge', status));
      assert.equal((unchanged['status'] as { message?: string }).message, undefined);
      const changed = succeeded(await own().patch(pathOf(pod, 'status'), 'merge', status));
      assert.equal((changed['status'] as { message?: string }).message, 'hello');
    });
  });
}
