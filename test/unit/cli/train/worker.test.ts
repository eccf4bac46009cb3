import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { trainAsWorker } from '../../../../src/cli/train/worker.ts';
import { encodeOrder, type TrainingOrder } from '../../../../src/learning/remote/order.ts';
import { decodeEnd } from '../../../../src/learning/remote/worker-notes.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeHost } from '../fake-host.ts';

const order: TrainingOrder = {
  request: {
    plan: { kind: 'scenario', scenario: 'G', load: 0.6, clusterSeed: 0 },
    algorithm: 'es',
    steps: 1,
  },
  seeds: [0, 7],
  threads: 1,
};

test('why a worker has no result is told where Kubernetes keeps it', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'order');
  const terminationLog = join(folder, 'end');
  const work = (index: string | undefined) => {
    const env = index === undefined ? {} : { JOB_COMPLETION_INDEX: index };
    const context = { ...fakeHost(env), options: {}, args: [] };
    return trainAsWorker(context, { order: path, out: join(folder, 'out'), terminationLog });
  };
  const told = () => decodeEnd(readFileSync(terminationLog, 'utf8'));
  await assert.rejects(work('0'), { code: 'KISIM_E_TRAINING_ORDER', message: /ENOENT/ });
  writeFileSync(path, encodeOrder(order));
  await assert.rejects(work('2'), { code: 'KISIM_E_TRAINING_ORDER' });
  const end = told();
  assert.equal(end?.kind === 'error' && end.error.code, 'KISIM_E_TRAINING_ORDER');
  assert.equal(end?.kind === 'error' && end.error.isFinal, true);
});
