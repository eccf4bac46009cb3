import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Agent } from '../../../src/learning/agent.ts';
import { Ppo } from '../../../src/learning/algorithms/ppo.ts';
import { Identity } from '../../../src/learning/environments/identity.ts';
import { encodeState } from '../../../src/learning/saved-state.ts';
import { type TrainAgentOptions, trainAgent } from '../../../src/learning/train-agent.ts';
import { TrainingFolder } from '../../../src/learning/training-folder.ts';
import { VectorEnvironment } from '../../../src/learning/vector-environment.ts';
import { replaceFile } from '../../../src/util/atomic-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

type Request = { readonly seed: number };
const STEPS = 320;

const agentOf = () =>
  new Ppo(new VectorEnvironment([new Identity({ actions: [4] }), new Identity({ actions: [4] })]), {
    rolloutSteps: 16,
    minibatch: 16,
    hidden: [8],
    totalSteps: STEPS,
    seed: 3,
  });

/** Better and worse again, so that the best is neither the first nor the last. */
const validate = (agent: Agent) => -Math.abs(agent.steps - 200);

function optionsOf(t: TestContext, features = 'test'): TrainAgentOptions<Request> {
  const folder = new TrainingFolder<Request>(join(temporaryFolder(t), 'training'), replaceFile, features);
  return {
    folder,
    checkpoint: folder.create({ seed: 3 }),
    agent: agentOf(),
    steps: STEPS,
    validateEvery: 64,
    validate,
    signal: new AbortController().signal,
    clock: () => 0,
  };
}

test('an agent is trained to the end and handed back as it was at its best validation', async (t) => {
  const options = optionsOf(t);
  const trained = await trainAgent(options);
  assert.deepEqual(trained?.best, { step: 192, score: -8 });
  assert.deepEqual(trained.last, { step: 320, score: -120 });
  assert.equal(trained.agent.steps, 192);
  assert.equal(options.folder.readLog().length, 5);
});

test('stopped and gone on with, a training ends with the same bits and the same log', async (t) => {
  const whole = optionsOf(t);
  const expected = await trainAgent(whole);
  const options = optionsOf(t);
  const stop = new AbortController();
  const first = await trainAgent({
    ...options,
    signal: stop.signal,
    onProgress: ({ step }) => {
      if (step >= 128) stop.abort();
    },
  });
  assert.equal(first, undefined);
  const again = new TrainingFolder<Request>(options.folder.path, replaceFile, 'test');
  const checkpoint = again.load();
  assert.deepEqual(checkpoint.request, { seed: 3 });
  const trained = await trainAgent({ ...options, folder: again, checkpoint, agent: agentOf() });
  assert.deepEqual(encodeState(trained!.agent.save()), encodeState(expected!.agent.save()));
  assert.deepEqual(trained!.best, expected!.best);
  const log = (folder: TrainingFolder<Request>) => readFileSync(join(folder.path, 'log.jsonl'), 'utf8');
  assert.equal(log(again), log(whole.folder));
});

test('a training of other features is not gone on with', (t) => {
  const { folder } = optionsOf(t, 'ten numbers');
  assert.throws(() => new TrainingFolder<Request>(folder.path, replaceFile, 'eleven').load(), {
    code: 'KISIM_E_LEARNING_CHECKPOINT',
  });
});

test('validations that are never or not whole are refused', async (t) => {
  await assert.rejects(trainAgent({ ...optionsOf(t), validateEvery: 0 }), {
    code: 'KISIM_E_LEARNING_SETTINGS',
  });
});
