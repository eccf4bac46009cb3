import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readEvent } from '../../../../src/kubernetes/collect/event-reader.ts';
import { readJobPod } from '../../../../src/kubernetes/collect/job-pod-reader.ts';
import { readJob } from '../../../../src/kubernetes/collect/job-reader.ts';
import type { KubeObject } from '../../../../src/kubernetes/kube-object.ts';
import { PodReader } from '../../../../src/kubernetes/pod-reader.ts';

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const ms = (second: number) => Date.parse(at(second));

const container = (more: object = {}) => ({
  name: 'main',
  image: 'x',
  resources: { requests: { cpu: '1500m', memory: '1Gi', 'nvidia.com/gpu': '2' }, limits: { memory: '2Gi' } },
  ...more,
});

function job(changes: { metadata?: object; spec?: object; status?: object } = {}): KubeObject {
  return {
    metadata: {
      name: 'etl-1',
      namespace: 'batch',
      uid: 'j-1',
      resourceVersion: '1',
      creationTimestamp: at(0),
      ...changes.metadata,
    },
    spec: { template: { spec: { containers: [container()] } }, ...changes.spec },
    status: changes.status ?? {},
  };
}

describe('a Job', () => {
  test('tells what a pod of it asks for and may take, and nothing that it does not say', () => {
    const read = readJob(job());
    assert.equal(read.cpuMilli, 1500);
    assert.equal(read.memoryBytes, 2 ** 30);
    assert.equal(read.gpuCount, 2);
    assert.equal(read.memoryLimitBytes, 2 ** 31);
    for (const name of [
      'cpuLimitMilli',
      'priority',
      'queueName',
      'userName',
      'type',
      'expectedSeconds',
      'completions',
    ] as const)
      assert.equal(read[name], undefined, name);
    const none = readJob(job({ spec: { template: { spec: { containers: [{ name: 'a', image: 'x' }] } } } }));
    assert.equal(none.cpuMilli, undefined);
    assert.equal(none.memoryBytes, undefined);
  });

  test('several containers add up; a limit that one of them lacks is none', () => {
    const limited = container({ resources: { limits: { cpu: '1', memory: '1Gi' } } });
    const two = (other: object) =>
      readJob(
        job({ spec: { template: { spec: { containers: [limited, { ...limited, name: 'b', ...other }] } } } }),
      );
    assert.equal(two({}).cpuMilli, 2000);
    assert.equal(two({}).cpuLimitMilli, 2000);
    assert.equal(two({ resources: {} }).cpuLimitMilli, undefined);
  });

  test('labels and annotations of others are understood', () => {
    const read = readJob(
      job({
        metadata: {
          labels: { 'kueue.x-k8s.io/queue-name': 'night', priority: '7', user: 'ada' },
          annotations: { 'skrueue.ai/job-type': 'spark', 'kisimd.io/expected-duration': '90s' },
        },
      }),
    );
    assert.deepEqual(
      [read.queueName, read.priority, read.userName, read.type, read.expectedSeconds],
      ['night', 7, 'ada', 'spark', 90],
    );
  });

  test('a template that names classes is read, although nothing is known of them', () => {
    const spec = {
      template: {
        spec: { runtimeClassName: 'gvisor', priorityClassName: 'high', containers: [container()] },
      },
    };
    assert.equal(readJob(job({ spec })).priorityClass, 'high');
  });

  test('its events are told again by the same words, whatever came after', () => {
    const suspended = {
      type: 'Suspended',
      status: 'True',
      reason: 'JobSuspended',
      lastTransitionTime: at(1),
    };
    const first = readJob(
      job({
        spec: { suspend: true, template: { spec: { containers: [container()] } } },
        status: { conditions: [suspended] },
      }),
    );
    assert.deepEqual(
      first.events.map(({ type, told }) => [type, told]),
      [
        ['submitted', 'j-1/submitted'],
        ['suspended', `j-1/suspended/${ms(1)}`],
      ],
    );
    assert.ok(first.isSuspended);
    const done = readJob(
      job({
        status: {
          startTime: at(5),
          completionTime: at(30),
          succeeded: 1,
          conditions: [
            { ...suspended, status: 'False', reason: 'JobResumed', lastTransitionTime: at(5) },
            { type: 'Complete', status: 'True', reason: 'CompletionsReached', lastTransitionTime: at(31) },
          ],
        },
      }),
    );
    assert.deepEqual(
      done.events.map(({ type, unixMilliseconds, waitMilliseconds }) => [
        type,
        unixMilliseconds - ms(0),
        waitMilliseconds,
      ]),
      [
        ['submitted', 0, undefined],
        ['admitted', 5000, 5000],
        ['started', 5000, 5000],
        ['completed', 30_000, undefined],
      ],
    );
    assert.equal(done.ended, 'Succeeded');
    assert.equal(done.endedUnixMilliseconds, ms(30));
    assert.equal(done.reason, 'CompletionsReached');
  });

  test('one that failed ended when its condition says so', () => {
    const read = readJob(
      job({
        status: {
          failed: 2,
          conditions: [
            { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', lastTransitionTime: at(9) },
          ],
        },
      }),
    );
    assert.equal(read.ended, 'Failed');
    assert.equal(read.endedUnixMilliseconds, ms(9));
    assert.deepEqual(read.events.at(-1)!.type, 'failed');
  });
});

describe("a Job's pod", () => {
  const reader = new PodReader();
  const pod = (status: object, owner: object = {}): KubeObject => ({
    metadata: {
      name: 'etl-1-x',
      namespace: 'batch',
      uid: 'p-1',
      resourceVersion: '1',
      creationTimestamp: at(0),
      ownerReferences: [{ kind: 'Job', name: 'etl-1', uid: 'j-1', controller: true, ...owner }],
    },
    spec: { nodeName: 'n1', schedulerName: 'default-scheduler', priority: 5, containers: [container()] },
    status,
  });
  const terminated = (more: object) => ({
    phase: 'Failed',
    containerStatuses: [
      { state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: at(40), ...more } } },
    ],
  });

  test('tells when it was scheduled, when its last container ended and how', () => {
    const read = readJobPod(
      pod({
        phase: 'Succeeded',
        conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: at(2) }],
        containerStatuses: [
          { state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: at(20) } } },
          { state: { terminated: { exitCode: 3, reason: 'Error', finishedAt: at(25) } } },
        ],
      }),
      reader,
      undefined,
    )!;
    assert.equal(read.jobUid, 'j-1');
    assert.equal(read.scheduledUnixMilliseconds, ms(2));
    assert.equal(read.finishedUnixMilliseconds, ms(25));
    assert.equal(read.exitCode, 3);
    assert.equal(read.isOomKilled, false);
    assert.equal(read.reason, 'Error');
    assert.equal(read.priority, 5);
    assert.ok(read.hasEnded && !read.isRunning);
  });

  test('was killed for memory where any container was, also one that runs again', () => {
    const now = readJobPod(pod(terminated({ exitCode: 137, reason: 'OOMKilled' })), reader, undefined)!;
    assert.equal(now.isOomKilled, true);
    assert.equal(now.oomUnixMilliseconds, ms(40));
    const again = {
      phase: 'Running',
      containerStatuses: [
        { state: { running: {} }, lastState: { terminated: { reason: 'OOMKilled', finishedAt: at(7) } } },
      ],
    };
    assert.equal(readJobPod(pod(again), reader, undefined)!.isOomKilled, true);
  });

  test('of one that has not run nothing is said of its memory, nor of an end', () => {
    const read = readJobPod(pod({ phase: 'Pending' }), reader, undefined)!;
    assert.equal(read.isOomKilled, undefined);
    assert.equal(read.finishedUnixMilliseconds, undefined);
    assert.equal(read.exitCode, undefined);
    assert.equal(
      readJobPod(pod({ phase: 'Failed' }), reader, undefined)!.finishedUnixMilliseconds,
      undefined,
    );
  });

  test('a kubelet that tells of no containers tells of the end by a condition', () => {
    const conditions = [
      { type: 'ContainersReady', status: 'False', reason: 'PodCompleted', lastTransitionTime: at(33) },
    ];
    assert.equal(
      readJobPod(pod({ phase: 'Succeeded', conditions }), reader, undefined)!.finishedUnixMilliseconds,
      ms(33),
    );
  });

  test('one that no Job controls is none', () => {
    assert.equal(readJobPod(pod({}, { kind: 'ReplicaSet' }), reader, undefined), undefined);
    assert.equal(readJobPod(pod({}, { controller: false }), reader, undefined), undefined);
  });
});

