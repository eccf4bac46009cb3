import type { CollectionSink } from '../../src/history/collection-record.ts';
import { START_UNIX_SECONDS } from './history-intervals.ts';

const at = (second: number) => (START_UNIX_SECONDS + second) * 1000;

/** The Job whose pod the demo's cluster has, one that never ran, and the cluster every five minutes. */
export function writeDemoCollection(sink: CollectionSink): void {
  sink.collected({
    kind: 'collection',
    record: {
      fromUnixMilliseconds: at(600),
      toUnixMilliseconds: at(1500),
      ended: 'finished',
      intervalMilliseconds: 300_000,
      samples: 4,
      createdJobs: 0,
    },
  });
  const job = {
    namespace: 'shop',
    submittedUnixMilliseconds: at(718),
    parallelism: 1,
    completions: 1,
    seenUnixMilliseconds: at(1270),
  };
  sink.collected({
    kind: 'job',
    record: {
      ...job,
      uid: '70b0',
      name: 'batch',
      startedUnixMilliseconds: at(720),
      endedUnixMilliseconds: at(1267),
      status: 'Succeeded',
      cpuMilli: 2000,
      memoryBytes: 268_435_456,
      cpuLimitMilli: 2000,
      succeeded: 1,
      failed: 0,
      type: 'etl',
      queueName: 'night',
    },
  });
  sink.collected({
    kind: 'job',
    record: {
      ...job,
      uid: '70b1',
      name: 'later',
      status: 'Suspended',
      cpuMilli: 500,
      succeeded: 0,
      failed: 0,
    },
  });
  sink.collected({
    kind: 'job-pod',
    record: {
      uid: '77aa',
      jobUid: '70b0',
      scheduler: 'default-scheduler',
      phase: 'Succeeded',
      scheduledUnixMilliseconds: at(725),
      finishedUnixMilliseconds: at(1266),
      exitCode: 0,
      isOomKilled: false,
      seenUnixMilliseconds: at(1266),
    },
  });
  for (const [type, second, waitMilliseconds] of [
    ['submitted', 718, undefined],
    ['started', 720, 2000],
    ['completed', 1267, undefined],
  ] as const) {
    sink.collected({
      kind: 'scheduling-event',
      record: {
        unixMilliseconds: at(second),
        jobUid: '70b0',
        namespace: 'shop',
        object: 'Job/batch',
        type,
        waitMilliseconds,
        told: `70b0/${type}`,
      },
    });
  }
  for (const [second, running, usedCpuMilli] of [
    [600, 0, undefined],
    [900, 1, 2310.5],
    [1200, 1, 2250],
    [1500, 0, 260],
  ] as const) {
    sink.collected({
      kind: 'cluster-state',
      record: {
        unixMilliseconds: at(second),
        nodes: 2,
        readyNodes: 2,
        cpuMilli: 24_000,
        memoryBytes: 2 ** 36,
        gpus: 0,
        askedCpuMilli: 750 + running * 2000,
        askedMemoryBytes: (2 + running) * 268_435_456,
        askedGpus: 0,
        usedCpuMilli,
        runningPods: 2 + running,
        waitingPods: 0,
        runningJobs: running,
        pendingJobs: 0,
        suspendedJobs: second > 718 ? 1 : 0,
      },
    });
  }
}
