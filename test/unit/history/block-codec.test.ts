import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CODEC_DELTA_VARINT_ZSTD, decodeBlock, encodeBlock } from '../../../src/history/block-codec.ts';
import { seededRandom } from '../../../src/util/rng.ts';

function roundTrip(values: Float64Array, quantum?: number) {
  const encoded = encodeBlock(values, quantum);
  const decoded = decodeBlock({ ...encoded, codec: CODEC_DELTA_VARINT_ZSTD, count: values.length });
  return { encoded, decoded };
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

const microjoules = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 2_000_000 }),
  fc.integer({ min: 0, max: 2 ** 40 }),
);

test('the sum of a block is exact, whatever the values', () => {
  fc.assert(
    fc.property(fc.array(microjoules, { minLength: 1, maxLength: 400 }), (list) => {
      const values = Float64Array.from(list);
      const { encoded, decoded } = roundTrip(values);
      assert.equal(encoded.sum, sum(values));
      assert.equal(sum(decoded), sum(values));
    }),
  );
});

test('the sum over any stretch of seconds is within a quantum, and the last second takes the rest', () => {
  fc.assert(
    fc.property(fc.array(microjoules, { minLength: 2, maxLength: 200 }), (list) => {
      const values = Float64Array.from(list);
      const { encoded, decoded } = roundTrip(values);
      let exact = 0;
      let kept = 0;
      for (let i = 0; i < values.length; i++) {
        exact += values[i]!;
        kept += decoded[i]!;
        assert.ok(Math.abs(exact - kept) <= encoded.quantum / 2, `second ${i}`);
      }
    }),
  );
});

test('a last second that is less than a quantum does not shift what was before it', () => {
  const values = Float64Array.from([1, 897_055_176_230, 1_591_769, 0, 524_288_001]);
  const { encoded, decoded } = roundTrip(values);
  let exact = 0;
  let kept = 0;
  for (let i = 0; i < values.length; i++) {
    exact += values[i]!;
    kept += decoded[i]!;
    assert.ok(Math.abs(exact - kept) <= encoded.quantum / 2, `second ${i}`);
    assert.ok(decoded[i]! >= 0);
  }
  assert.equal(kept, exact);
});

test('the quantum is at most a 128th of the mean, and not below a millijoule', () => {
  for (const [each, quantum] of [
    [0, 1000],
    [10, 1000],
    [256_000, 1000],
    [256_001, 2000],
    [12_000_000, 64_000],
  ] as const) {
    assert.equal(encodeBlock(new Float64Array(3600).fill(each)).quantum, quantum, String(each));
  }
});

test('idle seconds do not make the busy ones coarser', () => {
  const values = new Float64Array(3600);
  values[17] = 100_000;
  const { encoded, decoded } = roundTrip(values);
  assert.equal(encoded.quantum, 1000);
  assert.equal(decoded[17], 100_000);
});

test('a quantum of 1 keeps every value exactly', () => {
  const values = Float64Array.from({ length: 3600 }, (_, i) => (i % 7 === 0 ? 0 : 999 + (i % 3)));
  assert.deepEqual(roundTrip(values, 1).decoded, values);
});

test('an hour of noisy seconds takes about a byte a second or less', () => {
  const random = seededRandom(1);
  const values = Float64Array.from({ length: 3600 }, () => Math.round(2e6 + 4e5 * (random.next() - 0.5)));
  assert.ok(encodeBlock(values).data.length < 3700, String(encodeBlock(values).data.length));
  assert.ok(encodeBlock(new Float64Array(3600)).data.length < 40);
});

test('damaged data, an unknown codec and a wrong count are coded errors', () => {
  const block = { ...encodeBlock(Float64Array.of(1e6, 2e6, 3e6)), codec: CODEC_DELTA_VARINT_ZSTD, count: 3 };
  const error = { code: 'KISIM_E_HISTORY_BLOCK' };
  assert.throws(() => decodeBlock({ ...block, codec: 99 }), error);
  assert.throws(() => decodeBlock({ ...block, count: 4 }), error);
  assert.throws(() => decodeBlock({ ...block, count: 2 }), error);
  assert.throws(() => decodeBlock({ ...block, data: block.data.subarray(0, 5) }), error);
  assert.throws(() => decodeBlock({ ...block, data: Buffer.from('not zstd') }), error);
});
