import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { ClusterNotes } from '../../../src/history/cluster-notes.ts';
import type { ClusterPeriod } from '../../../src/history/cluster-reader.ts';
import { History } from '../../../src/history/history.ts';
import type { PodRunRecord } from '../../../src/history/pod-run-record.ts';
import { openHistoryReader } from '../../../src/history/reader.ts';
import { migrations } from '../../../src/history/schema.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { demoDecisions } from '../../support/demo-decisions.ts';
import { historyConfig, makeInterval, START_UNIX_SECONDS } from '../../support/history-intervals.ts';
import { openHistory, writeOnFlush } from '../../support/open-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const START = START_UNIX_SECONDS * 1000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const nothing = { idle: 0, unattributed: 0, shares: [] };
const hour: ClusterPeriod = {
  cluster: 'live',
  fromUnixMilliseconds: START,
  toUnixMilliseconds: START + HOUR,
};

const pod: PodRunRecord = {
  uid: 'u-1',
  namespace: 'shop',
  pod: 'web-1',
  owner: 'ReplicaSet',
  placeable: true,
  createdUnixMilliseconds: START,
  cpuMilli: 500,
  memoryBytes: 2 ** 28,
  slackSeconds: 0,
  expectedSeconds: 60,
};

test('a pod that is told bit by bit is one row with all that was told', (t) => {
  const { history, path, value } = openHistory(t);
  const scheduling = { labels: { app: 'web' }, nodeSelector: { disk: 'ssd' } };
  history.podRun({ ...pod, scheduling });
  history.podRun({ ...pod, node: 'n-1', boundUnixMilliseconds: START + 250 });
  history.podRun({
    ...pod,
    startedUnixMilliseconds: START + 900,
    cpu: { usedMicroseconds: 1.5e6, meteredMilliseconds: 6000 },
    restarts: 1,
  });
  history.podRun({ ...pod, node: 'n-1', endedUnixMilliseconds: START + 60_000 });
  history.flush();
  assert.equal(value('select count(*) from pod_run'), 1);
  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  const [stored, ...others] = reader.cluster(hour).pods;
  assert.deepEqual(others, []);
  assert.deepEqual(stored, {
    ...pod,
    cluster: 'live',
    node: 'n-1',
    boundUnixMilliseconds: START + 250,
    startedUnixMilliseconds: START + 900,
    endedUnixMilliseconds: START + 60_000,
    endedAfterUnixMilliseconds: undefined,
    gpuCount: undefined,
    gpuMilliEach: undefined,
    extended: undefined,
    scheduling,
    policy: undefined,
    mode: undefined,
    cpu: { usedMicroseconds: 1.5e6, meteredMilliseconds: 6000 },
    restarts: 1,
  });
});

test('a pod names the decision that it followed, and none that it did not', (t) => {
  const { history, rows } = openHistory(t, {}, writeOnFlush);
  const [decision] = demoDecisions;
  for (const uid of ['followed', 'elsewhere', 'freed'])
    history.record({ ...decision!, uid, node: 'n-1', outcome: uid === 'freed' ? 'freed' : 'placed' });
  for (const uid of ['followed', 'freed', 'undecided']) history.podRun({ ...pod, uid, node: 'n-1' });
  history.podRun({ ...pod, uid: 'elsewhere', node: 'n-2' });
  // Of the other cluster: the same uid says nothing.
  history.podRun({ ...pod, cluster: 'simulated', uid: 'followed', node: 'n-1' });
  history.flush();
  assert.deepEqual(rows('select uid, cluster, policy, mode from pod_runs where policy is not null'), [
    { uid: 'followed', cluster: 'live', policy: 'marginal-run-out', mode: 'act' },
  ]);
});

test('pods that ended while nobody looked end between the last look and the next', (t) => {
  const { history, rows } = openHistory(t);
  history.podRun(pod);
  history.podRun({ ...pod, uid: 'u-2' });
  history.podRun({ ...pod, uid: 'u-3', endedUnixMilliseconds: START + 1000 });
  history.podRun({ ...pod, uid: 'u-4', cluster: 'simulated' });
  history.clusterWatched({ fromUnixMilliseconds: START, toUnixMilliseconds: START + 5000 });
  history.podRun({ ...pod, uid: 'later', createdUnixMilliseconds: START + 90_000 });
  history.podsPresent({ uids: ['u-2'], unixMilliseconds: START + 60_000 });
  history.flush();
  assert.deepEqual(
    rows('select uid, ended_ms - created_ms as ended, ended_after_ms - created_ms as after from pod_run'),
    [
      { uid: 'u-1', ended: 60_000, after: 5000 },
      { uid: 'u-2', ended: null, after: null },
      { uid: 'u-3', ended: 1000, after: null },
      { uid: 'u-4', ended: null, after: null },
      { uid: 'later', ended: null, after: null },
    ],
  );
});

