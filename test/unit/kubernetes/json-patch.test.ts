import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pointer, sameObject, setEntries } from '../../../src/kubernetes/json-patch.ts';
import { jsonPatch } from '../../support/fake-api/patches.ts';

test('steps of a path are escaped, the tilde first', () => {
  assert.equal(pointer('metadata', 'annotations', 'a~b/c'), '/metadata/annotations/a~0b~1c');
  assert.equal(pointer('spec', 'schedulingGates', 0), '/spec/schedulingGates/0');
});

describe('entries of a map', () => {
  test('make the map where there is none', () => {
    for (const present of [undefined, {}]) {
      const operations = setEntries(['metadata', 'labels'], present, { a: '1' });
      assert.deepEqual(jsonPatch({ metadata: {} }, operations), { metadata: { labels: { a: '1' } } });
    }
  });

  test('come beside those that are there, whatever their names', () => {
    const labels = { 'x~y/z': '0', b: '2' };
    const operations = setEntries(['metadata', 'labels'], labels, { 'x~y/z': '1', a: '1' });
    assert.deepEqual(jsonPatch({ metadata: { labels } }, operations), {
      metadata: { labels: { 'x~y/z': '1', b: '2', a: '1' } },
    });
  });

  test('that are none change nothing', () => {
    assert.deepEqual(setEntries(['metadata', 'labels'], undefined, {}), []);
  });
});

test('a patch says of which object and which version it is', () => {
  assert.deepEqual(sameObject({ uid: 'u', resourceVersion: '7' }), [
    { op: 'test', path: '/metadata/uid', value: 'u' },
    { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
  ]);
});
