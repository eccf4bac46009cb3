import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { PodReader } from '../../../src/kubernetes/pod-reader.ts';

const object = (uid: string): KubeObject => ({
  metadata: { name: uid, uid, namespace: 'default', resourceVersion: '1' },
  spec: { containers: [{ name: 'a', image: 'a:1', resources: { requests: { cpu: '1' } } }] },
});

test('a pod that does not exist yet has an id of its own, and the shape of those that are like it', () => {
  const reader = new PodReader();
  const real = reader.read(object('real'), undefined, undefined).pod;
  const imagined = reader.imagine(object('imagined'));
  const copy = reader.copy(imagined, 'another', 'another');
  assert.equal(imagined.shape, real.shape);
  assert.equal(copy.shape, real.shape);
  assert.equal(new Set([real.id, imagined.id, copy.id]).size, 3);
  assert.equal(copy.name, 'another');
});

test('its id stays taken until it is forgotten, although no watch knows it', () => {
  const reader = new PodReader();
  const imagined = reader.imagine(object('imagined'));
  const take = (count: number, kind: string) =>
    Array.from({ length: count }, (_, i) => {
      const { pod } = reader.read(object(`${kind}-${i}`), undefined, undefined);
      return pod.id;
    });
  take(3000, 'a');
  reader.sweep(() => false, []);
  assert(!take(3000, 'b').includes(imagined.id), 'given to another pod');
  reader.forget('imagined');
  reader.sweep(() => false, []);
  assert(take(5000, 'c').includes(imagined.id), 'never given again');
});

test('the same again, where its template has changed, is the same pod', () => {
  const reader = new PodReader();
  assert.equal(reader.imagine(object('one')).id, reader.imagine(object('one')).id);
});
