import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withChoice } from '../../../src/kubernetes/affinity.ts';
import type { ApiNodeAffinity } from '../../../src/kubernetes/api-objects.ts';
import { withoutChoice, withoutOwnChoice } from '../../../src/kubernetes/own-choice.ts';

const ssd = { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] };
const notOld = { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['old'] }] };
const wish = { weight: 7, preference: ssd };

const affinities: Readonly<Record<string, ApiNodeAffinity | undefined>> = {
  none: undefined,
  'a required term': { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [ssd] } },
  'several required terms': {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [ssd, notOld] },
  },
  'an empty term beside another': {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{}, ssd] },
  },
  'a wish': { preferredDuringSchedulingIgnoredDuringExecution: [wish] },
  both: {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [notOld] },
    preferredDuringSchedulingIgnoredDuringExecution: [wish],
  },
};

for (const [name, affinity] of Object.entries(affinities)) {
  for (const strength of ['preferred', 'required'] as const) {
    test(`a ${strength} choice is taken back, with ${name} before it`, () => {
      const chosen = withChoice(affinity, { nodes: ['n1'], strength });
      assert.notDeepEqual(chosen, affinity);
      assert.deepEqual(withoutChoice(chosen, 'n1'), affinity);
    });
  }
}

test('a choice of another node is somebody else’s, and stays', () => {
  for (const strength of ['preferred', 'required'] as const) {
    const chosen = withChoice(undefined, { nodes: ['n2'], strength });
    assert.deepEqual(withoutChoice(chosen, 'n1'), chosen);
  }
});

test('only pods that say that the program chose for them are changed', () => {
  const nodeAffinity = withChoice(undefined, { nodes: ['n1'], strength: 'required' });
  const spec = { nodeName: 'n1', affinity: { nodeAffinity } };
  const plain = { metadata: { name: 'a' }, spec };
  assert.equal(withoutOwnChoice(plain), plain);
  const ours = { metadata: { name: 'a', annotations: { 'kisimd.io/node': 'n1' } }, spec };
  assert.equal(withoutOwnChoice(ours).spec.affinity.nodeAffinity, undefined);
  assert.equal(withoutOwnChoice(ours).spec.nodeName, 'n1');
});
