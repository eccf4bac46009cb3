import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { DecisionRecord } from '../../../src/history/decision-record.ts';
import { costOf } from '../../../src/history/decision-record.ts';
import { History } from '../../../src/history/history.ts';
import { openHistoryReader } from '../../../src/history/reader.ts';
import { migrations } from '../../../src/history/schema.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { demoDecisions } from '../../support/demo-decisions.ts';
import { historyConfig, makeInterval, START_UNIX_SECONDS } from '../../support/history-intervals.ts';
import { openHistory, writeOnFlush } from '../../support/open-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const nothing = { idle: 0, unattributed: 0, shares: [] };

const [saved] = demoDecisions as [DecisionRecord];

test('decisions are read back as they were recorded, newest first, with where the pod runs', (t) => {
  const { history, path } = openHistory(t);
  for (const decision of demoDecisions) history.record(decision);
  history.record({ ...saved, unixMilliseconds: saved.unixMilliseconds + 5000, outcome: 'conflict' });
  history.bound(saved.uid, 'green-1');
  history.flush();
  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  const found = reader.decisions({ pod: saved.pod, limit: 10 });
  assert.deepEqual(
    found.map(({ outcome, bound }) => [outcome, bound]),
    [
      ['conflict', 'green-1'],
      ['placed', undefined],
    ],
  );
  assert.deepEqual({ ...found[1], bound: undefined }, { ...saved, cluster: 'live', bound: undefined });
  assert.deepEqual(reader.decisions({ pod: saved.pod, namespace: 'elsewhere', limit: 10 }), []);
  assert.equal(reader.decisions({ pod: saved.pod, namespace: 'shop', limit: 1 }).length, 1);
});

test('decisions are written with the next second', (t) => {
  const { history, value } = openHistory(t);
  history.record(saved);
  history.accept(
    makeInterval({ startUnixMilliseconds: START_UNIX_SECONDS * 1000, milliseconds: 1000, ...nothing }),
  );
  history.accept(
    makeInterval({ startUnixMilliseconds: START_UNIX_SECONDS * 1000 + 1000, milliseconds: 1000, ...nothing }),
  );
  assert.equal(value('select count(*) from decision'), 1);
});

test('a burst is written without waiting for the meter', (t) => {
  const { history, value } = openHistory(t);
  for (let i = 0; i < 1500; i++) history.record({ ...saved, uid: `${i}` });
  assert.equal(value('select count(*) from decision'), 1000);
});

test('while the disk takes nothing the oldest decisions are dropped and counted', (t) => {
  const { history, value } = openHistory(t, {}, writeOnFlush);
  for (let i = 0; i < 25_000; i++) history.record({ ...saved, uid: `${i}` });
  const { droppedDecisions } = history.status;
  assert.ok(droppedDecisions > 0);
  history.flush();
  assert.equal(value('select count(*) from decision'), 25_000 - droppedDecisions);
  assert.equal(value("select count(*) from decision where uid = '24999'"), 1);
});

test('an amount that is not finite stays missing', (t) => {
  const { history, path, rows } = openHistory(t);
  history.record({ ...saved, terms: [{ term: 'active-energy', amount: Number.NaN, unit: 'J' }] });
  history.flush();
  assert.deepEqual(rows('select joules, saved_joules from decisions'), [
    { joules: null, saved_joules: null },
  ]);
  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  assert.ok(Number.isNaN(reader.decisions({ pod: saved.pod, limit: 1 })[0]?.terms[0]?.amount));
});

test('costs of different units are not compared', (t) => {
  const { history, rows } = openHistory(t);
  const terms = [{ term: 'points', amount: 3, unit: 'points' as const }];
  history.record({ ...saved, reference: { policy: 'kube-score', node: 'old-1', terms } });
  history.flush();
  assert.deepEqual(rows('select joules, reference_joules, saved_joules from decisions'), [
    { joules: 6022.4, reference_joules: null, saved_joules: null },
  ]);
});

test('decisions go when they are older than history.decision-days', (t) => {
  const { history, value } = openHistory(t, { decisionDays: 1 }, writeOnFlush);
  history.record({ ...saved, unixMilliseconds: (START_UNIX_SECONDS - 2 * 86_400) * 1000 });
  history.record({ ...saved, unixMilliseconds: START_UNIX_SECONDS * 1000 });
  for (let second = 0; second < 200; second++) {
    const startUnixMilliseconds = (START_UNIX_SECONDS + second) * 1000;
    history.accept(makeInterval({ startUnixMilliseconds, milliseconds: 1000, ...nothing }));
  }
  history.flush();
  assert.equal(value('select count(*) from decision'), 1);
});

test('of a simulated cluster decisions and pods are kept for a day, whatever is kept of a live one', (t) => {
  const { history, rows } = openHistory(t, {}, writeOnFlush);
  for (const cluster of ['live', 'simulated'] as const)
    for (const days of [2, 0.5]) {
      const unixMilliseconds = (START_UNIX_SECONDS - days * 86_400) * 1000;
      history.record({ ...saved, cluster, unixMilliseconds });
      history.podRun({
        cluster,
        uid: `${days}`,
        namespace: 'shop',
        pod: `pod-${days}`,
        owner: 'ReplicaSet',
        placeable: true,
        createdUnixMilliseconds: unixMilliseconds,
        endedUnixMilliseconds: unixMilliseconds,
        cpuMilli: 1,
        memoryBytes: 1,
        slackSeconds: 0,
      });
    }
  history.flush();
  for (let second = 0; second < 200; second++) {
    const startUnixMilliseconds = (START_UNIX_SECONDS + second) * 1000;
    history.accept(makeInterval({ startUnixMilliseconds, milliseconds: 1000, ...nothing }));
  }
  history.flush();
  const counts = (table: string) =>
    rows(`select cluster, count(*) as n from ${table} group by cluster order by cluster`);
  const left = [
    { cluster: 'live', n: 2 },
    { cluster: 'simulated', n: 1 },
  ];
  assert.deepEqual(counts('decision'), left, 'decisions');
  assert.deepEqual(counts('pod_run'), left, 'pods');
});

test('a history of the first schema gets the table and keeps what it holds', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const db = new Database(path);
  db.pragma(`application_id = ${0x4b534d44}`);
  for (const statement of migrations[0]!) db.exec(statement);
  db.exec("INSERT INTO state VALUES ('kept', '1')");
  db.pragma('user_version = 1');
  db.close();
  const history = new History({ config: historyConfig(path), log: silentLogger });
  history.open();
  history.record(saved);
  history.close();
  const reader = openHistoryReader(path);
  assert.equal(reader.loadState('kept'), 1);
  assert.equal(reader.decisions({ pod: saved.pod, limit: 1 }).length, 1);
  reader.close();
});

test('the cost is the sum of the joules where there are any, and else of what there is', () => {
  assert.deepEqual(costOf(saved.terms), { amount: 6022.4, unit: 'J' });
  const points = { term: 'wait: slack-left', amount: 2, unit: 'points' } as const;
  assert.deepEqual(costOf([...saved.terms, points]), { amount: 6022.4, unit: 'J' });
  assert.deepEqual(costOf([points, points]), { amount: 4, unit: 'points' });
  assert.equal(costOf([]), undefined);
});
