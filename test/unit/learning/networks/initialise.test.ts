import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orthogonal, uniformByInputs } from '../../../../src/learning/networks/initialise.ts';
import type { NativeNetwork } from '../../../../src/native/network.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

function shaped(widths: readonly number[]): NativeNetwork {
  let size = 0;
  for (let i = 0; i + 1 < widths.length; i++) size += (widths[i]! + 1) * widths[i + 1]!;
  return { parameters: new Float32Array(size) } as unknown as NativeNetwork;
}

/** Products of all pairs of rows, or of columns where there are fewer of them. */
function gram(weights: Float32Array, inputs: number, outputs: number): number[][] {
  const at = (i: number, j: number) =>
    inputs <= outputs ? weights[i * outputs + j]! : weights[j * outputs + i]!;
  const short = Math.min(inputs, outputs);
  const long = Math.max(inputs, outputs);
  return Array.from({ length: short }, (_, a) =>
    Array.from({ length: short }, (_, b) => {
      let sum = 0;
      for (let j = 0; j < long; j++) sum += at(a, j) * at(b, j);
      return sum;
    }),
  );
}

test('orthogonal layers keep lengths, times their gain, and begin without bias', () => {
  const widths = [5, 12, 12, 3];
  const gains = [Math.SQRT2, Math.SQRT2, 0.01];
  const network = shaped(widths);
  network.parameters.fill(7);
  orthogonal(network, widths, gains, new RandomStream(1));
  let at = 0;
  gains.forEach((gain, layer) => {
    const inputs = widths[layer]!;
    const outputs = widths[layer + 1]!;
    const end = at + inputs * outputs;
    gram(network.parameters.subarray(at, end), inputs, outputs).forEach((row, a) => {
      row.forEach((product, b) => {
        const expected = a === b ? gain * gain : 0;
        assert.ok(
          Math.abs(product - expected) < 1e-6 * gain * gain,
          `layer ${layer}, ${a} and ${b}: ${product}`,
        );
      });
    });
    assert.ok(network.parameters.subarray(end, end + outputs).every((bias) => bias === 0));
    at = end + outputs;
  });
});

test("uniform layers fill PyTorch's range and nothing beyond it", () => {
  const widths = [16, 64, 2];
  const network = shaped(widths);
  uniformByInputs(network, widths, new RandomStream(1));
  for (const [from, to, inputs] of [
    [0, 17 * 64, 16],
    [17 * 64, 17 * 64 + 65 * 2, 64],
  ] as const) {
    const bound = 1 / Math.sqrt(inputs);
    const layer = [...network.parameters.subarray(from, to)];
    assert.ok(layer.every((weight) => Math.abs(weight) <= bound));
    assert.ok(Math.max(...layer) > 0.9 * bound && Math.min(...layer) < -0.9 * bound);
    const variance = layer.reduce((sum, weight) => sum + weight * weight, 0) / layer.length;
    assert.ok(Math.abs(variance / (bound * bound) - 1 / 3) < 0.05, `variance ${variance}`);
  }
});

test('weights are the same from the same seed', () => {
  const made = (seed: number) => {
    const network = shaped([4, 8, 2]);
    orthogonal(network, [4, 8, 2], [1, 1], new RandomStream(seed));
    return network.parameters;
  };
  assert.deepEqual(made(1), made(1));
  assert.notDeepEqual(made(1), made(2));
});

test('widths that do not make the network are refused', () => {
  assert.throws(() => uniformByInputs(shaped([4, 8, 2]), [4, 8, 3], new RandomStream(1)), RangeError);
});
