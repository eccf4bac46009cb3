import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../src/cluster/cluster-state.ts';
import { perNodePlugin } from '../../../src/policy/per-node-plugin.ts';
import type { ScorePlugin } from '../../../src/policy/score-plugin.ts';
import { scoringPolicy } from '../../../src/policy/scoring-policy.ts';
import { chosen, scoresOf, startOn } from '../../support/chosen.ts';
import { podOf, server } from '../../support/random-cluster.ts';

const cluster = new ClusterState(['a', 'b', 'c'].map((name) => server(name, 0)));
const pod = podOf(0);

function table(name: string, points: readonly number[]): ScorePlugin {
  return perNodePlugin(name, () => (_cluster, _pod, node) => points[node]!);
}

/** Brings the greatest to 100, as most plugins of Kubernetes do. */
function normalised(plugin: ScorePlugin): ScorePlugin {
  return {
    name: plugin.name,
    start: (context) => {
      const run = plugin.start(context);
      return {
        score: (...all) => run.score(...all),
        explain: (...all) => run.explain(...all),
        normalise: (out, count) => {
          const most = Math.max(...out.subarray(0, count));
          for (let i = 0; i < count; i++) out[i] = (100 * out[i]!) / most;
        },
      };
    },
  };
}

test('scores are weighted and summed', () => {
  const policy = scoringPolicy(
    'mix',
    [
      { plugin: table('x', [1, 2, 3]), weight: 2 },
      { plugin: table('y', [30, 10, 0]), weight: 0.5 },
    ],
    'first',
  );
  assert.deepEqual(scoresOf(policy, cluster, pod), [17, 9, 6]);
  assert.equal(chosen(policy, cluster, pod), 0);
  assert.deepEqual(startOn(policy, cluster).explain(pod, 0), [
    { term: 'x', amount: 2, unit: 'points' },
    { term: 'y', amount: 15, unit: 'points' },
  ]);
});

test('a plugin that normalises is weighted behind that, and explained so', () => {
  const policy = scoringPolicy(
    'mix',
    [
      { plugin: normalised(table('x', [1, 2, 4])), weight: 3 },
      { plugin: table('y', [1, 0, 0]), weight: 1 },
    ],
    'first',
  );
  assert.deepEqual(scoresOf(policy, cluster, pod), [76, 150, 300]);
  assert.deepEqual(startOn(policy, cluster).explain(pod, 1), [
    { term: 'x', amount: 150, unit: 'points' },
    { term: 'y', amount: 0, unit: 'points' },
  ]);
});

test('plugins hear of every change, and their state is saved and restored', () => {
  const heard: string[] = [];
  const plugin: ScorePlugin = {
    name: 'books',
    start: () => {
      let state = 0;
      return {
        score: (_pod, { count }, out) => out.fill(state, 0, count),
        explain: () => [],
        placed: (_pod, node) => {
          state = 1;
          heard.push(`placed ${node}`);
        },
        removed: (_pod, node) => heard.push(`removed ${node}`),
        save: () => state,
        restore: (saved) => {
          state = saved as number;
        },
      };
    },
  };
  const run = startOn(scoringPolicy('books', [{ plugin, weight: 1 }], 'first'), cluster);
  run.placed!(pod, 2);
  run.removed!(pod, 2);
  assert.deepEqual(heard, ['placed 2', 'removed 2']);
  const other = startOn(scoringPolicy('books', [{ plugin, weight: 1 }], 'first'), cluster);
  other.restore!(JSON.parse(JSON.stringify(run.save!())));
  const out = new Float64Array(3);
  other.scores!(pod, { nodes: Int32Array.of(0, 1, 2), count: 3 }, out);
  assert.deepEqual(Array.from(out), [1, 1, 1]);
});
