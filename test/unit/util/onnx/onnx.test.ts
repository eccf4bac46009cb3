import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OnnxModel } from '../../../../src/util/onnx/model.ts';
import { ProtobufWriter, packedIntegers, protobufFields } from '../../../../src/util/onnx/protobuf.ts';
import { readOnnx } from '../../../../src/util/onnx/read-model.ts';
import { writeOnnx } from '../../../../src/util/onnx/write-model.ts';

const model: OnnxModel = {
  opset: 18,
  producer: 'test',
  graph: 'sum',
  inputs: [{ name: 'x', type: 'double', dims: ['rows', 3] }],
  outputs: [{ name: 'y', type: 'double', dims: ['rows'] }],
  initializers: [
    { name: 'w', type: 'double', dims: [3], data: Float64Array.of(1, -0.5, 1e-300) },
    { name: 'none', type: 'float', dims: [0, 4], data: new Float32Array(0) },
    { name: 'flag', type: 'bool', dims: [], data: Uint8Array.of(1) },
    { name: 'many', type: 'int64', dims: [2], data: BigInt64Array.of(-1n, 300n) },
  ],
  nodes: [
    { op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'], attributes: { axis: -1, alpha: { float: 1 } } },
  ],
  metadata: { name: 'ä', empty: '' },
};

test('what was written is read again', () => {
  const { irVersion, opset, inputs, outputs, initializers, operators, metadata } = readOnnx(writeOnnx(model));
  assert.equal(irVersion, 8);
  assert.equal(opset, 18);
  assert.deepEqual(inputs, model.inputs);
  assert.deepEqual(outputs, model.outputs);
  assert.deepEqual(initializers, model.initializers);
  assert.deepEqual(operators, ['MatMul']);
  assert.deepEqual(metadata, model.metadata);
});

test('the same model gives the same bytes', () => {
  assert.deepEqual(writeOnnx(model), writeOnnx(structuredClone(model)));
});

test('a file cut short anywhere is read as another model at most, and never breaks anything', () => {
  const file = writeOnnx(model);
  for (let length = 0; length < file.length; length++) {
    try {
      assert.notDeepEqual(readOnnx(file.subarray(0, length)), readOnnx(file));
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'KISIM_E_ONNX_FORMAT', String(error));
    }
  }
});

test('any bytes are refused with a code or read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        readOnnx(bytes);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'KISIM_E_ONNX_FORMAT', String(error));
      }
    }),
  );
});

test('whole numbers of any size and sign survive', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), (values) => {
      const bytes = new ProtobufWriter().integers(3, values).finish();
      const [field] = protobufFields(bytes);
      assert.deepEqual(packedIntegers(field!.bytes), values);
    }),
  );
});

test('numbers that are not as many as the dimensions say are not written', () => {
  const wrong = { name: 'w', type: 'float', dims: [2, 2], data: new Float32Array(3) } as const;
  assert.throws(() => writeOnnx({ ...model, initializers: [wrong] }), /w has 3 numbers for 2 x 2/);
});