test('parts of a minute are added up by source, and what is not known of a part is not known of the whole', (t) => {
  const { history, path, rows } = openHistory(t);
  const part = {
    node: 'n-1',
    unixSeconds: START_UNIX_SECONDS,
    source: 'metered',
    coveredMilliseconds: 30_000,
  } as const;
  history.nodeEnergy({ ...part, microjoules: 3e9, activeMicrojoules: 1e9, cpuBusyMicroseconds: 10 });
  history.nodeEnergy({ ...part, microjoules: 2e9, activeMicrojoules: 1e9 });
  history.nodeEnergy({ ...part, source: 'modelled', microjoules: 7e9 });
  history.nodeEnergy({
    ...part,
    unixSeconds: START_UNIX_SECONDS + 60,
    microjoules: 5e9,
    activeMicrojoules: 1e9,
  });
  history.flush();
  assert.deepEqual(
    rows(
      'select node, joules, active_joules, watts, covered_seconds, cpu_seconds, source from node_minute where ts = 1767225600 order by source',
    ),
    [
      {
        node: 'n-1',
        joules: 5000,
        active_joules: 2000,
        watts: 83.333333,
        covered_seconds: 60,
        cpu_seconds: null,
        source: 'metered',
      },
      {
        node: 'n-1',
        joules: 7000,
        active_joules: null,
        watts: 233.333333,
        covered_seconds: 30,
        cpu_seconds: null,
        source: 'modelled',
      },
    ],
  );
  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  assert.deepEqual(reader.cluster(hour).energy, [
    {
      node: 'n-1',
      source: 'metered',
      joules: 10_000,
      activeJoules: 3000,
      coveredMilliseconds: 90_000,
      cpuBusySeconds: undefined,
    },
    {
      node: 'n-1',
      source: 'modelled',
      joules: 7000,
      activeJoules: undefined,
      coveredMilliseconds: 30_000,
      cpuBusySeconds: undefined,
    },
  ]);
});

test('a node that stays the same is one row, and one that changes is two, also over a restart', (t) => {
  const { history, path } = openHistory(t);
  const node = {
    node: 'n-1',
    cpuMilli: 4000,
    memoryBytes: 2 ** 32,
    labels: { zone: 'a' },
    description: { pods: 110 },
  };
  history.nodeSeen({ ...node, unixMilliseconds: START });
  history.nodeSeen({ ...node, unixMilliseconds: START + 60_000 });
  history.close();
  const next = new History({ config: historyConfig(path), log: silentLogger, defer: (write) => write() });
  next.open();
  next.nodeSeen({ ...node, unixMilliseconds: START + 120_000 });
  next.nodeSeen({ ...node, labels: {}, unixMilliseconds: START + 180_000 });
  next.nodeSeen({ ...node, labels: {}, unixMilliseconds: START + 240_000 });
  next.close();
  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  assert.deepEqual(
    reader
      .cluster(hour)
      .nodes.map(({ labels, firstUnixMilliseconds: first, lastUnixMilliseconds: last }) => [
        labels,
        first - START,
        last - START,
      ]),
    [
      [{ zone: 'a' }, 0, 120_000],
      [{}, 180_000, 240_000],
    ],
  );
});

test('a whole cluster at once is written in pieces, and nothing of it is lost', (t) => {
  const deferred: (() => void)[] = [];
  const { history, value } = openHistory(t, {}, { defer: (write) => void deferred.push(write) });
  for (let i = 0; i < 3500; i++) history.podRun({ ...pod, uid: `u-${i}` });
  deferred.shift()!();
  assert.equal(value('select count(*) from pod_run'), 250);
  while (deferred.length > 0) deferred.shift()!();
  assert.equal(value('select count(*) from pod_run'), 3500);
});

test('while the disk takes nothing the oldest records are dropped and counted', (t) => {
  let calls = 0;
  const notes = new ClusterNotes(() => calls++);
  for (let i = 0; i < 150_001; i++) notes.podsPresent({ uids: [], unixMilliseconds: i });
  assert.equal(notes.dropped, 15_001);
  assert.equal(notes.size, 135_000);
  const [oldest] = notes.oldest();
  assert.deepEqual(oldest?.record, { uids: [], unixMilliseconds: 15_001 });
  assert.ok(calls > 0);
  const { history } = openHistory(t, {}, writeOnFlush);
  assert.equal(history.status.droppedClusterRecords, 0);
});

test('an end that was told afterwards, to the second, does not take the place of one that was seen', (t) => {
  const { history, rows } = openHistory(t);
  const coarse = { endedUnixMilliseconds: START + 60_000, isEndCoarse: true } as const;
  history.podRun({ ...pod, uid: 'seen', endedUnixMilliseconds: START + 60_544 });
  history.podRun({ ...pod, uid: 'seen', ...coarse });
  history.podRun({ ...pod, uid: 'unseen', ...coarse });
  history.podRun({ ...pod, uid: 'guessed' });
  history.flush();
  history.podsPresent({ uids: [], unixMilliseconds: START + 90_000 });
  history.podRun({ ...pod, uid: 'guessed', ...coarse });
  history.flush();
  assert.deepEqual(rows('select uid, ended_ms, ended_after_ms from pod_run order by uid'), [
    { uid: 'guessed', ended_ms: START + 60_000, ended_after_ms: null },
    { uid: 'seen', ended_ms: START + 60_544, ended_after_ms: null },
    { uid: 'unseen', ended_ms: START + 60_000, ended_after_ms: null },
  ]);
});

