import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IndexedHeap } from '../../../src/simulation/indexed-heap.ts';
import { PodHeap } from '../../../src/simulation/pod-heap.ts';

const IDS = 12;
/** Sets or moves an id, or (undefined) takes it back. Few times, so that many are equal. */
const operations = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: IDS - 1 }),
    fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  ),
);

function drained(heap: IndexedHeap): readonly (readonly [number, number])[] {
  const out: [number, number][] = [];
  while (heap.count > 0) {
    out.push([heap.nextKey, heap.nextId]);
    heap.remove(heap.nextId);
  }
  return out;
}

test('a heap gives ids by time and then by id, however they were set, moved and taken back', () => {
  fc.assert(
    fc.property(operations, (changes) => {
      const heap = new IndexedHeap(IDS);
      const expected = new Map<number, number>();
      for (const [id, key] of changes) {
        if (key === undefined) {
          heap.remove(id);
          expected.delete(id);
        } else {
          heap.set(id, key);
          expected.set(id, key);
        }
        assert.equal(heap.has(id), expected.has(id));
      }
      const copy = new IndexedHeap(IDS);
      copy.restore(heap.save());
      const order = [...expected].map(([id, key]) => [key, id] as const);
      order.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.deepEqual(drained(heap), order);
      assert.deepEqual(drained(copy), order);
      assert.equal(heap.nextKey, Number.POSITIVE_INFINITY);
    }),
  );
});

test('the batch pods of a node come by their ends and then by id', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }), (ends) => {
      const heap = new PodHeap(Float64Array.from(ends));
      for (let i = ends.length - 1; i >= 0; i--) heap.push(i);
      const order = ends.map((_, id) => id).sort((a, b) => ends[a]! - ends[b]! || a - b);
      const taken: number[] = [];
      while (heap.count > 0) {
        taken.push(heap.first);
        heap.pop();
      }
      assert.deepEqual(taken, order);
    }),
  );
});
