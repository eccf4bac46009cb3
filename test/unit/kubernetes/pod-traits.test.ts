import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podTraits } from '../../../src/kubernetes/pod-traits.ts';

function traitsOf(metadata: object, spec: object = {}) {
  return podTraits({ metadata: { name: 'a', uid: 'u', resourceVersion: '1', ...metadata }, spec });
}

const plain = { isControlled: false, hasLocalStorage: false, keepsAwake: false, move: undefined };

test('a pod of nobody has nothing of it, and shares that with all others', () => {
  assert.deepEqual(traitsOf({}), plain);
  assert.equal(traitsOf({ labels: { a: 'b' } }), traitsOf({}));
});

test('only an owner that is a controller makes another pod', () => {
  const owner = { kind: 'ReplicaSet', name: 'web', uid: '1' };
  assert.equal(traitsOf({ ownerReferences: [owner] }).isControlled, false);
  assert.equal(traitsOf({ ownerReferences: [owner, { ...owner, controller: true }] }).isControlled, true);
});

for (const [volume, isLocal] of [
  ['emptyDir', true],
  ['hostPath', true],
  ['configMap', false],
  ['persistentVolumeClaim', false],
] as const) {
  test(`a volume ${volume} ${isLocal ? 'ties it to its node' : 'does not tie it'}`, () => {
    assert.equal(
      traitsOf(
        {},
        {
          volumes: [
            { name: 'a', projected: {} },
            { name: 'b', [volume]: {} },
          ],
        },
      ).hasLocalStorage,
      isLocal,
    );
  });
}

test('annotations say whether it may be moved, and what is no leave is none', () => {
  assert.equal(traitsOf({ annotations: { 'kisimd.io/keep-awake': '' } }).keepsAwake, true);
  assert.equal(traitsOf({ annotations: { 'kisimd.io/move': 'allowed' } }).move, 'allowed');
  assert.equal(traitsOf({ annotations: { 'kisimd.io/move': 'never' } }).move, 'never');
  assert.equal(traitsOf({ annotations: { 'kisimd.io/move': 'Allowed' } }).move, 'never');
});
