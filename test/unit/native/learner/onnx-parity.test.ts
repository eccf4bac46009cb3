import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from 'onnxruntime-node';
import { flags, floats, indices64, onnxSession, scalar } from '../../../support/onnx-session.ts';
import {
  adamCorrections,
  dqnTrainingGraph,
  parameterViews,
  ppoTrainingGraph,
} from '../../../support/onnx-training.ts';
import { dqnProblem, ppoProblem } from '../../../support/training-problems.ts';

type Feeds = Record<string, Tensor>;

/** The parameters of networks and their moments as the graph's inputs. */
function stateOf(
  networks: Readonly<Record<string, { sizes: readonly number[]; parameters: Float32Array }>>,
): Feeds {
  const feeds: Feeds = {};
  for (const [name, { sizes, parameters }] of Object.entries(networks))
    for (const [each, { data, dims }] of parameterViews(name, sizes, parameters)) {
      feeds[each] = floats(data.slice(), dims);
      feeds[`m.${each}`] = floats(new Float32Array(data.length), dims);
      feeds[`v.${each}`] = floats(new Float32Array(data.length), dims);
    }
  return feeds;
}

function greatestDifference(
  name: string,
  sizes: readonly number[],
  parameters: Float32Array,
  feeds: Feeds,
): number {
  let greatest = 0;
  for (const [each, { data }] of parameterViews(name, sizes, parameters)) {
    const other = feeds[each]!.data as Float32Array;
    for (let i = 0; i < data.length; i++) greatest = Math.max(greatest, Math.abs(data[i]! - other[i]!));
  }
  return greatest;
}

/** Runs the graph `steps` times, feeding what it gives back into it; calls `native` once a step. */
async function together(
  session: Awaited<ReturnType<typeof onnxSession>>,
  feeds: Feeds,
  rate: number,
  steps: number,
  native: (results: Feeds) => void,
) {
  for (let step = 1; step <= steps; step++) {
    const corrections = adamCorrections(rate, step);
    feeds['rate'] = scalar(corrections.rate);
    feeds['root'] = scalar(corrections.root);
    const results = (await session.run(feeds)) as Feeds;
    native(results);
    for (const [name, tensor] of Object.entries(results))
      if (name.endsWith("'")) feeds[name.slice(0, -1)] = tensor;
  }
}

const near = (a: number, b: number, what: string) =>
  assert.ok(Math.abs(a - b) <= 1e-5 * (1 + Math.abs(b)), `${what}: ${a} is not ${b}`);

for (const [sizes, rows] of [
  [[4, 64, 64, 2], 64],
  [[9, 33, 17, 5], 31],
] as const)
  test(`twenty double-DQN steps equal those of the ONNX graph: ${sizes.join('-')}`, async () => {
    const { online, target, batch, update } = dqnProblem(sizes, rows, 11);
    const actions = sizes.at(-1)!;
    const session = await onnxSession(dqnTrainingGraph({ sizes, rows, maxNorm: 1, epsilon: 1e-5 }));
    const feeds = stateOf({ online: { sizes, parameters: online.parameters } });
    for (const [name, { data, dims }] of parameterViews('target', sizes, target.parameters))
      feeds[name] = floats(data.slice(), dims);
    Object.assign(feeds, {
      x: floats(batch.observations.slice(), [rows, sizes[0]]),
      next: floats(batch.nextObservations.slice(), [rows, sizes[0]]),
      chosen: indices64(batch.actions),
      rewards: floats(batch.rewards.slice(), [rows]),
      discounts: floats(batch.discounts.slice(), [rows]),
      nextMasks: flags(batch.nextMasks.slice(), [rows, actions]),
      weights: floats(batch.weights.slice(), [rows]),
    });
    const before = online.parameters.slice();
    await together(session, feeds, 1e-3, 20, (results) => {
      near(update.update(batch, 1e-3, 1), (results['loss']!.data as Float32Array)[0]!, 'loss');
      near(update.statistics[1]!, (results['norm']!.data as Float32Array)[0]!, 'norm');
      const errors = results['errors']!.data as Float32Array;
      for (let i = 0; i < rows; i++) near(batch.errors[i]!, errors[i]!, `error ${i}`);
    });
    const difference = greatestDifference('online', sizes, online.parameters, feeds);
    assert.ok(difference < 1e-5, `parameters differ by ${difference}`);
    assert.ok(
      online.parameters.some((value, i) => Math.abs(value - before[i]!) > 1e-3),
      'something was learned',
    );
  });

test('twenty PPO steps with masks equal those of the ONNX graph', async () => {
  const sizes = [6, 32, 32, 5];
  const rows = 64;
  const { policy, value, rollout, indices, update } = ppoProblem(sizes, rows, 12);
  const valueSizes = [6, 32, 32, 1];
  const settings = {
    clip: 0.2,
    valueClip: 0.2,
    valueCoefficient: 0.5,
    entropyCoefficient: 0.01,
    maxNorm: 0.5,
  };
  const session = await onnxSession(ppoTrainingGraph({ sizes, rows, ...settings, epsilon: 1e-5 }));
  const feeds = stateOf({
    policy: { sizes, parameters: policy.parameters },
    value: { sizes: valueSizes, parameters: value.parameters },
  });
  Object.assign(feeds, {
    x: floats(rollout.observations.slice(), [rows, 6]),
    chosen: indices64(rollout.actions),
    masks: flags(rollout.masks.slice(), [rows, 5]),
    oldLogs: floats(rollout.logProbabilities.slice(), [rows]),
    advantages: floats(rollout.advantages.slice(), [rows]),
    oldValues: floats(rollout.values.slice(), [rows]),
    returns: floats(rollout.returns.slice(), [rows]),
  });
  await together(session, feeds, 1e-3, 20, (results) => {
    const { clip, valueClip, entropyCoefficient, maxNorm } = settings;
    // The rows come in another order: sums differ in their last bits only.
    assert.ok(
      update.update(
        rollout,
        indices,
        0,
        rows,
        1e-3,
        clip,
        valueClip,
        entropyCoefficient,
        maxNorm,
        Number.POSITIVE_INFINITY,
      ),
    );
    near(update.statistics[0]!, (results['loss']!.data as Float32Array)[0]!, 'loss');
    near(update.statistics[6]!, (results['norm']!.data as Float32Array)[0]!, 'norm');
  });
  const differences = [
    greatestDifference('policy', sizes, policy.parameters, feeds),
    greatestDifference('value', valueSizes, value.parameters, feeds),
  ];
  assert.ok(Math.max(...differences) < 1e-5, `parameters differ by ${differences}`);
});