describe('an event', () => {
  const event = (more: object): KubeObject => ({
    metadata: { name: 'e', namespace: 'batch', uid: 'e-1', resourceVersion: '1' },
    reason: 'FailedScheduling',
    message: '0/3 nodes are available',
    involvedObject: { kind: 'Pod', name: 'etl-1-x', namespace: 'batch', uid: 'p-1' },
    lastTimestamp: at(12),
    count: 4,
    source: { component: 'default-scheduler' },
    ...more,
  });

  test('says what happened to which pod, when last, how often and who says so', () => {
    assert.deepEqual(readEvent(event({}))!.record, {
      unixMilliseconds: ms(12),
      jobUid: undefined,
      podUid: 'p-1',
      namespace: 'batch',
      object: 'Pod/etl-1-x',
      type: 'failed-scheduling',
      scheduler: 'default-scheduler',
      times: 4,
      reason: 'FailedScheduling',
      message: '0/3 nodes are available',
      told: 'event/e-1',
    });
    const series = event({
      lastTimestamp: null,
      eventTime: at(3),
      count: null,
      series: { count: 9, lastObservedTime: at(20) },
    });
    assert.equal(readEvent(series)!.record.unixMilliseconds, ms(20));
    assert.equal(readEvent(series)!.record.times, 9);
  });

  test('of no interest, of other objects or without a time is none', () => {
    assert.equal(readEvent(event({ reason: 'Pulled' })), undefined);
    assert.equal(readEvent(event({ involvedObject: { kind: 'Node', name: 'n1' } })), undefined);
    assert.equal(readEvent(event({ lastTimestamp: null })), undefined);
  });
});
