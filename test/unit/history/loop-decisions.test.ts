import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { History } from '../../../src/history/history.ts';
import type { AdmissionRecord, ScalingRecord } from '../../../src/history/loop-record.ts';
import { openHistoryReader } from '../../../src/history/reader.ts';
import { migrations } from '../../../src/history/schema.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { historyConfig, START_UNIX_SECONDS } from '../../support/history-intervals.ts';
import { openHistory } from '../../support/open-history.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const scaled: ScalingRecord = {
  unixMilliseconds: START_UNIX_SECONDS * 1000,
  namespace: 'shop',
  deployment: 'web',
  uid: 'w1',
  backend: 'cpu',
  policy: 'hpa',
  mode: 'act',
  before: 2,
  ready: 2,
  wanted: 5,
  after: 5,
  outcome: 'scaled',
  reason: 'cpu: 2 replicas at 160 % of 70 %',
  seen: [
    { name: 'latencyP95Milliseconds', amount: 512.3456789, unit: 'ms' },
    { name: 'gpuUtilizationPercent', amount: undefined, unit: '%' },
  ],
};

const failed: ScalingRecord = {
  ...scaled,
  unixMilliseconds: scaled.unixMilliseconds + 30_000,
  before: undefined,
  ready: undefined,
  wanted: undefined,
  after: undefined,
  outcome: 'failed',
  reason: 'KISIM_E_SCALE_GONE: web',
  seen: [],
};

const admitted: AdmissionRecord = {
  unixMilliseconds: START_UNIX_SECONDS * 1000,
  namespace: 'team',
  kind: 'Job',
  name: 'report',
  uid: 'j1',
  policy: 'easy',
  mode: 'act',
  outcome: 'admitted',
  reason: undefined,
  nodes: 'n1,n2',
  waitedMilliseconds: 61_500,
  queued: 4,
  passedOver: 2,
  oldest: 'team/slow',
  terms: [{ name: 'estimated', amount: 120, unit: 's' }],
};

test('decisions about replicas and queues are kept as they were made', (t) => {
  const { history, path, rows } = openHistory(t);
  history.scaled(scaled);
  history.scaled(failed);
  history.admitted(admitted);
  history.admitted({
    ...admitted,
    kind: 'Workload',
    uid: 'k1',
    nodes: undefined,
    oldest: undefined,
    terms: [],
  });
  history.close();
  const reader = openHistoryReader(path);
  t.after(() => reader.close());
  const [newest, oldest] = reader.scalings({ name: 'web', namespace: 'shop', limit: 5 });
  assert.deepEqual(newest, { ...failed, cluster: 'live' });
  const seen = [{ name: 'latencyP95Milliseconds', amount: 512.346, unit: 'ms' }, scaled.seen[1]];
  assert.deepEqual(oldest, { ...scaled, cluster: 'live', seen });
  assert.deepEqual(reader.scalings({ name: 'web', namespace: 'other', limit: 5 }), []);
  assert.deepEqual(reader.admissions({ kind: 'Job', name: 'report', limit: 5 }), [
    { ...admitted, cluster: 'live' },
  ]);
  assert.equal(reader.admissions({ kind: 'Workload', name: 'report', limit: 5 })[0]?.uid, 'k1');
  assert.deepEqual(rows('select deployment, before, wanted, after, outcome from scalings order by ts'), [
    { deployment: 'web', before: 2, wanted: 5, after: 5, outcome: 'scaled' },
    { deployment: 'web', before: null, wanted: null, after: null, outcome: 'failed' },
  ]);
  assert.deepEqual(rows("select name, waited_seconds, passed_over from admissions where kind = 'Job'"), [
    { name: 'report', waited_seconds: 61.5, passed_over: 2 },
  ]);
});

test('a history of the fourth schema gets the tables and keeps what it holds', (t) => {
  const path = join(temporaryFolder(t), 'energy.db');
  const db = new Database(path);
  db.pragma(`application_id = ${0x4b534d44}`);
  for (const statement of migrations.slice(0, 4).flat()) db.exec(statement);
  db.exec("INSERT INTO state VALUES ('kept', '1')");
  db.pragma('user_version = 4');
  db.close();
  const history = new History({ config: historyConfig(path), log: silentLogger });
  history.open();
  history.scaled(scaled);
  history.close();
  const reader = openHistoryReader(path);
  assert.equal(reader.loadState('kept'), 1);
  assert.equal(reader.scalings({ name: 'web', limit: 1 }).length, 1);
  reader.close();
});
