import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { JobRecord } from '../../../src/history/collection-record.ts';
import { History } from '../../../src/history/history.ts';
import { migrations } from '../../../src/history/schema.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { historyConfig, makeInterval, START_UNIX_SECONDS } from '../../support/history-intervals.ts';
import { openHistory, writeOnFlush } from '../../support/open-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const START = START_UNIX_SECONDS * 1000;
const DAY = 86_400_000;

const job: JobRecord = {
  uid: 'j-1',
  namespace: 'batch',
  name: 'etl-1',
  submittedUnixMilliseconds: START,
  status: 'Pending',
  cpuMilli: 1500,
  memoryBytes: 2 ** 31,
  parallelism: 1,
  completions: 1,
  succeeded: 0,
  failed: 0,
  seenUnixMilliseconds: START,
};
const podRun = {
  namespace: 'batch',
  placeable: true,
  createdUnixMilliseconds: START,
  cpuMilli: 1500,
  memoryBytes: 2 ** 31,
  slackSeconds: 0,
};
const state = {
  unixMilliseconds: START,
  nodes: 2,
  readyNodes: 2,
  cpuMilli: 8000,
  memoryBytes: 2 ** 34,
  gpus: 0,
  askedCpuMilli: 2000,
  askedMemoryBytes: 2 ** 32,
  askedGpus: 0,
  runningPods: 1,
  waitingPods: 3,
  runningJobs: 1,
  pendingJobs: 2,
  suspendedJobs: 1,
};

test('the views have every column of the four tables that SKRueue has', (t) => {
  const { history, path } = openHistory(t);
  history.flush();
  const db = new Database(path, { readonly: true });
  t.after(() => void db.close());
  const expected = {
    jobs: [
      'job_id name namespace submission_time start_time completion_time cpu_request memory_request cpu_limit memory_limit',
      'priority user_name queue_name status job_type restart_count oom_killed metadata',
    ],
    cluster_states: [
      'id timestamp total_cpu_capacity total_memory_capacity available_cpu available_memory pending_jobs_count',
      'running_jobs_count queue_length node_count avg_cpu_utilization avg_memory_utilization metadata',
    ],
    scheduling_events: [
      'id timestamp job_id event_type scheduler_name queue_wait_time resource_efficiency decision_metadata',
    ],
    metrics: ['id timestamp metric_name metric_value metric_type tags'],
  };
  for (const [view, columns] of Object.entries(expected)) {
    const there = db
      .prepare(`SELECT * FROM ${view}`)
      .columns()
      .map(({ name }) => name);
    for (const column of columns.join(' ').split(' ')) assert.ok(there.includes(column), `${view}.${column}`);
  }
});

test('a Job that is told again is one row: its times stay, the rest is as it is now', (t) => {
  const { history, rows } = openHistory(t);
  history.collected({ kind: 'job', record: job });
  history.collected({
    kind: 'job',
    record: { ...job, status: 'Running', startedUnixMilliseconds: START + 4000 },
  });
  history.collected({
    kind: 'job',
    record: { ...job, status: 'Succeeded', succeeded: 1, endedUnixMilliseconds: START + 64_000 },
  });
  history.collected({
    kind: 'job',
    record: { ...job, status: 'Succeeded', succeeded: 1, goneUnixMilliseconds: START + 70_000 },
  });
  history.flush();
  assert.deepEqual(
    rows(
      'select status, cpu_request, memory_request, cpu_limit, wait_seconds, run_seconds, deletion_time, priority, restart_count from jobs',
    ),
    [
      {
        status: 'Succeeded',
        cpu_request: 1.5,
        memory_request: 2,
        cpu_limit: null,
        wait_seconds: 4,
        run_seconds: 60,
        deletion_time: '2026-01-01 00:01:10.000',
        priority: null,
        restart_count: null,
      },
    ],
  );
});

