import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeOrder, encodeOrder, requestOf } from '../../../../src/learning/remote/order.ts';
import { order } from '../../../support/played-workers.ts';

test('an order comes out as it went in, and each index has a seed of it', () => {
  const found = decodeOrder(encodeOrder(order), 'order');
  assert.deepEqual(found, order);
  assert.deepEqual(requestOf(found, '1', '/x'), { ...order.request, seed: 5 });
});

test('a table of servers is found where the worker has put it', () => {
  const plan = {
    kind: 'scenario',
    scenario: 'Brnd',
    load: 0.6,
    clusterSeed: 0,
    hardware: { path: '/home/table.csv', sha256: 'abc' },
  } as const;
  const asked = { ...order, request: { ...order.request, plan }, hardware: 'a,b\n' };
  const { plan: found } = requestOf(decodeOrder(encodeOrder(asked), 'order'), '0', '/tmp/table.csv');
  assert.deepEqual(found, { ...plan, hardware: { path: '/tmp/table.csv', sha256: 'abc' } });
});

test('an order that is damaged, of another version or without this index is refused', () => {
  const refused = (work: () => unknown, found: RegExp) =>
    assert.throws(work, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'KISIM_E_TRAINING_ORDER');
      assert.match(error.message, found);
      return true;
    });
  const bytes = encodeOrder(order);
  refused(() => decodeOrder(bytes.subarray(0, 40), 'order'), /order: unexpected end of file/);
  const changed = (change: (text: string) => string) => gzipSync(change(gunzipSync(bytes).toString()));
  refused(
    () =>
      decodeOrder(
        changed((text) => text.replace('"format":1', '"format":2')),
        'o',
      ),
    /format 2, here 1/,
  );
  refused(
    () =>
      decodeOrder(
        changed((text) => text.replace(/"features":"[^"]+"/, '"features":"old"')),
        'o',
      ),
    /old/,
  );
  refused(() => decodeOrder(gzipSync('nothing'), 'o'), /JSON/);
  for (const index of [undefined, '', '3', '-1', '1.5', 'x'])
    refused(() => requestOf(order, index, '/x'), /3 seeds/);
});
