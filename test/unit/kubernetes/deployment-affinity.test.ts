import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiDeployment } from '../../../src/kubernetes/api-objects.ts';
import { deploymentAffinityPatch } from '../../../src/kubernetes/deployment-affinity.ts';
import type { Fields, StoredObject } from '../../support/fake-api/objects.ts';
import { patched, stored } from '../../support/patched.ts';

const theirs = { weight: 100, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } };
const prefer = (node: string, weight = 100) => ({
  weight,
  preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
});

function deployment(affinity?: Fields): StoredObject {
  return stored('Deployment', {
    spec: { template: { spec: affinity === undefined ? {} : { affinity } } },
  });
}

function after(object: StoredObject, nodes: [string, ...string[]] | undefined): StoredObject {
  return patched(object, deploymentAffinityPatch(object as ApiDeployment, nodes)!);
}

function affinityOf(object: StoredObject): unknown {
  return (object as ApiDeployment).spec?.template?.spec?.affinity;
}

function preferredOf(object: StoredObject): unknown {
  return (object as ApiDeployment).spec?.template?.spec?.affinity?.nodeAffinity
    ?.preferredDuringSchedulingIgnoredDuringExecution;
}

describe("preferences in a Deployment's template", () => {
  const own = { preferredDuringSchedulingIgnoredDuringExecution: [theirs] };

  test('come behind those of others', () => {
    assert.deepEqual(preferredOf(after(deployment({ nodeAffinity: own }), ['n1', 'n2'])), [
      theirs,
      prefer('n1'),
      prefer('n2', 50),
    ]);
  });

  test('are not written twice: the same choice again makes no rollout', () => {
    const placed = after(deployment(), ['n1']);
    assert.equal(deploymentAffinityPatch(placed as ApiDeployment, ['n1']), undefined);
  });

  test('are known again where the server gives their keys in another order', () => {
    const { weight, preference } = prefer('n1');
    const placed = after(deployment(), ['n1']);
    const spec = {
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ preference, weight }] },
      },
    };
    const reordered = { ...placed, spec: { template: { spec } } };
    assert.equal(deploymentAffinityPatch(reordered as ApiDeployment, ['n1']), undefined);
  });

  test('give way to a new choice, and those of others stay', () => {
    const placed = after(deployment({ nodeAffinity: own }), ['n1', 'n2']);
    assert.deepEqual(preferredOf(after(placed, ['n3'])), [theirs, prefer('n3')]);
  });

  test('leave an equal term that somebody else had written', () => {
    const same = { preferredDuringSchedulingIgnoredDuringExecution: [prefer('n1')] };
    const placed = after(deployment({ nodeAffinity: same }), ['n1']);
    assert.deepEqual(preferredOf(placed), [prefer('n1'), prefer('n1')]);
    assert.deepEqual(preferredOf(after(placed, ['n2'])), [prefer('n1'), prefer('n2')]);
    const before = { preferredDuringSchedulingIgnoredDuringExecution: [prefer('n1'), theirs] };
    const back = after(after(deployment({ nodeAffinity: before }), ['n1']), undefined);
    assert.deepEqual(preferredOf(back), [prefer('n1'), theirs]);
  });

  test('are taken out without a trace, so that the old ReplicaSet is used again', () => {
    for (const before of [
      undefined,
      { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
      { nodeAffinity: own },
    ]) {
      const original = deployment(before);
      const back = after(after(original, ['n1']), undefined);
      assert.deepEqual(affinityOf(back), before);
      assert.deepEqual(back.metadata['annotations'], {});
    }
  });

  test('that somebody took out leave a note, which goes without a rollout', () => {
    const placed = after(deployment(), ['n1']);
    const cleared = { ...placed, spec: { template: { spec: {} } } };
    const patch = deploymentAffinityPatch(cleared as ApiDeployment, undefined)!;
    assert.deepEqual(
      patch.map(({ path }) => path),
      ['/metadata/uid', '/metadata/resourceVersion', '/metadata/annotations/kisimd.io~1affinity'],
    );
    assert.equal(deploymentAffinityPatch(deployment() as ApiDeployment, undefined), undefined);
  });

  test('whose note was spoilt are taken for those of others', () => {
    for (const note of ['{', '7']) {
      const spoilt = stored('Deployment', {
        metadata: { annotations: { 'kisimd.io/affinity': note } },
        spec: { template: { spec: { affinity: { nodeAffinity: own } } } },
      });
      assert.deepEqual(preferredOf(after(spoilt, ['n1'])), [theirs, prefer('n1')]);
    }
  });
});
