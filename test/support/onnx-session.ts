import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { OnnxModel } from '../../src/util/onnx/model.ts';
import { writeOnnx } from '../../src/util/onnx/write-model.ts';

/** Runs a model in onnxruntime on one thread. */
export async function onnxSession(model: OnnxModel): Promise<InferenceSession> {
  return InferenceSession.create(writeOnnx(model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
}

export const floats = (data: Float32Array, dims: readonly number[]) => new Tensor('float32', data, dims);
export const flags = (data: Uint8Array, dims: readonly number[]) => new Tensor('bool', data, dims);
export const indices64 = (data: Iterable<number>) => {
  const values = BigInt64Array.from(Array.from(data, BigInt));
  return new Tensor('int64', values, [values.length]);
};
export const scalar = (value: number) => new Tensor('float32', Float32Array.of(value), []);