test('efficiency is what was metered of the pods over what they asked for, and NULL where nothing was', (t) => {
  const { history, rows } = openHistory(t);
  for (const [uid, pods] of [
    [
      'j-1',
      [
        { uid: 'p-1', cpu: { usedMicroseconds: 30e6, meteredMilliseconds: 40_000 } },
        { uid: 'p-2', cpu: undefined },
      ],
    ],
    ['j-2', [{ uid: 'p-3', cpu: undefined }]],
  ] as const) {
    history.collected({ kind: 'job', record: { ...job, uid, name: uid } });
    for (const { uid: podUid, cpu } of pods) {
      history.podRun({ ...podRun, uid: podUid, pod: podUid, cpu, restarts: 2 });
      history.collected({
        kind: 'job-pod',
        record: {
          uid: podUid,
          jobUid: uid,
          scheduler: 'default-scheduler',
          phase: 'Succeeded',
          isOomKilled: uid === 'j-2',
          seenUnixMilliseconds: START,
        },
      });
    }
    history.collected({
      kind: 'scheduling-event',
      record: {
        unixMilliseconds: START + 1000,
        jobUid: uid,
        namespace: 'batch',
        object: `Job/${uid}`,
        type: 'completed',
        told: `${uid}/completed`,
      },
    });
  }
  history.flush();
  assert.deepEqual(rows('select job_id, resource_efficiency from scheduling_events order by job_id'), [
    { job_id: 'j-1', resource_efficiency: 0.5 },
    { job_id: 'j-2', resource_efficiency: null },
  ]);
  assert.deepEqual(rows('select job_id, restart_count, oom_killed, pods from jobs order by job_id'), [
    { job_id: 'j-1', restart_count: 4, oom_killed: 0, pods: 2 },
    { job_id: 'j-2', restart_count: 2, oom_killed: 1, pods: 1 },
  ]);
});

test('a container that was killed for want of memory stays known when the pod is told again', (t) => {
  const { history, value } = openHistory(t);
  const pod = { uid: 'p', jobUid: 'j', scheduler: 's', phase: 'Running', seenUnixMilliseconds: START };
  for (const isOomKilled of [undefined, true, false, undefined])
    history.collected({ kind: 'job-pod', record: { ...pod, isOomKilled } });
  history.flush();
  assert.equal(value('select oom_killed from job_pod'), 1);
});

test('what nothing measured is NULL in the states and no row of the metrics', (t) => {
  const { history, rows } = openHistory(t);
  history.collected({ kind: 'cluster-state', record: state });
  history.collected({
    kind: 'cluster-state',
    record: { ...state, unixMilliseconds: START + 10_000, usedCpuMilli: 2000, watts: 81.5 },
  });
  history.collected({
    kind: 'node-use',
    record: { unixMilliseconds: START, node: 'n-1', source: 'kubelet', cpuMilli: 250 },
  });
  history.flush();
  assert.deepEqual(
    rows(
      'select available_cpu, available_memory, avg_cpu_utilization, avg_memory_utilization, pending_jobs_count, queue_length, watts from cluster_states',
    ),
    [
      {
        available_cpu: 6,
        available_memory: 12,
        avg_cpu_utilization: null,
        avg_memory_utilization: null,
        pending_jobs_count: 3,
        queue_length: 3,
        watts: null,
      },
      {
        available_cpu: 6,
        available_memory: 12,
        avg_cpu_utilization: 0.25,
        avg_memory_utilization: null,
        pending_jobs_count: 3,
        queue_length: 3,
        watts: 81.5,
      },
    ],
  );
  assert.deepEqual(
    rows("select metric_name, metric_value, tags from metrics where metric_name <> 'cluster_running_jobs'"),
    [
      { metric_name: 'cluster_cpu_utilization', metric_value: 0.25, tags: null },
      { metric_name: 'cluster_watts', metric_value: 81.5, tags: null },
      { metric_name: 'node_cpu_cores', metric_value: 0.25, tags: '{"node":"n-1","source":"kubelet"}' },
    ],
  );
});

