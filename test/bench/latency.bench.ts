import { controlPlaneMissing } from '../cluster/support/needs.ts';
import type { Bench } from './bench.ts';
import { fakeClusterLatency } from './support/live/fake-cluster-latency.ts';
import type { LatencyGiven, LatencyResult } from './support/live/latency-run.ts';
import { quantile } from './support/live/quantile.ts';
import { runLive } from './support/live/run-live.ts';

const SERVER_NODES = 200;
const MANY_NODES = 5_000;

/**
 * How long a pod waits for its decision, and how much later it has its node for that. The daemon is a process of its own with
 * nothing set but where the cluster is.
 */
export const latencyBench: Bench = {
  name: 'latency',
  what: 'gate to decision in the daemon at 200 and 5,000 nodes, and the delay that it adds to pods',
  skip: () => controlPlaneMissing() || undefined,
  async run({ quick, seed, progress }) {
    const pairs = quick ? 60 : 1_000;
    const many = quick ? 60 : 1_000;
    const given: LatencyGiven = { nodes: SERVER_NODES, pairs, pairsPerSecond: 10, seed };
    const { report, warmUp, gated, ungated } = await runLive<LatencyResult>(
      'latency-run.ts',
      given,
      progress,
    );
    progress(`${MANY_NODES} nodes on the fake API server`);
    const { report: large, warmUp: largeWarmUp } = await fakeClusterLatency(MANY_NODES, many, 20, seed);
    const decisions = report.decisions.slice(warmUp);
    const largeDecisions = large.decisions.slice(largeWarmUp);
    const paired = gated.map((delay, i) => delay - ungated[i]!);
    const plain = quantile(ungated, 0.99);
    return {
      figures: [
        {
          what: 'p99 from the event with the gated pod to its patch, 200 nodes, real API server and scheduler',
          value: quantile(decisions, 0.99),
          unit: 'ms',
          goal: 20,
          direction: 'at-most',
          control: {
            what: 'the same until the answer to the patch',
            value: quantile(report.heldMilliseconds, 0.99),
          },
        },
        {
          what: 'the same with 5,000 nodes and 10,000 running pods, fake API server',
          value: quantile(largeDecisions, 0.99),
          unit: 'ms',
          goal: 100,
          direction: 'at-most',
          control: {
            what: 'the same until the answer to the patch',
            value: quantile(large.heldMilliseconds, 0.99),
          },
        },
        {
          what: 'added delay from creation to bound, p99 with the gate less p99 without',
          value: quantile(gated, 0.99) - plain,
          unit: 'ms',
          goal: 150,
          direction: 'at-most',
          control: { what: 'p99 from creation to bound without the gate', value: plain },
        },
      ],
      seeds: [seed],
      details: {
        pairs,
        'pairs a second': given.pairsPerSecond,
        'decisions measured, 200 nodes': decisions.length,
        'decisions measured, 5,000 nodes': largeDecisions.length,
        'to the patch, 200 nodes, p50, ms': quantile(decisions, 0.5),
        'to the patch, 200 nodes, greatest, ms': quantile(decisions, 1),
        'to the patch, 5,000 nodes, p50, ms': quantile(largeDecisions, 0.5),
        'to the patch, 5,000 nodes, greatest, ms': quantile(largeDecisions, 1),
        'creation to bound with the gate, p50 and p99, ms': [quantile(gated, 0.5), quantile(gated, 0.99)],
        'creation to bound without, p50 and p99, ms': [quantile(ungated, 0.5), plain],
        'difference of pairs created together, p50 and p99, ms': [
          quantile(paired, 0.5),
          quantile(paired, 0.99),
        ],
        'p99 with the gate less p50 without, ms': quantile(gated, 0.99) - quantile(ungated, 0.5),
        'CPU milliseconds of the daemon a pod, 200 nodes': (report.cpuSeconds * 1000) / report.placed,
        'to the patch, the first pods, greatest of both, ms': quantile(
          [...report.decisions.slice(0, warmUp), ...large.decisions.slice(0, largeWarmUp)],
          1,
        ),
        'freed without a node': Object.values(report.freed).reduce((sum, count) => sum + count, 0),
      },
    };
  },
};
