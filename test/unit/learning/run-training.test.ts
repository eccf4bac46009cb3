import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { modelOf } from '../../../src/learning/model-card.ts';
import {
  type FinishedTraining,
  type RunTrainingOptions,
  runTraining,
} from '../../../src/learning/run-training.ts';
import { SavedFields } from '../../../src/learning/saved-state.ts';
import type { TrainingAlgorithm } from '../../../src/learning/trainer.ts';
import { trainingAlgorithms } from '../../../src/learning/training-algorithms.ts';
import { TrainingFolder, type TrainingRequest } from '../../../src/learning/training-folder.ts';
import { marginalRunOut } from '../../../src/policy/energy/marginal-run-out.ts';
import { replaceFile } from '../../../src/util/atomic-file.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import type { MeanEstimate } from '../../../src/util/statistics/mean-interval.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Draws weights: every step depends on all before, and costs nothing. */
const drawing: TrainingAlgorithm = {
  name: 'drawing',
  summary: 'draws',
  unit: 'draws',
  begin({ seed, steps, saved }) {
    const random = new RandomStream(seed);
    const weights = Float64Array.from(marginalRunOut.weights);
    let step = 0;
    if (saved !== undefined) {
      const fields = new SavedFields(saved);
      random.restore(fields.random('random'));
      fields.into('weights', weights);
      step = fields.number('step');
    }
    const validation = { generation: step, change: -0.1, upper: -0.05 };
    const policy = { name: 'drawn', weights, unit: 'points' } as const;
    return {
      get isDone() {
        return step >= steps;
      },
      step() {
        weights[step++ % weights.length]! += random.normal();
      },
      progress: () => ({
        step,
        steps,
        decisions: step,
        measures: { sigma: 1 },
        start: 'rule',
        last: undefined,
        best: validation,
      }),
      save: () => ({ random: random.state, weights, step }),
      result: () => ({ start: marginalRunOut, policy, isAccepted: true, validation }),
      report: () => ({ mean: -0.1, interval: undefined, count: 1 }) as unknown as MeanEstimate,
    };
  },
  stepsWithin: (seconds) => Math.floor(seconds),
};

const request: TrainingRequest = {
  plan: { kind: 'scenario', scenario: 'G', load: 0.6, clusterSeed: 0 },
  algorithm: 'drawing',
  seed: 3,
  steps: 4,
};

const signal = new AbortController().signal;
const clock = () => performance.now();

function run(folder: TrainingFolder, more: Partial<RunTrainingOptions> = {}) {
  return runTraining({
    folder,
    checkpoint: folder.load(),
    threads: 1,
    signal,
    clock,
    algorithms: [drawing],
    ...more,
  });
}

function begun(t: TestContext, more: Partial<TrainingRequest> = {}): TrainingFolder {
  const folder = new TrainingFolder(join(temporaryFolder(t), 'training'));
  folder.create({ ...request, ...more });
  return folder;
}

const hash = (finished: FinishedTraining | undefined) => modelOf(finished!).sha256;
const steps = (folder: TrainingFolder) => folder.readLog().map(({ step }) => step);

test('stopped after any step, damaged log and all, and gone on with, it ends with the same model', async (t) => {
  const whole = begun(t);
  const expected = hash(await run(whole));
  const folder = begun(t);
  for (let stops = 0; ; stops++) {
    const stop = new AbortController();
    const finished = await run(folder, { signal: stop.signal, onProgress: () => stop.abort() });
    // As if it had been killed while it logged what no checkpoint knows.
    folder.appendLog({ step: 99 });
    if (finished === undefined) continue;
    assert.equal(hash(finished), expected);
    assert.equal(stops, 3);
    break;
  }
  folder.cutLog(folder.load().logBytes);
  assert.deepEqual(steps(folder), [1, 2, 3, 4]);
  assert.deepEqual(steps(whole), [1, 2, 3, 4]);
});

test('evolution on a real twin goes on with the same bits too, with any number of threads', async (t) => {
  const es = { algorithm: 'es', steps: 2 };
  const own = { algorithms: trainingAlgorithms };
  const expected = hash(await run(begun(t, es), { ...own, threads: 2 }));
  const folder = begun(t, es);
  const stop = new AbortController();
  assert.equal(await run(folder, { ...own, signal: stop.signal, onProgress: () => stop.abort() }), undefined);
  assert.equal(hash(await run(folder, own)), expected);
});

test('hours become a number of steps once, which the checkpoint keeps: as many steps by hand give the same model', async (t) => {
  const folder = begun(t, { steps: { withinSeconds: 20 } });
  // A clock that is as fast as the machine of this test is not.
  let now = 0;
  const ticking = () => (now += 30);
  const stop = new AbortController();
  const first = await run(folder, { clock: ticking, signal: stop.signal, onProgress: () => stop.abort() });
  assert.equal(first, undefined);
  const { steps: kept } = folder.load().request;
  assert.ok(typeof kept === 'number' && kept >= 1, String(kept));
  const finished = await run(folder);
  assert.equal(finished!.request.steps, kept);
  assert.equal(hash(finished), hash(await run(begun(t, { steps: kept }))));
});

test('a disk that fills up stops it with a code, and the checkpoint before is whole', async (t) => {
  const folder = begun(t);
  let left = 2;
  const full = new TrainingFolder(folder.path, (path, bytes) => {
    if (left-- <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    replaceFile(path, bytes);
  });
  // Two checkpoints, then none: time flies, so that every step is saved.
  let now = 0;
  await assert.rejects(run(full, { clock: () => (now += 10_000) }), {
    code: 'KISIM_E_LEARNING_OUTPUT',
    found: /checkpoint\.bin: ENOSPC/,
  });
  assert.notEqual(folder.load().trainer, undefined);
  assert.equal(hash(await run(folder)), hash(await run(begun(t))));
});

test('a checkpoint cut short, of another version or not there is refused', async (t) => {
  const folder = begun(t);
  const file = join(folder.path, 'checkpoint.bin');
  const copy = join(folder.path, 'copy');
  copyFileSync(file, copy);
  truncateSync(file, 100);
  assert.throws(() => folder.load(), { code: 'KISIM_E_LEARNING_STATE' });
  const other = readFileSync(copy);
  other[8] = 99;
  writeFileSync(file, other);
  assert.throws(() => folder.load(), { code: 'KISIM_E_LEARNING_STATE', found: /version/ });
  assert.throws(() => new TrainingFolder(join(folder.path, 'nothing')).load(), {
    code: 'KISIM_E_LEARNING_FOLDER',
  });
});

test('a folder in which a training was begun is not begun in again', (t) => {
  const folder = begun(t);
  assert.throws(() => folder.create(request), { code: 'KISIM_E_LEARNING_FOLDER', found: /was begun there/ });
});
