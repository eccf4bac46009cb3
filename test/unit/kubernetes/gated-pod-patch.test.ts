import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ApiNodeSelectorTerm, ApiPod } from '../../../src/kubernetes/api-objects.ts';
import { gatedPodPatch, isGated } from '../../../src/kubernetes/gated-pod-patch.ts';
import { PLACEMENT_GATE } from '../../../src/kubernetes/names.ts';
import type { StoredObject } from '../../support/fake-api/objects.ts';
import { Refusal } from '../../support/fake-api/status.ts';
import { patchedPod, stored } from '../../support/patched.ts';

const ours = { name: PLACEMENT_GATE };
const theirs = { name: 'kueue.x-k8s.io/admission' };
const onN3 = { key: 'metadata.name', operator: 'In', values: ['n3'] };
const ssd = { key: 'disk', operator: 'In', values: ['ssd'] };
const eco = { key: 'tier', operator: 'In', values: ['eco'] };
const required = { node: 'n3', strength: 'required' } as const;
const preferred = { node: 'n3', strength: 'preferred' } as const;

function gated(spec: Readonly<Record<string, unknown>> = {}, metadata = {}): StoredObject {
  const containers = [{ name: 'main', image: 'a' }];
  return stored('Pod', { metadata, spec: { containers, schedulingGates: [ours], ...spec } });
}

function requiring(...nodeSelectorTerms: ApiNodeSelectorTerm[]): Readonly<Record<string, unknown>> {
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  };
}

/** After the patch, with the rules of the real server checked. */
function freed(pod: StoredObject, choice: Parameters<typeof gatedPodPatch>[1]): ApiPod {
  return patchedPod(pod, gatedPodPatch(pod as ApiPod, choice)!) as ApiPod;
}

function termsOf(pod: ApiPod): readonly ApiNodeSelectorTerm[] | undefined {
  return pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

describe('a patch that places a gated pod', () => {
  test('prefers the node and takes our gate away', () => {
    const pod = freed(gated(), preferred);
    assert.deepEqual(pod.spec?.affinity, {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, preference: { matchFields: [onN3] } },
        ],
      },
    });
    assert.deepEqual(pod.spec?.schedulingGates, []);
  });

  test('requires the node of a pod without terms by one term', () => {
    assert.deepEqual(termsOf(freed(gated(), required)), [{ matchFields: [onN3] }]);
  });

  test('requires the node in every term, as terms are ORed', () => {
    const pod = gated(requiring({ matchExpressions: [ssd] }, { matchExpressions: [eco] }));
    assert.deepEqual(termsOf(freed(pod, required)), [
      { matchExpressions: [ssd], matchFields: [onN3] },
      { matchExpressions: [eco], matchFields: [onN3] },
    ]);
  });

  test('appends behind the requirements that are there', () => {
    const notN1 = { key: 'metadata.name', operator: 'NotIn', values: ['n1'] };
    const pod = gated(requiring({ matchFields: [notN1] }));
    assert.deepEqual(termsOf(freed(pod, required)), [{ matchFields: [notN1, onN3] }]);
  });

  test('leaves an empty term empty: it matches nothing, and must not begin to', () => {
    const pod = gated(requiring({}, { matchExpressions: [ssd] }));
    assert.deepEqual(termsOf(freed(pod, required)), [{}, { matchExpressions: [ssd], matchFields: [onN3] }]);
  });

  test('keeps the preferences and the pod affinity that the pod had', () => {
    const preferring = [{ weight: 5, preference: { matchExpressions: [eco] } }];
    const podAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [] };
    const affinity = {
      podAffinity,
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferring },
    };
    const pod = freed(gated({ affinity }), preferred);
    assert.deepEqual(pod.spec?.affinity?.podAffinity, podAffinity);
    assert.deepEqual(pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution, [
      ...preferring,
      { weight: 100, preference: { matchFields: [onN3] } },
    ]);
  });

  test('adds node affinity to a pod that has pod affinity alone', () => {
    const podAntiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [] };
    const pod = freed(gated({ affinity: { podAntiAffinity } }), required);
    assert.deepEqual(pod.spec?.affinity?.podAntiAffinity, podAntiAffinity);
    assert.deepEqual(termsOf(pod), [{ matchFields: [onN3] }]);
  });

  test("leaves another program's gate, wherever ours stands", () => {
    for (const schedulingGates of [
      [ours, theirs],
      [theirs, ours],
    ]) {
      assert.deepEqual(freed(gated({ schedulingGates }), preferred).spec?.schedulingGates, [theirs]);
    }
  });

  test('names the node and who decided, beside the annotations that are there', () => {
    const pod = gated({}, { annotations: { note: 'a/b~c' } });
    const patch = gatedPodPatch(pod as ApiPod, preferred, 'host-1#3')!;
    assert.deepEqual(patchedPod(pod, patch).metadata['annotations'], {
      note: 'a/b~c',
      'kisimd.io/node': 'n3',
      'kisimd.io/decided-by': 'host-1#3',
    });
    const bare = gated();
    assert.deepEqual(patchedPod(bare, gatedPodPatch(bare as ApiPod, preferred)!).metadata['annotations'], {
      'kisimd.io/node': 'n3',
    });
  });
});

