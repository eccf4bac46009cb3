import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { datasets } from '../../../src/history/datasets.ts';
import { openHistoryReader } from '../../../src/history/reader.ts';
import { writeDemoHistory } from '../../support/demo-history.ts';
import { START_UNIX_SECONDS } from '../../support/history-intervals.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function demo(t: Parameters<typeof temporaryFolder>[0]) {
  const path = join(temporaryFolder(t), 'energy.db');
  writeDemoHistory(path);
  const reader = openHistoryReader(path);
  (t as { after(end: () => void): void }).after(() => reader.close());
  const rowsOf = (name: string, period = {}, pieceRows = 1000) => {
    const dataset = datasets.find((each) => each.name === name)!;
    return [...reader.rows(dataset, period, pieceRows)]
      .flat()
      .map((row) => Object.fromEntries(dataset.columns.map((column, i) => [column.name, row[i]])));
  };
  return { path, reader, rowsOf };
}

test('every table has all the columns of its view, in its order, with values of their types', (t) => {
  const { path, rowsOf } = demo(t);
  const db = new Database(path, { readonly: true });
  t.after(() => void db.close());
  const types = { text: 'string', integer: 'number', real: 'number', boolean: 'boolean', time: 'object' };
  for (const { name, columns, from } of datasets) {
    const there = db.prepare(`SELECT * FROM ${from}`).columns();
    assert.deepEqual(
      columns.map((column) => column.name),
      there.map((column) => column.name),
      name,
    );
    const rows = rowsOf(name);
    assert.ok(rows.length > 0, `${name} has rows in the demo`);
    for (const row of rows) {
      for (const { name: column, type } of columns) {
        const value = row[column];
        if (value === null) continue;
        assert.equal(typeof value, types[type], `${name}.${column}`);
        if (type === 'integer') assert.ok(Number.isSafeInteger(value), `${name}.${column} ${value}`);
        if (type === 'time') assert.ok((value as Date).getTime() > 0, `${name}.${column}`);
      }
    }
  }
});

test('the pieces of a table are all of it, whatever their size', (t) => {
  const { rowsOf } = demo(t);
  const whole = rowsOf('node-energy');
  assert.equal(whole.length, 60);
  for (const size of [1, 7, 60, 61]) assert.deepEqual(rowsOf('node-energy', {}, size), whole);
});

test('a period takes the rows from its beginning to before its end', (t) => {
  const { rowsOf } = demo(t);
  const at = (second: number) => (START_UNIX_SECONDS + second) * 1000;
  const times = (period: object) =>
    rowsOf('cluster-states', period).map(({ unix_ms }) => Number(unix_ms) / 1000 - START_UNIX_SECONDS);
  assert.deepEqual(times({}), [600, 900, 1200, 1500]);
  assert.deepEqual(times({ from: at(900) }), [900, 1200, 1500]);
  assert.deepEqual(times({ from: at(900), to: at(1200) }), [900]);
});

test('each Job is told with the nearest state of the cluster, and what is not known of it is null', (t) => {
  const { rowsOf } = demo(t);
  const [done, waits] = rowsOf('training').sort((a, b) =>
    String(a['job_name']).localeCompare(String(b['job_name'])),
  );
  // Submitted at 718 s: 118 s after one state, 182 s before the next.
  assert.equal(done!['state_distance_seconds'], 118);
  assert.equal(done!['cluster_running_jobs'], 0);
  assert.equal(done!['cluster_cpu_utilization'], null);
  assert.equal(done!['execution_success'], true);
  assert.equal(done!['oom_occurred'], false);
  assert.equal(done!['execution_time_minutes'], 547 / 60);
  assert.equal(waits!['execution_success'], null);
  assert.equal(waits!['oom_occurred'], null);
  assert.equal(waits!['wait_time_minutes'], null);
});
