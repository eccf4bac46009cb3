import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type {
  BenchmarkRecord,
  LoggedRecord,
  OfflineRecord,
  RunRecord,
} from '../../../src/evaluation/records.ts';
import { fingerprintOf, RUN_LOG_FILE, RunLog } from '../../../src/evaluation/run-log.ts';
import { runSuite } from '../../../src/evaluation/runner.ts';
import type { Suite } from '../../../src/evaluation/suite.ts';
import { summarise } from '../../../src/evaluation/summarise.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const laboratory = new URL('../../support/fake-laboratory.ts', import.meta.url);

const suite: Suite = {
  name: 'test',
  cells: [
    { scenario: 'plain', load: 0.6, control: false, policies: [] },
    { scenario: 'asleep', load: 0.3, control: false, policies: [] },
    { scenario: 'flat', load: 0.6, control: true, policies: [] },
  ],
  policies: ['base', 'saving', 'wasting'],
  baseline: 'base',
  clusters: 4,
  seeds: 1,
  seed: 5,
  offline: false,
};

async function run(
  of: Suite,
  options: { workers?: number; earlier?: readonly LoggedRecord[]; stopAfter?: number } = {},
) {
  const stopping = new AbortController();
  const records: LoggedRecord[] = [];
  const result = await runSuite({
    suite: of,
    laboratory,
    hardware: undefined,
    workers: options.workers ?? 1,
    earlier: options.earlier ?? [],
    signal: stopping.signal,
    onRecord: (record) => {
      records.push(record);
      if (records.length === options.stopAfter) stopping.abort();
    },
  });
  return { ...result, records };
}

const simulated = (runs: readonly (RunRecord | OfflineRecord)[]) =>
  runs.filter((each): each is RunRecord => each.kind === 'run');

const summary = (of: Suite, records: readonly LoggedRecord[]) =>
  JSON.stringify(summarise({ suite: of, version: '1', hardware: undefined, records }));

test('one worker or two, the figures are the same byte by byte', async () => {
  const one = await run(suite);
  const again = await run(suite);
  const two = await run(suite, { workers: 2 });
  assert.ok(one.complete && two.complete);
  assert.equal(summary(suite, one.records), summary(suite, again.records));
  assert.equal(summary(suite, one.records), summary(suite, two.records));
});

test('a stopped benchmark goes on where it was, and the result is as if it had not been stopped', async () => {
  const whole = await run(suite);
  const stopped = await run(suite, { stopAfter: 7 });
  assert.equal(stopped.complete, false);
  assert.equal(stopped.records.length, 7);
  const rest = await run(suite, { earlier: stopped.records });
  assert.ok(rest.complete);
  const both = [...stopped.records, ...rest.records];
  assert.equal(both.length, whole.records.length);
  assert.equal(summary(suite, both), summary(suite, whole.records));
});

test('nothing is run where all is there', async () => {
  const whole = await run(suite);
  const nothing = await run(suite, { earlier: whole.records });
  assert.ok(nothing.complete);
  assert.deepEqual(nothing.records, []);
});

test('where nodes sleep every policy runs awake-first', async () => {
  const { runs } = await run(suite);
  const ranAs = (cell: string) =>
    new Set(
      simulated(runs)
        .filter((each) => each.cell === cell)
        .map(({ ranAs: name }) => name),
    );
  assert.deepEqual(ranAs('plain 60 %'), new Set(['base', 'saving', 'wasting']));
  assert.deepEqual(
    ranAs('asleep 30 %'),
    new Set(['base+awake-first', 'saving+awake-first', 'wasting+awake-first']),
  );
});

test('a policy that completed other work is refused, by name', async () => {
  await assert.rejects(run({ ...suite, policies: ['base', 'dropping'] }), {
    code: 'KISIM_E_EVALUATION_WORK_DIFFERS',
    message: /plain 60 %, cluster 0, seed 0: base completed 100 pods and dropped 0, dropping completed 99/,
  });
});

test('work is compared with runs of before the stop, too', async () => {
  const { records } = await run(suite);
  const earlier = records.map((record) => (record.kind === 'run' ? { ...record, digest: 'old' } : record));
  await assert.rejects(run({ ...suite, policies: [...suite.policies, 'late'] }, { earlier }), {
    code: 'KISIM_E_EVALUATION_WORK_DIFFERS',
  });
});

test('a policy that fails is named with its place', async () => {
  await assert.rejects(run({ ...suite, policies: ['base', 'failing'] }, { workers: 2 }), {
    code: 'KISIM_E_EVALUATION_RUN_FAILED',
    message: /failing on .*, cluster \d, seed 0: RangeError: fell over/,
  });
  await assert.rejects(run({ ...suite, policies: ['base', 'unknown'] }), {
    code: 'KISIM_E_EVALUATION_RUN_FAILED',
    message: /unknown on plain 60 %, cluster 0, seed 0: KISIM_E_TEST: no such policy/,
  });
});

test('the portfolio runs the rule that other workloads speak for', async () => {
  const { runs } = await run({ ...suite, policies: [...suite.policies, 'portfolio'] });
  const chosen = simulated(runs).filter(({ policy }) => policy === 'portfolio');
  assert.equal(chosen.length, 12);
  for (const { cell, ranAs } of chosen)
    if (cell === 'plain 60 %') assert.equal(ranAs, 'saving');
    else if (cell === 'asleep 30 %') assert.equal(ranAs, 'saving+awake-first');
});

