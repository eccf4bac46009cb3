import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ClusterPower } from '../../../../src/policy/energy/cluster-power.ts';
import { TERM_COUNT, WAIT_TERM_COUNT } from '../../../../src/policy/energy/term-table.ts';
import { ALL_TERMS, TermMatrix } from '../../../../src/policy/energy/terms.ts';
import { WaitDecision } from '../../../../src/policy/energy/wait-decision.ts';
import { type WeightedRule, weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { standardMix } from '../../../../src/simulation/generators/pod-mix.ts';
import { generateWorkload } from '../../../../src/simulation/generators/workload.ts';
import { pricedKilowattHours } from '../../../../src/simulation/priced-energy.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { SLEEP, server } from '../../../support/random-cluster.ts';

const HOUR = 3600;

/** Every term weighs something. */
function densePoint(seed: number): WeightedRule {
  const random = new RandomStream(seed);
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.uniform(-0.3, 1));
  return { name: 'dense', unit: 'points', weights: draw(TERM_COUNT), waitWeights: draw(WAIT_TERM_COUNT) };
}

/** All terms of all decisions, and what came of them, as one number. */
function digestOf(sleeps: boolean, slackShare: number): string {
  const hash = createHash('sha256');
  const nodes = Array.from({ length: 9 }, (_, i) => server(`n${i}`, i % 3, sleeps ? SLEEP : undefined));
  const prediction = { kind: 'log-normal', sigma: 0.3 } as const;
  const workload = generateWorkload(
    {
      mix: standardMix,
      load: 0.6,
      capacityMilli: nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0),
      windowSeconds: 2 * HOUR,
      rhythm: { amplitude: 0.5, periodSeconds: 2 * HOUR, phaseSeconds: 0 },
      durationPrediction: prediction,
      usePrediction: prediction,
      slack: { share: slackShare, fromSeconds: 600, toSeconds: HOUR },
    },
    1,
  );
  const rule = densePoint(7);
  const watched: Policy = {
    name: 'watched',
    start(context) {
      const { cluster } = context;
      const power = new ClusterPower(cluster.nodes);
      const matrix = new TermMatrix(cluster, power, ALL_TERMS);
      const wait = new WaitDecision(cluster, power, rule.waitWeights!);
      const run = weightedPolicy(rule, 'first').start(context);
      const scores = new Float64Array(cluster.size);
      return {
        choose(pod, candidates) {
          const node = run.choose(pod, candidates);
          run.scores!(pod, candidates, scores);
          hash.update(scores.subarray(0, candidates.count));
          matrix.fill(pod, candidates);
          const { columns, stride } = matrix.decision;
          for (const term of ALL_TERMS)
            hash.update(columns.subarray(term * stride, term * stride + candidates.count));
          wait.waits(pod, candidates.nodes[0]!, 60);
          hash.update(wait.terms);
          hash.update(`${node}`);
          return node;
        },
        explain: (pod, node) => run.explain(pod, node),
      };
    },
  };
  const result = simulate({
    nodes,
    workload,
    policy: watched,
    seed: 1,
    options: {
      tickSeconds: 300,
      reconsider: 'tick',
      unplaced: 'queue',
      beginAsleep: true,
      seriesSeconds: 0,
      sloSeconds: 600,
    },
  });
  hash.update(Float64Array.of(result.energyJoules, result.decisions, pricedKilowattHours(result)));
  return hash.digest('hex').slice(0, 16);
}

/*
 * Trained weights, checkpoints and the figures of cards hold only as long as terms and scores stay the same to the last bit: whoever makes
 * them faster must not change one. Digests of before terms were kept by node.
 */
test('terms, scores and decisions are the same bits as ever, on nodes that sleep and on nodes that do not', () => {
  assert.deepEqual(
    [digestOf(false, 0), digestOf(true, 0), digestOf(true, 0.5)],
    ['7b70e1f81180f631', '2b3b832689065f6f', '6c72294734d4d063'],
  );
});
