import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, suggest } from '../../../src/config/suggest.ts';

test('the distance is a distance: zero to itself, the same both ways, never above the longer word', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      assert.equal(editDistance(a, a), 0);
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
      assert.ok(editDistance(a, b) >= Math.abs(a.length - b.length));
    }),
  );
});

test('insertion, deletion, replacement and swap of neighbours cost one each', () => {
  for (const other of ['prot', 'por', 'ports', 'part']) assert.equal(editDistance('port', other), 1, other);
});

test('near words are proposed, far ones are not', () => {
  assert.equal(suggest('exprot', ['meter', 'export', 'history']), 'export');
  assert.equal(suggest('interval_milliseconds', ['interval-milliseconds']), 'interval-milliseconds');
  assert.equal(suggest('zzz', ['meter', 'export']), undefined);
});
