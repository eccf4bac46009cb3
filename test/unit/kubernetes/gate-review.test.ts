import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiPod } from '../../../src/kubernetes/api-objects.ts';
import { gateReview } from '../../../src/kubernetes/gate-review.ts';
import { PLACEMENT_GATE, SKIP_LABEL } from '../../../src/kubernetes/names.ts';
import { jsonPatch } from '../../support/fake-api/patches.ts';

const theirs = { name: 'example.com/wait' };
const ours = { name: PLACEMENT_GATE };

/** Gates of a new pod after the review. */
function gates(object: ApiPod, operation = 'CREATE', schedulers?: readonly string[]): unknown {
  const answer = gateReview({ request: { uid: 'r1', operation, object } }, schedulers)!;
  assert.equal(answer.response.uid, 'r1');
  assert.equal(answer.response.allowed, true);
  const { patch } = answer.response;
  if (patch === undefined) return 'left';
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString());
  return (jsonPatch(object, operations) as ApiPod).spec?.schedulingGates;
}

describe('a review of a new pod', () => {
  test('sets the gate, beside the gates that are there', () => {
    assert.deepEqual(gates({ spec: {} }), [ours]);
    assert.deepEqual(gates({ spec: { schedulingGates: [theirs] } }), [theirs, ours]);
  });

  const left: Readonly<Record<string, ApiPod>> = {
    'with a node': { spec: { nodeName: 'n1' } },
    'with the skip label': { metadata: { labels: { [SKIP_LABEL]: 'job' } }, spec: {} },
    'with our gate': { spec: { schedulingGates: [ours] } },
    'of another scheduler': { spec: { schedulerName: 'mine' } },
    'of a DaemonSet': { metadata: { ownerReferences: [{ kind: 'DaemonSet', name: 'a' }] }, spec: {} },
    'of a node itself': { metadata: { ownerReferences: [{ kind: 'Node', name: 'n1' }] }, spec: {} },
  };
  for (const [what, pod] of Object.entries(left)) {
    test(`leaves one ${what}`, () => {
      assert.equal(gates(pod), 'left');
    });
  }

  test('gates pods of schedulers that were named', () => {
    assert.deepEqual(gates({ spec: { schedulerName: 'mine' } }, 'CREATE', ['mine']), [ours]);
    assert.equal(gates({ spec: {} }, 'CREATE', ['mine']), 'left');
  });

  test('leaves what is no creation', () => {
    assert.equal(gates({ spec: {} }, 'UPDATE'), 'left');
  });
});

test('what is no review has no answer', () => {
  assert.equal(gateReview({}), undefined);
});