describe('a patch that frees a pod unmodified', () => {
  test('changes nothing but the gate', () => {
    const pod = gated(requiring({ matchExpressions: [ssd] }));
    const { schedulingGates: _, ...spec } = pod['spec'] as Record<string, unknown>;
    assert.deepEqual(freed(pod, undefined).spec, { ...spec, schedulingGates: [] });
  });

  test('is made where the pod itself requires another node', () => {
    const elsewhere = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] };
    const pod = gated(requiring(elsewhere));
    assert.deepEqual(termsOf(freed(pod, required)), [elsewhere]);
    assert.equal(freed(pod, required).metadata?.annotations, undefined);
    const not = { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n3'] }] };
    assert.deepEqual(termsOf(freed(gated(requiring(not)), preferred)), [not]);
  });
});

describe('a patch is refused', () => {
  function refuses(pod: StoredObject, patch: ReturnType<typeof gatedPodPatch>): void {
    assert.throws(
      () => patchedPod(pod, patch!),
      (error) => error instanceof Refusal && error.status === 422,
    );
  }
  const read = gated();
  const patch = gatedPodPatch(read as ApiPod, preferred);

  test('where another pod has the name', () => {
    refuses(gated({}, { uid: 'uid-2' }), patch);
  });

  test('where another gate stands where ours stood', () => {
    refuses(gated({ schedulingGates: [theirs, ours] }), patch);
  });

  test('where the pod is free', () => {
    refuses(gated({ schedulingGates: [] }), patch);
  });

  test('and says which version it is made for, so that the server finds a conflict', () => {
    assert.deepEqual(patch?.[1], { op: 'replace', path: '/metadata/resourceVersion', value: '7' });
  });
});

test('a pod without our gate gets no patch', () => {
  for (const schedulingGates of [undefined, [], [theirs]]) {
    const pod = { metadata: {}, spec: schedulingGates === undefined ? {} : { schedulingGates } };
    assert.equal(isGated(pod), false);
    assert.equal(gatedPodPatch(pod, preferred), undefined);
  }
});

test('whatever terms a pod has, the server takes the patch, and every term that matched anything asks for the node', () => {
  const requirement = fc.record({
    key: fc.constantFrom('a', 'b'),
    operator: fc.constant('In'),
    values: fc.array(fc.constantFrom('x', 'y'), { minLength: 1 }),
  });
  const term = fc.record(
    { matchExpressions: fc.array(requirement), matchFields: fc.constantFrom([], [onN3]) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(term, { minLength: 1, maxLength: 4 }), (terms) => {
      const pod = gated(requiring(...terms));
      const after = termsOf(freed(pod, required))!;
      after.forEach((now, i) => {
        const before = terms[i]!;
        const empty = (before.matchExpressions ?? []).length + (before.matchFields ?? []).length === 0;
        const asks = (now.matchFields ?? []).some(({ values }) => values?.[0] === 'n3');
        assert.equal(asks, !empty);
      });
    }),
  );
});
