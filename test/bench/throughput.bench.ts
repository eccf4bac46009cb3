import { controlPlaneMissing } from '../cluster/support/needs.ts';
import type { Bench } from './bench.ts';
import { runLive } from './support/live/run-live.ts';
import type { ThroughputGiven, ThroughputResult } from './support/live/throughput-run.ts';

const GOAL_PER_SECOND = 300;
const SHARE_OF_SCHEDULER = 0.9;

/** How many pods that wait a daemon decides and patches in a second, beside what the real scheduler binds of the same pods. */
export const throughputBench: Bench = {
  name: 'throughput',
  what: 'pods decided and patched a second, beside what the real scheduler binds',
  skip: () => controlPlaneMissing() || undefined,
  async run({ quick, progress }) {
    const given: ThroughputGiven = { nodes: 200, pods: quick ? 300 : 5_000 };
    const result = await runLive<ThroughputResult>('throughput-run.ts', given, progress);
    const { schedulerPerSecond, placedPerSecond, besidePlacedPerSecond, report, besideReport } = result;
    const freed = [report, besideReport].flatMap((each) => Object.values(each.freed));
    return {
      figures: [
        {
          what: 'gated pods decided and patched, real API server',
          value: placedPerSecond,
          unit: 'pods/s',
          // Either of the two is enough.
          goal: Math.min(GOAL_PER_SECOND, SHARE_OF_SCHEDULER * schedulerPerSecond),
          direction: 'at-least',
          control: { what: 'the same pods bound by the real scheduler', value: schedulerPerSecond },
        },
        {
          what: 'of all pods, those that were placed by decision',
          value: (100 * (report.placed + besideReport.placed)) / (2 * given.pods),
          unit: '%',
          goal: 100,
          direction: 'at-least',
          control: { what: 'pods', value: 2 * given.pods },
        },
      ],
      seeds: [],
      details: {
        nodes: given.nodes,
        pods: given.pods,
        'with the scheduler binding them at the same time, pods/s': besidePlacedPerSecond,
        'CPU milliseconds of the daemon a pod': (report.cpuSeconds * 1000) / given.pods,
        'freed without a node': freed.reduce((sum, count) => sum + count, 0),
        conflicts: report.conflicts,
      },
    };
  },
};
