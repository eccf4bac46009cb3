import type { Node } from '../../src/cluster/node.ts';
import type { StoredPodRun } from '../../src/history/cluster-reader.ts';
import type { ReplayRecord } from '../../src/learning/own-cluster/replay-plan.ts';
import { TableCurve } from '../../src/power-model/table-curve.ts';
import { RandomStream } from '../../src/util/rng.ts';

export const RECORD_FROM = Date.parse('2026-01-01T00:00:00Z');
const GIB = 2 ** 30;

/** Two efficient nodes and two old ones. */
export const recordedNodes: readonly Node[] = ['green-1', 'green-2', 'old-1', 'old-2'].map((name) => ({
  name,
  labels: {},
  cpuMilli: 16_000,
  memoryBytes: 64 * GIB,
  pods: 110,
  power: name.startsWith('green')
    ? new TableCurve([40, 70, 100], 'published')
    : new TableCurve([90, 200, 310], 'published'),
}));

/** Pods of Jobs that come for some hours and were placed at random, with room wherever they were. */
export function recordedRuns(count: number, seed = 1): readonly StoredPodRun[] {
  const random = new RandomStream(seed);
  let at = RECORD_FROM + 1000;
  return Array.from({ length: count }, (_, i): StoredPodRun => {
    at += 1000 + random.integer(60_000);
    const seconds = 60 + random.integer(600);
    const node = recordedNodes[random.integer(recordedNodes.length)]!.name;
    return {
      cluster: 'live',
      uid: `pod-${i}`,
      namespace: 'batch',
      pod: `job-${i}-x`,
      node,
      owner: 'Job',
      placeable: true,
      createdUnixMilliseconds: at,
      boundUnixMilliseconds: at + 500,
      startedUnixMilliseconds: at + 900,
      endedUnixMilliseconds: at + 500 + 1000 * seconds,
      endedAfterUnixMilliseconds: undefined,
      cpuMilli: 500 * (1 + random.integer(4)),
      memoryBytes: GIB * (1 + random.integer(4)),
      gpuCount: undefined,
      gpuMilliEach: undefined,
      extended: undefined,
      slackSeconds: 0,
      expectedSeconds: i % 2 === 0 ? seconds : undefined,
      scheduling: undefined,
      policy: i % 3 === 0 ? 'best-fit' : undefined,
      mode: undefined,
      cpu: { usedMicroseconds: 400_000 * seconds, meteredMilliseconds: 1000 * seconds },
      restarts: 0,
    };
  });
}

export function recordOf(pods: readonly StoredPodRun[], changes: Partial<ReplayRecord> = {}): ReplayRecord {
  const last = pods.reduce((most, { endedUnixMilliseconds = 0 }) => Math.max(most, endedUnixMilliseconds), 0);
  return {
    name: 'a recorded cluster',
    from: RECORD_FROM,
    to: last + 60_000,
    nodes: recordedNodes,
    bases: new Map(),
    pods,
    jobOf: (uid) => uid.replace('pod', 'job'),
    unwatchedMilliseconds: 0,
    ...changes,
  };
}