test('the offline solution sets out from the best rule, also after a stop, and says where it could not look', async () => {
  const offline: Suite = { ...suite, offline: true, clusters: 8 };
  const whole = await run(offline);
  const found = whole.runs.filter((each) => each.kind === 'offline');
  assert.equal(found.length, 16);
  assert.ok(found.every(({ cell }) => cell !== 'flat 60 %'));
  const nodes = (cluster: number) => whole.pairings.find((each) => each.cluster === cluster)!.nodes;
  for (const { cluster, energyJoules, startedFrom, reason } of found) {
    const queued = nodes(cluster) === 5;
    assert.equal(energyJoules === null, queued);
    assert.equal(startedFrom, queued ? null : 'saving');
    assert.match(reason ?? '', queued ? /KISIM_E_OFFLINE_QUEUES/ : /^$/);
  }
  assert.ok(
    found.some(({ energyJoules }) => energyJoules === null),
    'no cluster of five nodes',
  );
  const without = whole.records.filter(({ kind }) => kind !== 'offline');
  const resumed = await run(offline, { earlier: without });
  assert.deepEqual(
    resumed.records,
    whole.records.filter(({ kind }) => kind === 'offline'),
  );
  const { cells } = summarise({ suite: offline, version: '1', hardware: undefined, records: whole.records });
  const [plain, , control] = cells;
  assert.equal(control!.offline, null);
  const of = found.filter(({ cell, energyJoules }) => cell === plain!.cell && energyJoules !== null);
  assert.equal(plain!.offline!.clusters, of.length);
  assert.ok(plain!.offline!.percent!.mean < plain!.bestSingle!.percent.mean);
});

test('a time series is kept of the first workload on the first cluster only', async () => {
  const { runs } = await run(suite);
  for (const each of simulated(runs)) assert.equal(each.series !== undefined, each.cluster === 0, each.cell);
});

function logIn(t: TestContext, resume = false, fingerprint = 'print') {
  const folder = join(temporaryFolder(t), 'out');
  const header: BenchmarkRecord = { kind: 'benchmark', format: 1, fingerprint, suite };
  return { folder, header, log: RunLog.open(folder, header, resume) };
}

const record = (cluster: number) => ({ kind: 'run', cell: 'a', cluster, seed: 0, policy: 'p' }) as RunRecord;

test('what was logged is there again when the log is resumed', (t) => {
  const { folder, header, log } = logIn(t);
  log.append(record(1));
  log.append(record(2));
  log.close();
  const again = RunLog.open(folder, header, true);
  assert.deepEqual(again.earlier, [record(1), record(2)]);
  again.append(record(3));
  again.close();
  const lines = readFileSync(join(folder, RUN_LOG_FILE), 'utf8').split('\n');
  assert.equal(lines.length, 5);
});

test('a line that was cut off is dropped, and the next one begins clean', (t) => {
  const { folder, header, log } = logIn(t);
  log.append(record(1));
  log.close();
  appendFileSync(join(folder, RUN_LOG_FILE), '{"kind":"run","cell":"ä');
  const again = RunLog.open(folder, header, true);
  assert.deepEqual(again.earlier, [record(1)]);
  again.append(record(2));
  again.close();
  const third = RunLog.open(folder, header, true);
  assert.deepEqual(third.earlier, [record(1), record(2)]);
  third.close();
});

test('a folder in use, other runs and a damaged log are refused', (t) => {
  const { folder, header, log } = logIn(t);
  log.close();
  assert.throws(() => RunLog.open(folder, header, false), { code: 'KISIM_E_EVALUATION_FOLDER_USED' });
  assert.throws(() => RunLog.open(folder, { ...header, fingerprint: 'other' }, true), {
    code: 'KISIM_E_EVALUATION_OTHER_RUNS',
  });
  appendFileSync(join(folder, RUN_LOG_FILE), 'no json\n');
  assert.throws(() => RunLog.open(folder, header, true), {
    code: 'KISIM_E_EVALUATION_RUN_LOG',
    message: /runs\.jsonl:2 is not JSON/,
  });
});

test('a folder that cannot be made is told with its path', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const header: BenchmarkRecord = { kind: 'benchmark', format: 1, fingerprint: 'print', suite };
  assert.throws(() => RunLog.open(join(folder, 'file', 'out'), header, false), {
    code: 'KISIM_E_EVALUATION_RUN_LOG',
    message: /ENOTDIR|EEXIST/,
  });
});

test('the fingerprint holds what decides the runs, and not what they are compared with', () => {
  const from = { version: '1', hardware: undefined };
  const print = fingerprintOf(suite, from);
  assert.equal(print, fingerprintOf({ ...suite, baseline: 'saving', name: 'other' }, from));
  assert.notEqual(print, fingerprintOf({ ...suite, seed: 6 }, from));
  assert.notEqual(print, fingerprintOf(suite, { ...from, version: '2' }));
  assert.notEqual(print, fingerprintOf(suite, { ...from, hardware: 'table' }));
});
