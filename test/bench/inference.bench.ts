import { ClusterState } from '../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../src/cluster/feasible.ts';
import { scorerGraph } from '../../src/learning/onnx/scorer-graph.ts';
import { bidPrice } from '../../src/policy/energy/bid-price.ts';
import { TERM_COUNT, WAIT_TERM_COUNT } from '../../src/policy/energy/term-table.ts';
import { type WeightedRule, weightedPolicy } from '../../src/policy/energy/weighted-policy.ts';
import { learnedPolicy } from '../../src/policy/learned/learned-policy.ts';
import { checkModel } from '../../src/policy/learned/load-model.ts';
import { OnnxEngine } from '../../src/policy/learned/onnx-engine.ts';
import type { PolicyRun } from '../../src/policy/policy.ts';
import { writeOnnx } from '../../src/util/onnx/write-model.ts';
import { RandomStream } from '../../src/util/rng.ts';
import { quantileOfSorted } from '../../src/util/statistics/quantile.ts';
import { randomPod, SLEEP, server } from '../support/random-cluster.ts';
import { type Bench, type BenchFigure, median } from './bench.ts';

const goals = [
  { nodes: 1000, milliseconds: 3, decisions: 2000 },
  { nodes: 5000, milliseconds: 12, decisions: 1000 },
] as const;
/** Share of the nodes' CPU that is asked for. */
const FILL = 0.5;
const WARM_UP = 100;
/** What a daemon does between two pods; a thread that is always asked never goes to sleep. */
const PAUSE_MILLISECONDS = 1;

/** Weights on every term: nothing of a decision can be left out. */
function denseModel(seed: number): WeightedRule {
  const random = new RandomStream(seed);
  const weights = Float64Array.from({ length: TERM_COUNT }, () => random.normal());
  const waitWeights = Float64Array.from({ length: WAIT_TERM_COUNT }, () => random.normal());
  return { name: 'dense', weights, waitWeights, unit: 'points' };
}

function filledCluster(size: number, random: RandomStream): ClusterState {
  const nodes = Array.from({ length: size }, (_, i) => server(`node-${i}`, i % 3, SLEEP));
  const cluster = new ClusterState(nodes);
  const capacity = nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  const feasible = new Int32Array(size);
  let asked = 0;
  for (let id = 0; asked < FILL * capacity; id++) {
    const pod = randomPod(random, id);
    const count = feasibleNodes(cluster, pod, feasible);
    cluster.place(pod, feasible[random.integer(count)]!);
    asked += pod.cpuMilli;
  }
  return cluster;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));

/** A learned decision as the daemon makes it: terms, model in its thread, wait, guard. */
export const inferenceBench: Bench = {
  name: 'inference',
  what: 'time of a decision of a learned policy, with its guard',
  async run({ quick, seed, progress }) {
    const policy = denseModel(seed);
    const model = checkModel('bench', writeOnnx(scorerGraph({ policy, start: bidPrice('bid-price', 0.5) })));
    const engine = new OnnxEngine(model, 1000);
    await engine.ready;
    const figures: BenchFigure[] = [];
    const details: Record<string, number | string> = {
      fill: FILL,
      terms: TERM_COUNT,
      clock: 'wall time of the whole decision in the thread that asks',
    };
    for (const { nodes: goalNodes, milliseconds, decisions: goalDecisions } of goals) {
      const size = quick ? goalNodes / 50 : goalNodes;
      const decisions = quick ? 50 : goalDecisions;
      progress(`${size} nodes`);
      const random = new RandomStream(seed).fork(`${size} nodes`);
      const cluster = filledCluster(size, random);
      const learned = learnedPolicy({ name: 'learned', model, engine, guardShare: 0.5 });
      const context = { cluster, random: random.fork('ties') };
      const run = learned.start(context);
      const control = weightedPolicy(model.start, 'first').start(context);
      const feasible = new Int32Array(size);
      const times = { learned: [] as number[], rule: [] as number[] };
      for (let i = 0; i < WARM_UP + decisions; i++) {
        const pod = randomPod(random, 1_000_000 + i);
        const count = feasibleNodes(cluster, pod, feasible);
        const timed = (of: PolicyRun) => {
          const before = performance.now();
          of.choose(pod, { nodes: feasible, count, slackLeft: pod.slackSeconds });
          return performance.now() - before;
        };
        const [a, b] = [timed(run), timed(control)];
        cluster.now += 1;
        if (i >= WARM_UP) {
          times.learned.push(a);
          times.rule.push(b);
        }
        if (i % 10 === 0) await pause();
      }
      const p99 = (of: readonly number[]) => quantileOfSorted(Float64Array.from(of).sort(), 0.99);
      figures.push({
        what: `${size} nodes, 99 % of decisions within`,
        value: p99(times.learned),
        unit: 'ms',
        goal: milliseconds,
        direction: 'at-most',
        control: { what: 'its rule alone', value: p99(times.rule) },
      });
      details[`${size} nodes: median ms`] = median(times.learned);
      details[`${size} nodes: median ms of the rule`] = median(times.rule);
      details[`${size} nodes: unanswered`] = Object.values(learned.counts.unanswered).reduce(
        (a, b) => a + b,
        0,
      );
    }
    await engine.close();
    return { figures: [figures[0]!, ...figures.slice(1)], seeds: [seed], details };
  },
};
