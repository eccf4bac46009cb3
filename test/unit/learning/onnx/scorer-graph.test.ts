import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { scorerGraph } from '../../../../src/learning/onnx/scorer-graph.ts';
import { TERM_COUNT, WAIT_TERM_COUNT } from '../../../../src/policy/energy/term-table.ts';
import type { WeightedRule } from '../../../../src/policy/energy/weighted-policy.ts';
import { INPUT, MASKED_SCORE, OUTPUT } from '../../../../src/policy/learned/model-format.ts';
import { writeOnnx } from '../../../../src/util/onnx/write-model.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

const normals = (random: RandomStream, count: number) =>
  Float64Array.from({ length: count }, () => random.normal());

function ruleOf(random: RandomStream, waits: boolean): WeightedRule {
  return {
    name: 'drawn',
    weights: normals(random, TERM_COUNT),
    unit: 'points',
    ...(waits ? { waitWeights: normals(random, WAIT_TERM_COUNT) } : {}),
  };
}

test('onnxruntime computes what the scorer computes, scaled, masked, and for any number of nodes', async () => {
  const random = new RandomStream(5);
  for (const waits of [true, false]) {
    const policy = ruleOf(random, waits);
    const mean = normals(random, TERM_COUNT);
    const deviation = Float64Array.from({ length: TERM_COUNT }, () => random.uniform(0.1, 3));
    for (const scaling of [undefined, { mean, deviation }]) {
      const model = writeOnnx(
        scorerGraph({ policy, start: policy, ...(scaling === undefined ? {} : { scaling }) }),
      );
      const session = await InferenceSession.create(model);
      for (const nodes of [1, 7, 300]) {
        const terms = normals(random, TERM_COUNT * nodes);
        const mask = Uint8Array.from({ length: nodes }, () => random.integer(2));
        const waitTerms = normals(random, WAIT_TERM_COUNT);
        const out = await session.run({
          [INPUT.terms]: new Tensor('float64', terms, [TERM_COUNT, nodes]),
          [INPUT.mask]: new Tensor('bool', mask, [nodes]),
          [INPUT.waitTerms]: new Tensor('float64', waitTerms, [WAIT_TERM_COUNT]),
        });
        const scores = out[OUTPUT.scores]!.data as Float64Array;
        for (let i = 0; i < nodes; i++) {
          let score = 0;
          for (let t = 0; t < TERM_COUNT; t++) {
            const term = terms[t * nodes + i]!;
            score -= policy.weights[t]! * (scaling === undefined ? term : (term - mean[t]!) / deviation[t]!);
          }
          const expected = mask[i] === 1 ? score : MASKED_SCORE;
          assert.ok(
            Math.abs(scores[i]! - expected) <= 1e-12 * (1 + Math.abs(expected)),
            `${scores[i]} ${expected}`,
          );
        }
        const [wait] = out[OUTPUT.wait]!.data as Float64Array;
        const sum = policy.waitWeights?.reduce((total, weight, t) => total + weight * waitTerms[t]!, 0);
        assert.ok(Math.abs(wait! - (sum ?? -1)) < 1e-12);
      }
      await session.release();
    }
  }
});
