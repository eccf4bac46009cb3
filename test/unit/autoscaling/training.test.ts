import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AutoscalingEpisode } from '../../../src/autoscaling/episode.ts';
import { patternOf } from '../../../src/autoscaling/patterns.ts';
import { learnedPolicyOf, loadLearnedPolicy } from '../../../src/autoscaling/policies/learned.ts';
import {
  type AutoscalingAlgorithm,
  type AutoscalingTraining,
  autoscalingLearner,
  autoscalingModel,
  defaultAgentSettings,
} from '../../../src/autoscaling/training.ts';
import { networkGraph } from '../../../src/learning/onnx/network-graph.ts';
import { readNetworkModel } from '../../../src/learning/onnx/read-network.ts';
import { writeOnnx } from '../../../src/util/onnx/write-model.ts';
import { calmObservation, smallProblem } from '../../support/autoscaling.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const training = (algorithm: AutoscalingAlgorithm): AutoscalingTraining => ({
  problem: smallProblem,
  algorithm,
  settings: {
    environments: 4,
    ppo: { ...defaultAgentSettings.ppo, hidden: [8], rolloutSteps: 16, minibatch: 32, epochs: 2 },
    dqn: { ...defaultAgentSettings.dqn, hidden: [8], bufferSize: 500, learningStarts: 32, batchSize: 16 },
  },
  seed: 5,
  steps: 256,
});

for (const algorithm of ['ppo', 'dqn'] as const) {
  test(`${algorithm} learns; its model decides as the agent does, and is the same bytes from the same seed`, () => {
    const one = autoscalingLearner(training(algorithm));
    one.agent.trainUntil(256);
    const model = autoscalingModel(training(algorithm), one.agent);
    const again = autoscalingLearner(training(algorithm));
    again.agent.trainUntil(256);
    assert.equal(autoscalingModel(training(algorithm), again.agent).sha256, model.sha256);
    assert.equal(one.validate(one.agent), again.validate(again.agent));

    const policy = learnedPolicyOf(readNetworkModel(model.onnx, 'm'), 'm');
    assert.equal(policy.name, algorithm);
    assert.equal(policy.form.intervalSeconds, smallProblem.intervalSeconds);
    const episode = new AutoscalingEpisode(smallProblem);
    episode.begin(patternOf(smallProblem, 'random', 2), 2);
    const actionSize = algorithm === 'dqn' ? 75 : 13;
    while (!episode.isOver) {
      const { gpuReplicas, cpuReplicas, placement } = policy.decide(episode.observation);
      for (const replicas of [gpuReplicas, cpuReplicas]) assert.ok(replicas >= 1 && replicas <= 10);
      episode.step(gpuReplicas, cpuReplicas, placement);
    }
    const description = readNetworkModel(model.onnx, 'm').description;
    assert.equal(
      description.actions.reduce((sum, options) => sum + options, 0),
      actionSize,
    );
  });
}

test('a learned policy refuses to decide where one of the ten numbers is missing', () => {
  const learner = autoscalingLearner(training('ppo'));
  const { onnx } = autoscalingModel(training('ppo'), learner.agent);
  const policy = learnedPolicyOf(readNetworkModel(onnx, 'm'), 'm');
  for (const field of policy.needs)
    assert.throws(() => policy.decide({ ...calmObservation, [field]: undefined }), {
      code: 'KISIM_E_AUTOSCALE_METRIC',
      message: new RegExp(field),
    });
  policy.decide({ ...calmObservation, gpu: undefined, cpu: undefined });
});

test('a model of another kind, of another shape or with a form that is damaged is refused', (t) => {
  const learner = autoscalingLearner(training('ppo'));
  const { onnx } = autoscalingModel(training('ppo'), learner.agent);
  const { description, metadata } = readNetworkModel(onnx, 'm');
  const refused = (model: Uint8Array) =>
    assert.throws(() => learnedPolicyOf(readNetworkModel(model, 'm.onnx'), 'm.onnx'), {
      code: 'KISIM_E_AUTOSCALE_MODEL',
    });
  refused(writeOnnx(networkGraph('x', description, {})));
  refused(writeOnnx(networkGraph('x', description, { ...metadata, 'kisimd.autoscaling': '{}' })));
  refused(writeOnnx(networkGraph('x', description, { ...metadata, 'kisimd.autoscaling': '{' })));
  refused(writeOnnx(networkGraph('x', { ...description, masked: false }, metadata)));
  const path = join(temporaryFolder(t), 'model.onnx');
  writeFileSync(path, onnx);
  assert.equal(loadLearnedPolicy(path, 'mine').name, 'mine');
  assert.throws(() => loadLearnedPolicy('/nonexistent.onnx'), { code: 'KISIM_E_LEARNING_MODEL' });
});
