import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadAddon } from '../../../../src/native/addon.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { randomNetwork } from '../../../support/training-problems.ts';

const addon = loadAddon();

test('parameters lie layer by layer, weights [inputs][outputs] and then the bias', () => {
  const network = new addon.Network({ inputs: 2, hidden: [], outputs: 3, activation: 'relu' });
  network.parameters.set([1, 2, 3, 10, 20, 30, 0.5, 0.25, 0.125]);
  const outputs = new Float32Array(3);
  network.forward(Float32Array.of(1, 1), 1, outputs);
  assert.deepEqual([...outputs], [11.5, 22.25, 33.125]);
  assert.equal(network.parameters.length, network.gradients.length);
  assert.deepEqual([network.inputs, network.outputs], [2, 3]);
});

test('gradients agree with central differences of the loss, for both activations and every kernel set', () => {
  for (const instructionSet of addon.instructionSets())
    for (const activation of ['relu', 'tanh'] as const) {
      const random = new RandomStream(3);
      const network = randomNetwork([4, 13, 9, 2], activation, random, instructionSet);
      const rows = 7;
      const inputs = Float32Array.from({ length: rows * 4 }, () => random.normal());
      const slopes = Float32Array.from({ length: rows * 2 }, () => random.normal());
      const outputs = new Float32Array(rows * 2);
      const loss = () => {
        network.forward(inputs, rows, outputs);
        return outputs.reduce((sum, value, i) => sum + value * slopes[i]!, 0);
      };
      loss();
      const inputGradients = new Float32Array(inputs.length);
      network.backward(inputs, slopes, rows, inputGradients);
      const gradients = network.gradients.slice();
      const check = (array: Float32Array, gradient: Float32Array) => {
        let worst = 0;
        for (let i = 0; i < array.length; i++) {
          const before = array[i]!;
          const difference = (step: number) => {
            array[i] = before + step;
            const above = loss();
            array[i] = before - step;
            const below = loss();
            array[i] = before;
            return (above - below) / (2 * step);
          };
          // A kink of ReLU within a step spoils it; the better of two steps counts.
          const errors = [4e-3, 1e-3].map((step) => Math.abs(difference(step) - gradient[i]!));
          worst = Math.max(worst, Math.min(...errors));
        }
        assert.ok(worst < 5e-3, `${instructionSet} ${activation}: ${worst}`);
      };
      check(network.parameters, gradients);
      check(inputs, inputGradients);
    }
});

test('copying a share moves the parameters that far', () => {
  const random = new RandomStream(4);
  const [a, b] = [0, 1].map(() => randomNetwork([3, 5, 2], 'relu', random));
  const before = a!.parameters.slice();
  a!.copyFrom(b!, 0.25);
  a!.parameters.forEach((value, i) => {
    assert.ok(Math.abs(value - (0.25 * b!.parameters[i]! + 0.75 * before[i]!)) < 1e-6);
  });
  a!.copyFrom(b!);
  assert.deepEqual(a!.parameters, b!.parameters);
  const other = new addon.Network({ inputs: 5, hidden: [3], outputs: 2, activation: 'relu' });
  assert.throws(() => a!.copyFrom(other), /expected other to have the same layers/);
});

test('arrays over native memory outlive the objects that they came from', async () => {
  const views: Float32Array[] = [];
  for (let i = 0; i < 200; i++) {
    const network = new addon.Network({ inputs: 50, hidden: [50], outputs: 50, activation: 'relu' });
    network.parameters.fill(i);
    if (i % 10 === 0) views.push(network.parameters);
  }
  (globalThis as { gc?: () => void }).gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  views.forEach((view, i) => {
    assert.ok(view.every((value) => value === i * 10));
  });
});

test('several workers train at once, each to the same bits, and may be ended within it', async () => {
  const program = new URL('../../../support/training-worker.ts', import.meta.url);
  const trained = (forever: boolean) =>
    new Promise<string>((resolve, reject) => {
      const worker = new Worker(program, { workerData: { forever } });
      worker.once('error', reject);
      worker.once('message', async (digest: string) => {
        // Ended while its updates run.
        await worker.terminate();
        resolve(digest);
      });
    });
  const digests = await Promise.all([trained(false), trained(true), trained(true)]);
  assert.equal(new Set(digests).size, 1, digests.join(' '));
});
