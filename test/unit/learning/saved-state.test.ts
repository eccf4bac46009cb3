import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeState, encodeState, SavedFields, type SavedValue } from '../../../src/learning/saved-state.ts';

const leaf: fc.Arbitrary<SavedValue> = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
);
const { tree } = fc.letrec<{ tree: SavedValue }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      tie('tree'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}));

test('a saved state comes back as it was, to the last bit and the same bytes', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const bytes = encodeState({ value });
      const back = decodeState(bytes);
      assert.deepEqual(back, { value });
      assert.deepEqual(encodeState(back), bytes);
    }),
  );
});

test('a file that was cut, changed, of another version or kind is refused', () => {
  const file = encodeState({ weights: Float32Array.of(1, 2, 3), step: 7 });
  for (let length = 0; length < file.length; length += 5)
    assert.throws(() => decodeState(file.subarray(0, length)), { code: 'KISIM_E_LEARNING_STATE' });
  for (let i = 0; i < file.length; i++) {
    const changed = file.slice();
    changed[i]! ^= 1;
    assert.throws(() => decodeState(changed), { code: 'KISIM_E_LEARNING_STATE' });
  }
  assert.deepEqual(decodeState(file)['step'], 7);
});

test('a field that is missing or of another shape is named', () => {
  const fields = new SavedFields({ net: { weights: Float32Array.of(1, 2), steps: 3 }, list: [1] });
  const code = 'KISIM_E_LEARNING_CHECKPOINT';
  const net = fields.fields('net');
  assert.throws(() => net.into('weights', new Float32Array(3)), { code, message: /net\.weights/ });
  assert.throws(() => net.into('weights', new Float64Array(2)), { code });
  assert.throws(() => net.into('bias', new Float32Array(2)), { code, message: /net\.bias/ });
  assert.throws(() => net.number('weights'), { code });
  assert.throws(() => fields.fields('list'), { code });
  assert.throws(() => fields.random('list'), { code });
  assert.throws(() => net.bytes('weights'), { code });
  assert.throws(() => net.same('steps', 4), { code, message: /was 3 and is 4/ });
  const target = new Float32Array(2);
  net.into('weights', target);
  assert.deepEqual([...target], [1, 2]);
});