test('an event that is told again is one, with the newest time and count', (t) => {
  const { history, rows } = openHistory(t);
  const event = { namespace: 'batch', object: 'Pod/a', type: 'failed-scheduling', told: 'e-1' };
  history.collected({
    kind: 'scheduling-event',
    record: { ...event, unixMilliseconds: START, times: 1, message: 'no room' },
  });
  history.collected({
    kind: 'scheduling-event',
    record: { ...event, unixMilliseconds: START + 5000, times: 4, jobUid: 'j-1' },
  });
  history.flush();
  assert.deepEqual(rows('select ms, times, job, message from scheduling_event'), [
    { ms: START + 5000, times: 4, job: 'j-1', message: 'no room' },
  ]);
});

test("an event that was told before its pod was known is its Job's all the same", (t) => {
  const { history, value } = openHistory(t);
  history.collected({
    kind: 'scheduling-event',
    record: {
      unixMilliseconds: START,
      podUid: 'p-1',
      namespace: 'batch',
      object: 'Pod/a',
      type: 'failed-scheduling',
      told: 'e-1',
    },
  });
  history.collected({
    kind: 'job-pod',
    record: { uid: 'p-1', jobUid: 'j-1', scheduler: 's', phase: 'Pending', seenUnixMilliseconds: START },
  });
  history.flush();
  assert.equal(value('select job_id from scheduling_events'), 'j-1');
});

test('what was collected goes when it is older than decisions are kept', (t) => {
  const { history, value } = openHistory(t, { decisionDays: 10 }, writeOnFlush);
  for (const days of [20, 1]) {
    const at = START - days * DAY;
    history.collected({
      kind: 'job',
      record: { ...job, uid: `${days}`, submittedUnixMilliseconds: at, seenUnixMilliseconds: at },
    });
    history.collected({ kind: 'cluster-state', record: { ...state, unixMilliseconds: at } });
    history.collected({
      kind: 'metric',
      record: { unixMilliseconds: at, name: 'm', amount: 1, type: 'gauge' },
    });
    history.collected({
      kind: 'node-use',
      record: { unixMilliseconds: at, node: 'n', source: 'kubelet', cpuMilli: 1 },
    });
    history.collected({
      kind: 'collection-gap',
      record: { fromUnixMilliseconds: at, toUnixMilliseconds: at + 1, reason: 'watch-lost' },
    });
  }
  for (let second = 0; second < 300; second++) {
    const startUnixMilliseconds = START + second * 1000;
    history.accept(
      makeInterval({ startUnixMilliseconds, milliseconds: 1000, idle: 0, unattributed: 0, shares: [] }),
    );
    if (second % 60 === 0) history.flush();
  }
  history.flush();
  for (const table of ['job', 'cluster_state', 'metric', 'node_use', 'collection_gap'])
    assert.equal(value(`select count(*) from ${table}`), 1, table);
});

test('a history of the third schema takes what is collected, and keeps its pods', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const db = new Database(path);
  db.pragma(`application_id = ${0x4b534d44}`);
  for (const step of migrations.slice(0, 3)) for (const statement of step) db.exec(statement);
  db.exec(`INSERT INTO pod_run (cluster, uid, ns, pod, owner, placeable, created_ms, cpu_m, memory, slack_s)
    VALUES ('live', 'u', 'batch', 'etl-1-x', 'Job', 1, 1, 1, 1, 0)`);
  db.pragma('user_version = 3');
  db.close();
  const history = new History({ config: historyConfig(path), log: silentLogger });
  history.open();
  history.collected({ kind: 'job', record: job });
  history.close();
  const reopened = new Database(path, { readonly: true });
  t.after(() => void reopened.close());
  assert.equal(reopened.prepare('select count(*) from pod_run').pluck().get(), 1);
  assert.equal(reopened.prepare('select name from jobs').pluck().get(), 'etl-1');
});