test('a refused write is written again, with ids that were not kept given anew', (t) => {
  let db: Database.Database | undefined;
  const opened = openHistory(
    t,
    {},
    {
      ...writeOnFlush,
      openDatabase: ({ path }) => {
        db = new Database(path);
        for (const step of migrations) for (const statement of step) db.exec(statement);
        return db;
      },
    },
  );
  const scheduling = { labels: { app: 'web' } };
  const energy = {
    node: 'n-1',
    unixSeconds: START_UNIX_SECONDS,
    microjoules: 1,
    source: 'metered',
    coveredMilliseconds: 1,
  } as const;
  opened.history.podRun({ ...pod, scheduling });
  opened.history.nodeEnergy(energy);
  db!.exec("CREATE TRIGGER full BEFORE INSERT ON node_energy BEGIN SELECT RAISE(ABORT, 'x'); END");
  assert.throws(() => opened.history.flush(), /x/);
  db!.exec('DROP TRIGGER full');
  // Ids that the rolled back transaction gave away are others' now.
  db!.exec(
    "INSERT INTO pod_shape (scheduling, seen_ms) VALUES ('{}', 0); INSERT INTO cluster_node (cluster, name) VALUES ('live', 'other')",
  );
  opened.history.flush();
  assert.deepEqual(
    opened.rows('select s.scheduling, p.pod from pod_run p join pod_shape s on s.id = p.shape'),
    [{ scheduling: JSON.stringify(scheduling), pod: 'web-1' }],
  );
  assert.deepEqual(opened.rows('select node from node_minute'), [{ node: 'n-1' }]);
});

test('pods, nodes and energies go when they are old, shapes only when no pod has them any more', (t) => {
  const { history, rows, value } = openHistory(t, { decisionDays: 10, minuteDays: 2 }, writeOnFlush);
  const used = { labels: { app: 'long' } };
  const unused = { labels: { app: 'short' } };
  history.podRun({ ...pod, uid: 'runs', createdUnixMilliseconds: START - 30 * DAY, scheduling: used });
  history.podRun({
    ...pod,
    uid: 'gone',
    createdUnixMilliseconds: START - 30 * DAY,
    endedUnixMilliseconds: START - 20 * DAY,
    scheduling: unused,
  });
  history.podRun({ ...pod, uid: 'new', endedUnixMilliseconds: START - DAY });
  for (const days of [20, 3, 1]) {
    history.nodeEnergy({
      node: 'n-1',
      unixSeconds: START_UNIX_SECONDS - days * 86_400,
      microjoules: 1,
      source: 'metered',
      coveredMilliseconds: 1,
    });
    history.nodeSeen({
      node: `n-${days}`,
      unixMilliseconds: START - days * DAY,
      cpuMilli: 1,
      memoryBytes: 1,
      labels: {},
      description: {},
    });
    history.clusterWatched({
      fromUnixMilliseconds: START - days * DAY,
      toUnixMilliseconds: START - days * DAY + 1,
    });
  }
  for (let second = 0; second < 300; second++) {
    const startUnixMilliseconds = START + second * 1000;
    history.accept(makeInterval({ startUnixMilliseconds, milliseconds: 1000, ...nothing }));
    if (second % 60 === 0) history.flush();
  }
  history.flush();
  assert.deepEqual(rows('select uid from pod_run order by uid'), [{ uid: 'new' }, { uid: 'runs' }]);
  assert.deepEqual(rows('select scheduling from pod_shape'), [{ scheduling: JSON.stringify(used) }]);
  assert.equal(value('select count(*) from node_energy'), 1);
  assert.equal(value('select count(*) from node_seen'), 2);
  assert.equal(value('select count(*) from cluster_watch'), 2);
});

test('a history of the second schema keeps its decisions, which are of the live cluster', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const db = new Database(path);
  db.pragma(`application_id = ${0x4b534d44}`);
  for (const step of migrations.slice(0, 2)) for (const statement of step) db.exec(statement);
  db.exec(`INSERT INTO decision (ms, ns, pod, uid, policy, candidates, mode, outcome, held_ms, terms, others, ref_terms)
    VALUES (1, 'shop', 'web', 'u', 'p', 1, 'act', 'freed', 1, '[]', '[]', '[]')`);
  db.pragma('user_version = 2');
  db.close();
  const history = new History({ config: historyConfig(path), log: silentLogger });
  history.open();
  history.record({ ...demoDecisions[0]!, cluster: 'simulated', pod: 'web' });
  history.close();
  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  assert.deepEqual(
    reader.decisions({ pod: 'web', limit: 10 }).map(({ cluster }) => cluster),
    ['simulated', 'live'],
  );
  assert.deepEqual(reader.cluster(hour), { pods: [], nodes: [], energy: [], watched: [] });
});
