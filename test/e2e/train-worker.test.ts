import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runTrain } from '../../src/cli/commands/train.ts';
import { trainAsWorker } from '../../src/cli/train/worker.ts';
import type { ModelCard } from '../../src/learning/model-card.ts';
import { encodeOrder, type TrainingOrder } from '../../src/learning/remote/order.ts';
import { checkParcel, decodeParcel } from '../../src/learning/remote/parcel.ts';
import { decodeEnd, lastProgress } from '../../src/learning/remote/worker-notes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';

const order: TrainingOrder = {
  request: {
    plan: { kind: 'scenario', scenario: 'G', load: 0.6, clusterSeed: 0 },
    algorithm: 'es',
    steps: 1,
  },
  seeds: [0, 7],
  threads: 1,
};

test('a worker brings back what the same training here leaves', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'order');
  const terminationLog = join(folder, 'end');
  writeFileSync(path, encodeOrder(order));
  const host = fakeHost({ JOB_COMPLETION_INDEX: '1' });
  const out = join(folder, 'worker');
  const status = await trainAsWorker(
    { ...host, options: {}, args: [] },
    { order: path, out, terminationLog },
  );
  assert.equal(status, 0);
  const end = decodeEnd(readFileSync(terminationLog, 'utf8'));
  assert.equal(end?.kind, 'result');
  const parcel = decodeParcel(host.out(), end?.kind === 'result' ? end.sha256 : '', 'here');
  const { model } = checkParcel(parcel, order, 7, 'here');
  assert.deepEqual(lastProgress(host.err())?.step, 1);
  assert.equal(parcel.log, readFileSync(join(out, 'log.jsonl'), 'utf8'));

  const here = join(folder, 'here');
  const options = { scenario: 'G', seed: '7', steps: '1', workers: '1', out: here };
  assert.equal(await runTrain({ ...fakeHost(), options, args: [] }), 0);
  const card = JSON.parse(readFileSync(join(here, 'card.json'), 'utf8')) as ModelCard;
  assert.equal(model.sha256, card.model.sha256);
  assert.deepEqual(Buffer.from(parcel.onnx), readFileSync(join(here, 'model.onnx')));
  assert.deepEqual(parcel.card.report, card.report);
});

test('a worker that is asked to stop ends as one that has to be begun anew', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'order');
  const terminationLog = join(folder, 'end');
  writeFileSync(path, encodeOrder(order));
  const host = fakeHost({ JOB_COMPLETION_INDEX: '0' });
  const context = { ...host, signal: AbortSignal.abort(), options: {}, args: [] };
  const status = await trainAsWorker(context, { order: path, out: join(folder, 'out'), terminationLog });
  assert.equal(status, 143);
  assert.deepEqual(decodeEnd(readFileSync(terminationLog, 'utf8')), { kind: 'stopped' });
  assert.equal(host.out(), '');
});
