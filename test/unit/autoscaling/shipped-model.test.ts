import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { writeChangeMask } from '../../../src/autoscaling/environment.ts';
import { AutoscalingEpisode } from '../../../src/autoscaling/episode.ts';
import { evaluateAutoscaling } from '../../../src/autoscaling/evaluation.ts';
import { writeObservation } from '../../../src/autoscaling/observation-vector.ts';
import { patternOf } from '../../../src/autoscaling/patterns.ts';
import { HpaPolicy } from '../../../src/autoscaling/policies/hpa.ts';
import { loadLearnedPolicy } from '../../../src/autoscaling/policies/learned.ts';
import { placements } from '../../../src/autoscaling/policy.ts';
import { defaultProblem, replicaChanges } from '../../../src/autoscaling/problem.ts';
import type { AutoscalingCard } from '../../../src/cli/autoscale/card.ts';
import { shippedModel } from '../../../src/cli/autoscale/policies.ts';

const card = JSON.parse(readFileSync(shippedModel.replace('.onnx', '.card.json'), 'utf8')) as AutoscalingCard;

test('the card is of the file beside it, and of the problem as it is', () => {
  const sha256 = createHash('sha256').update(readFileSync(shippedModel)).digest('hex');
  assert.equal(card.model.sha256, sha256);
  assert.ok(shippedModel.endsWith(`/${card.model.file}`));
  assert.deepEqual(card.trained.problem, JSON.parse(JSON.stringify(defaultProblem)));
  assert.match(card.origin.command, /^kisimd autoscale --train --algorithm ppo --seed \d+ --steps \d+$/);
});

test('the figures of the card come out again from its seeds', async () => {
  const { seed, runs, patterns } = card.evaluation;
  const problem = { ...defaultProblem, patterns: ['spike'] as const };
  const policies = [new HpaPolicy(problem.limits), loadLearnedPolicy(shippedModel, 'ppo')];
  const results = await evaluateAutoscaling({ problem, policies, baselines: ['hpa'], runs, seed });
  const found = results.patterns[0]!;
  const told = patterns.find(({ pattern }) => pattern === 'spike')!;
  assert.deepEqual(found.seeds, told.seeds);
  for (const { policy, metrics, against } of found.policies) {
    const expected = told.policies.find((each) => each.policy === policy)!;
    for (const metric of ['p95Milliseconds', 'energyJoules', 'replicaHours'] as const) {
      assert.equal(Number(metrics[metric].mean.toPrecision(5)), expected.metrics[metric]!.mean, metric);
      if (policy === 'ppo')
        assert.equal(
          Number(against['hpa']![metric].mean.toPrecision(5)),
          expected.against['hpa']![metric]!.mean,
        );
    }
  }
});

test('onnxruntime decides as the program does', async () => {
  const policy = loadLearnedPolicy(shippedModel, 'ppo');
  const session = await InferenceSession.create(shippedModel);
  const episode = new AutoscalingEpisode(defaultProblem);
  episode.begin(patternOf(defaultProblem, 'periodic', 5), 5);
  const observation = new Float32Array(10);
  while (!episode.isOver) {
    const { gpu, cpu } = episode.simulation.stations;
    writeObservation(episode.observation, policy.form, observation);
    const mask = new Uint8Array(13).fill(1);
    writeChangeMask(gpu.replicas, policy.form.limits.gpu, mask, 0);
    writeChangeMask(cpu.replicas, policy.form.limits.cpu, mask, 5);
    const { actions } = await session.run({
      observation: new Tensor('float32', observation, [1, 10]),
      mask: new Tensor('bool', mask, [1, 13]),
    });
    const chosen = Array.from(actions!.data as BigInt64Array, Number);
    const decision = policy.decide(episode.observation);
    assert.equal(decision.gpuReplicas, gpu.replicas + replicaChanges[chosen[0]!]!);
    assert.equal(decision.cpuReplicas, cpu.replicas + replicaChanges[chosen[1]!]!);
    assert.equal(decision.placement, placements[chosen[2]!]!);
    episode.step(decision.gpuReplicas, decision.cpuReplicas, decision.placement);
  }
  await session.release();
});
