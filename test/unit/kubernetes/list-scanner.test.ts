import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ListScanner } from '../../../src/kubernetes/list-scanner.ts';

/** The items and the rest, from text that arrives in pieces of some bytes. */
function scanned(text: string, pieceBytes: number): { items: unknown[]; rest: unknown } {
  const items: unknown[] = [];
  const scanner = new ListScanner((item) => items.push(JSON.parse(item)));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) scanner.push(bytes.subarray(at, at + pieceBytes));
  return { items, rest: JSON.parse(scanner.end()) };
}

test('any list in pieces of any size comes apart into its items and the rest', () => {
  const item = fc.dictionary(fc.string(), fc.jsonValue());
  const list = fc.record({
    kind: fc.string(),
    metadata: fc.dictionary(fc.constantFrom('items', 'continue', 'a"b\\'), fc.jsonValue()),
    items: fc.array(item),
    after: fc.jsonValue(),
  });
  fc.assert(
    fc.property(
      list,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(undefined, 2),
      (value, bytes, indent) => {
        const { items, rest } = scanned(JSON.stringify(value, undefined, indent), bytes);
        const plain = JSON.parse(JSON.stringify(value)) as typeof value;
        assert.deepEqual(items, plain.items);
        assert.deepEqual(rest, { ...plain, items: [] });
      },
    ),
    { numRuns: 300 },
  );
});

test('what is no list stays whole', () => {
  const status = { kind: 'Status', code: 200, details: { items: [{ a: 1 }] }, causes: [{ items: [] }] };
  for (const bytes of [1, 7, 1000])
    assert.deepEqual(scanned(JSON.stringify(status), bytes), { items: [], rest: status });
});

test('a list that was never made is null', () => {
  assert.deepEqual(scanned('{"kind":"PodList","items":null}', 5), {
    items: [],
    rest: { kind: 'PodList', items: null },
  });
});
