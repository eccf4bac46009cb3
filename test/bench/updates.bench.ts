import type { Tensor } from 'onnxruntime-node';
import { loadAddon } from '../../src/native/addon.ts';
import { flags, floats, indices64, onnxSession, scalar } from '../support/onnx-session.ts';
import {
  adamCorrections,
  dqnTrainingGraph,
  parameterViews,
  ppoTrainingGraph,
} from '../support/onnx-training.ts';
import { dqnProblem, ppoProblem } from '../support/training-problems.ts';
import { type Bench, type BenchFigure, median } from './bench.ts';

const RATE = 1e-4;
const PPO = { clip: 0.2, valueClip: 0.2, valueCoefficient: 0.5, entropyCoefficient: 0.01, maxNorm: 0.5 };

/** Multiply-adds of one pass of one row through the layers, and without the first layer. */
function weightsOf(sizes: readonly number[]): { readonly all: number; readonly behindFirst: number } {
  let all = 0;
  for (let i = 0; i + 1 < sizes.length; i++) all += sizes[i]! * sizes[i + 1]!;
  return { all, behindFirst: all - sizes[0]! * sizes[1]! };
}

interface Case {
  readonly what: string;
  readonly goal: number;
  /** Operations of the matrix products alone (2 a multiply-add): nothing for the loss, the clip or the optimiser. */
  readonly operations: number;
  native(): void;
  onnx(): Promise<unknown>;
}

function stateFeeds(name: string, sizes: readonly number[], flat: Float32Array, moments: boolean) {
  const feeds: Record<string, Tensor> = {};
  for (const [each, { data, dims }] of parameterViews(name, sizes, flat)) {
    feeds[each] = floats(data.slice(), dims);
    if (!moments) continue;
    feeds[`m.${each}`] = floats(new Float32Array(data.length), dims);
    feeds[`v.${each}`] = floats(new Float32Array(data.length), dims);
  }
  return feeds;
}

/** Runs a graph on its own results again and again, as a training does. */
function stepper(session: Awaited<ReturnType<typeof onnxSession>>, feeds: Record<string, Tensor>) {
  let step = 0;
  return async () => {
    const { rate, root } = adamCorrections(RATE, ++step);
    feeds['rate'] = scalar(rate);
    feeds['root'] = scalar(root);
    const results = await session.run(feeds);
    for (const [name, tensor] of Object.entries(results))
      if (name.endsWith("'")) feeds[name.slice(0, -1)] = tensor as Tensor;
  };
}

async function dqnCase(sizes: readonly number[], rows: number, goal: number, seed: number): Promise<Case> {
  const { online, target, batch, update } = dqnProblem(sizes, rows, seed);
  const session = await onnxSession(dqnTrainingGraph({ sizes, rows, maxNorm: 10, epsilon: 1e-5 }));
  const weights = weightsOf(sizes);
  return {
    what: `double DQN ${sizes.join('-')}, batch ${rows}`,
    goal,
    // Three forwards, the gradients of the weights, and those of what entered every layer but the first.
    operations: 2 * rows * (4 * weights.all + weights.behindFirst),
    native: () => update.update(batch, RATE, 10),
    onnx: stepper(session, {
      ...stateFeeds('online', sizes, online.parameters, true),
      ...stateFeeds('target', sizes, target.parameters, false),
      x: floats(batch.observations.slice(), [rows, sizes[0]!]),
      next: floats(batch.nextObservations.slice(), [rows, sizes[0]!]),
      chosen: indices64(batch.actions),
      rewards: floats(batch.rewards.slice(), [rows]),
      discounts: floats(batch.discounts.slice(), [rows]),
      nextMasks: flags(batch.nextMasks.slice(), [rows, sizes.at(-1)!]),
      weights: floats(batch.weights.slice(), [rows]),
    }),
  };
}

