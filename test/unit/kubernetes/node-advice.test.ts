import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiNode } from '../../../src/kubernetes/api-objects.ts';
import { labelNode, taintPatch } from '../../../src/kubernetes/node-advice.ts';
import type { StoredObject } from '../../support/fake-api/objects.ts';
import { patched, stored } from '../../support/patched.ts';

const ours = { key: 'kisimd.io/inefficient', effect: 'PreferNoSchedule' };
const theirs = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

function node(...taints: object[]): StoredObject {
  return stored('Node', { spec: taints.length === 0 ? {} : { taints } });
}

function after(object: StoredObject, avoided: boolean): unknown {
  return (patched(object, taintPatch(object as ApiNode, avoided)!) as ApiNode).spec?.taints;
}

describe('the label of a node', () => {
  test('is the only field that is applied', () => {
    assert.deepEqual(labelNode('n1', 'good'), {
      method: 'PATCH',
      path: '/api/v1/nodes/n1',
      patchType: 'apply',
      query: { fieldManager: 'kisimd', force: true },
      body: {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n1', labels: { 'kisimd.io/efficiency': 'good' } },
      },
    });
  });

  test('goes by an apply without it', () => {
    assert.deepEqual((labelNode('n1', undefined).body as ApiNode).metadata, { name: 'n1' });
  });
});

describe('the taint of a node', () => {
  test('comes beside the taints of others, and goes alone', () => {
    assert.deepEqual(after(node(), true), [ours]);
    assert.deepEqual(after(node(theirs), true), [theirs, ours]);
    assert.deepEqual(after(node(ours, theirs), false), [theirs]);
  });

  test('is not written where it is so already', () => {
    assert.equal(taintPatch(node(ours) as ApiNode, true), undefined);
    assert.equal(taintPatch(node(theirs) as ApiNode, false), undefined);
  });

  test("of the same key and another effect is somebody else's", () => {
    const strict = { ...ours, effect: 'NoSchedule' };
    assert.equal(taintPatch(node(strict) as ApiNode, false), undefined);
  });
});
