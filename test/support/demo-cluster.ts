import type { ClusterRecordSink } from '../../src/history/cluster-record-sink.ts';
import { START_UNIX_SECONDS } from './history-intervals.ts';

const start = START_UNIX_SECONDS * 1000;
const at = (second: number) => start + second * 1000;

/** Three pods on two nodes over the demo's first hour: one that runs on, one that ended, one whose end nobody saw. */
export function writeDemoCluster(sink: ClusterRecordSink): void {
  const pod = { namespace: 'shop', placeable: true, memoryBytes: 268_435_456, slackSeconds: 0 };
  sink.clusterWatched({ fromUnixMilliseconds: start, toUnixMilliseconds: at(1800) });
  sink.podRun({
    ...pod,
    uid: '5f1c',
    pod: 'web-7d9f',
    node: 'green-1',
    createdUnixMilliseconds: at(600),
    boundUnixMilliseconds: at(600) + 291,
    startedUnixMilliseconds: at(602),
    cpuMilli: 500,
    cpu: { usedMicroseconds: 130.5e6, meteredMilliseconds: 600_000 },
  });
  sink.podRun({
    ...pod,
    uid: '77aa',
    pod: 'batch-x2x4',
    node: 'old-1',
    createdUnixMilliseconds: at(720),
    boundUnixMilliseconds: at(725),
    startedUnixMilliseconds: at(726),
    endedUnixMilliseconds: at(1266),
    cpuMilli: 2000,
    restarts: 1,
  });
  sink.podRun({
    ...pod,
    uid: 'e001',
    pod: 'cache-0',
    node: 'green-1',
    createdUnixMilliseconds: at(10),
    cpuMilli: 250,
  });
  sink.podsPresent({ uids: ['5f1c'], unixMilliseconds: at(2400) });
  for (const [node, cores, curve] of [
    ['green-1', 16, [20, 60, 90]],
    ['old-1', 8, [95, 140, 180]],
  ] as const) {
    sink.nodeSeen({
      node,
      unixMilliseconds: start,
      cpuMilli: cores * 1000,
      memoryBytes: 2 ** 35,
      labels: { 'kubernetes.io/arch': 'amd64' },
      description: { pods: 110, power: { provenance: 'published', watts: curve } },
    });
    for (let minute = 0; minute < 30; minute++) {
      const watts = node === 'green-1' ? 24.5 : minute < 12 || minute > 20 ? 95 : 106.25;
      sink.nodeEnergy({
        node,
        unixSeconds: START_UNIX_SECONDS + minute * 60,
        microjoules: watts * 60e6,
        source: node === 'green-1' ? 'metered' : 'modelled',
        coveredMilliseconds: 60_000,
      });
    }
  }
  sink.clusterWatched({ fromUnixMilliseconds: at(2400), toUnixMilliseconds: at(3600) });
}