async function ppoCase(sizes: readonly number[], rows: number, goal: number, seed: number): Promise<Case> {
  const { policy, value, rollout, indices, update } = ppoProblem(sizes, rows, seed);
  const valueSizes = [...sizes.slice(0, -1), 1];
  const session = await onnxSession(ppoTrainingGraph({ sizes, rows, ...PPO, epsilon: 1e-5 }));
  const operations = [sizes, valueSizes]
    .map(weightsOf)
    .reduce((sum, weights) => sum + 2 * rows * (2 * weights.all + weights.behindFirst), 0);
  const limit = Number.POSITIVE_INFINITY;
  const { clip, valueClip, entropyCoefficient, maxNorm } = PPO;
  return {
    what: `PPO ${sizes.join('-')} and as much for the value, batch ${rows}`,
    goal,
    operations,
    native: () =>
      update.update(rollout, indices, 0, rows, RATE, clip, valueClip, entropyCoefficient, maxNorm, limit),
    onnx: stepper(session, {
      ...stateFeeds('policy', sizes, policy.parameters, true),
      ...stateFeeds('value', valueSizes, value.parameters, true),
      x: floats(rollout.observations.slice(), [rows, sizes[0]!]),
      chosen: indices64(rollout.actions),
      masks: flags(rollout.masks.slice(), [rows, sizes.at(-1)!]),
      oldLogs: floats(rollout.logProbabilities.slice(), [rows]),
      advantages: floats(rollout.advantages.slice(), [rows]),
      oldValues: floats(rollout.values.slice(), [rows]),
      returns: floats(rollout.returns.slice(), [rows]),
    }),
  };
}

const cpuMicroseconds = (before: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

/** One update against the time that the processor needs for its multiply-adds alone, and beside the plain-ONNX step. */
export const updatesBench: Bench = {
  name: 'updates',
  what: 'one update of DQN and PPO against the arithmetic bound of one core',
  async run({ quick, seed, progress }) {
    const addon = loadAddon();
    const set = addon.instructionSets().at(-1)!;
    const rounds = quick ? 3 : 21;
    const cases = [
      await dqnCase([4, 64, 64, 2], 64, 0.4, seed),
      await dqnCase([64, 128, 128, 32], 64, 0.55, seed + 1),
      await dqnCase([128, 256, 256, 64], 256, 0.65, seed + 2),
      await ppoCase([64, 64, 64, 32], 256, 0.5, seed + 3),
    ];
    const measured = cases.map((each) => ({
      each,
      native: [] as number[],
      share: [] as number[],
      onnx: [] as number[],
    }));
    const peaks: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      progress(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
      for (const { each, native, share, onnx } of measured) {
        // The peak right before and after: the clock of the core changes with what else the machine does.
        const before = addon.measurePeak(set, 0.005);
        // About 20 ms of each engine a round.
        const repeats = Math.max(2, Math.round(2e9 / each.operations));
        let start = process.cpuUsage();
        for (let i = 0; i < repeats; i++) each.native();
        const nativeMicroseconds = cpuMicroseconds(start) / repeats;
        const peak = Math.max(before, addon.measurePeak(set, 0.005));
        start = process.cpuUsage();
        const fewer = Math.max(2, Math.round(repeats / 5));
        for (let i = 0; i < fewer; i++) await each.onnx();
        const onnxMicroseconds = cpuMicroseconds(start) / fewer;
        if (round === 0) continue;
        peaks.push(peak);
        native.push(nativeMicroseconds);
        share.push(each.operations / peak / (nativeMicroseconds * 1e-6));
        onnx.push(onnxMicroseconds);
      }
    }
    const figures = measured.map(
      ({ each, share, onnx }): BenchFigure => ({
        what: `${each.what}: share of the arithmetic bound`,
        value: median(share),
        unit: '',
        goal: each.goal,
        direction: 'at-least',
        control: { what: 'the same step as a plain ONNX graph in onnxruntime, CPU us', value: median(onnx) },
      }),
    ) as [BenchFigure, ...BenchFigure[]];
    const details: Record<string, number | string> = {
      instructions: set,
      'peak of one core GFlop/s (median)': median(peaks) / 1e9,
      rounds,
      clock: 'CPU time of the process, user and system',
      bound:
        'operations of the matrix products (three forwards of a double DQN) over the peak measured beside them',
    };
    for (const { each, native, onnx } of measured) {
      details[`${each.what}: CPU us`] = median(native);
      details[`${each.what}: bound us`] = (each.operations / median(peaks)) * 1e6;
      details[`${each.what}: times as fast as ONNX`] = median(onnx) / median(native);
    }
    return { figures, seeds: [seed, seed + 1, seed + 2, seed + 3], details };
  },
};
