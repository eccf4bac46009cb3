import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBlock } from '../../../src/history/block-codec.ts';
import { blockId } from '../../../src/history/schema.ts';
import { entityOf, makeInterval, START_UNIX_SECONDS, steadySecond } from '../../support/history-intervals.ts';
import { keepSeconds, type OpenHistory, openHistory, writeOnFlush } from '../../support/open-history.ts';

const HOUR = 3600;

function run({ history }: OpenHistory, seconds: number, from = START_UNIX_SECONDS): void {
  keepSeconds(
    history,
    Array.from({ length: seconds }, (_, i) => steadySecond(from + i)),
  );
}

/** Microjoules of an entity from the second that each interval is, as the buffer rounds them. */
function exactSum(from: number, seconds: number, energy: (second: number) => number): number {
  let sum = 0;
  for (let i = 0; i < seconds; i++) sum += energy(from + i);
  return Math.round(sum);
}

const processEnergy = (second: number) => steadySecond(second).shares[2]!.energyMicrojoules;
const nodeEnergy = (second: number) => steadySecond(second).energyMicrojoules;

test('each second becomes one row for each entity with energy', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  run(open, 3);
  const rows = open.rows<{ ts: number; kind: string; uj: number }>(
    'SELECT ts, kind, uj FROM recent JOIN entity ON id = e ORDER BY ts, e',
  );
  // The third second is not complete yet.
  assert.equal(rows.length, 2 * 7);
  assert.deepEqual(
    rows.slice(0, 7).map(({ kind }) => kind),
    ['node', 'idle', 'unattributed', 'zone', 'pod', 'container', 'process'],
  );
});

test('rollups, blocks and seconds have the same sums', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  const seconds = 2 * HOUR + 400;
  run(open, seconds);
  open.history.close();
  const closed = open.rows<{ ts: number }>('SELECT ts FROM coverage WHERE period = 3600 AND state > 0');
  assert.deepEqual(closed, [{ ts: START_UNIX_SECONDS }, { ts: START_UNIX_SECONDS + HOUR }]);
  const sums = open.rows<{
    kind: string;
    hours: number;
    minutes: number;
    seconds: number;
    blocks: number | null;
  }>(`
    SELECT kind,
      (SELECT sum(uj) FROM hour WHERE e = id) AS hours,
      (SELECT sum(uj) FROM minute WHERE e = id AND ts < ${START_UNIX_SECONDS + 2 * HOUR}) AS minutes,
      (SELECT sum(uj) FROM recent WHERE e = entity.id AND ts < ${START_UNIX_SECONDS + 2 * HOUR}) AS seconds,
      (SELECT sum(uj_sum) FROM block WHERE block.id >> 20 = entity.id) AS blocks
    FROM entity`);
  assert.equal(sums.length, 7);
  for (const { kind, hours, minutes, seconds: kept, blocks } of sums) {
    assert.equal(minutes, hours, kind);
    // With recentHours 2 the first seconds have begun to go.
    assert.ok(kept < hours && kept > hours * 0.9, kind);
    assert.equal(blocks, kind === 'process' ? null : hours, kind);
  }
  const node = sums.find(({ kind }) => kind === 'node')!;
  assert.ok(Math.abs(node.hours - exactSum(START_UNIX_SECONDS, 2 * HOUR, nodeEnergy)) <= 1);
  const all = open.value(
    "SELECT sum(uj) FROM hour JOIN entity ON id = e WHERE kind IN ('idle','unattributed','process')",
  );
  assert.equal(all, node.hours);
});

test('a block gives back the hour second by second within its quantum', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  run(open, HOUR + 400);
  const [pod] = open.rows<{ id: number }>("SELECT id FROM entity WHERE kind = 'pod'");
  const [row] = open.rows<{ n: number; q: number; codec: number; uj_sum: number; data: Buffer }>(
    `SELECT * FROM block WHERE id = ${blockId(pod!.id, START_UNIX_SECONDS)}`,
  );
  const values = decodeBlock({
    count: row!.n,
    quantum: row!.q,
    codec: row!.codec,
    sum: row!.uj_sum,
    data: row!.data,
  });
  for (let i = 0; i < HOUR; i++) {
    assert.ok(Math.abs(values[i]! - processEnergy(START_UNIX_SECONDS + i)) <= row!.q + 1, `second ${i}`);
  }
});

test('the views show every second once, whether it has been rolled up or not', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  let done = 0;
  for (const seconds of [30, 61, 64, 200, HOUR - 1, HOUR + 2, HOUR + 40, HOUR + 300, 2 * HOUR + 10]) {
    run(open, seconds - done, START_UNIX_SECONDS + done);
    done = seconds;
    // The last second is still being gathered.
    const expected = exactSum(START_UNIX_SECONDS, seconds - 1, processEnergy) / 1e6;
    for (const view of ['pod_hour', 'container_hour', 'process_minute', 'pod_day']) {
      const joules = Number(open.value(`SELECT sum(joules) FROM ${view}`));
      assert.ok(Math.abs(joules - expected) < 2e-6, `${view} after ${seconds} s: ${joules}, not ${expected}`);
    }
    const [node] = open.rows<Record<string, number>>(
      `SELECT sum(joules) AS joules, sum(idle_joules + active_joules + unattributed_joules) AS parts,
         sum(active_joules) AS active, sum(metered_seconds) AS metered FROM node_hour`,
    );
    assert.ok(Math.abs(node!['joules']! - node!['parts']!) < 1e-6);
    assert.ok(Math.abs(node!['active']! - expected) < 1e-4);
    assert.equal(node!['metered'], seconds - 1);
  }
});

test('energy_now shows the newest second in watts, with source', (t) => {
  const open = openHistory(t);
  run(open, 5);
  const now = open.rows<{ time: string; kind: string; watts: number; source: string }>(
    'SELECT * FROM energy_now',
  );
  assert.equal(now.length, 7);
  assert.ok(now.every(({ time }) => time === '2026-01-01 00:00:03'));
  const pod = now.find(({ kind }) => kind === 'pod')!;
  assert.ok(Math.abs(pod.watts - processEnergy(START_UNIX_SECONDS + 3) / 1e6) < 1e-5);
  assert.equal(pod.source, 'measured');
});

test('a sum of measured and estimated energy says both', (t) => {
  const open = openHistory(t);
  const second = (i: number, provenance: 'measured' | 'estimated') =>
    makeInterval({
      startUnixMilliseconds: (START_UNIX_SECONDS + i) * 1000,
      milliseconds: 1000,
      idle: 1e6,
      unattributed: 0,
      shares: [{ entity: entityOf('pod', 'p'), uj: 1e6 }],
      provenance,
      idleState: 'provisional',
    });
  for (let i = 0; i < 200; i++) open.history.accept(second(i, i < 70 ? 'measured' : 'estimated'));
  assert.equal(open.value('SELECT source FROM pod_hour'), 'measured+estimated, idle provisional');
  assert.equal(open.value("SELECT source FROM energy_now WHERE kind = 'node'"), 'estimated');
});

test('a gap is a row of its own and joins with the seconds after it; no energy is stored for it', (t) => {
  const open = openHistory(t);
  for (let i = 0; i < 10; i++) {
    const unreadable = i >= 3 && i < 7;
    open.history.accept(
      makeInterval({
        startUnixMilliseconds: (START_UNIX_SECONDS + i) * 1000,
        milliseconds: 1000,
        idle: 1e6,
        unattributed: 0,
        shares: [],
        ...(unreadable ? { gap: 'unreadable' as const } : {}),
      }),
    );
  }
  open.history.close();
  assert.deepEqual(open.rows('SELECT * FROM gap'), [
    { ts: START_UNIX_SECONDS + 3, zone: 'package-0', reason: 'unreadable', seconds: 4 },
  ]);
  assert.equal(open.value('SELECT sum(joules) FROM node_hour'), 6);
  assert.equal(open.value('SELECT metered_seconds FROM node_hour'), 6);
  assert.equal(open.value('SELECT watts FROM node_hour'), 1);
});

test('a name that becomes known later replaces the first one', (t) => {
  const open = openHistory(t);
  const second = (i: number, name: string) =>
    makeInterval({
      startUnixMilliseconds: (START_UNIX_SECONDS + i) * 1000,
      milliseconds: 1000,
      idle: 0,
      unattributed: 0,
      shares: [{ entity: entityOf('pod', 'uid-9', { name }), uj: 1e6 }],
    });
  open.history.accept(second(0, 'uid-9'));
  open.history.accept(second(1, 'uid-9'));
  open.history.accept(second(2, 'web-0'));
  open.history.accept(second(3, 'web-0'));
  assert.deepEqual(open.rows("SELECT name, uid FROM entity WHERE kind = 'pod'"), [
    { name: 'web-0', uid: 'uid-9' },
  ]);
});

test('the time between two daemons is a gap', (t) => {
  const first = openHistory(t);
  run(first, 10);
  first.history.close();
  const second = openHistory(t, { path: first.path });
  run(second, 3, START_UNIX_SECONDS + 500);
  assert.deepEqual(second.rows('SELECT * FROM gap'), [
    { ts: START_UNIX_SECONDS + 10, zone: '*', reason: 'not-running', seconds: 490 },
  ]);
});

test('state is kept over restarts, and can be read before it is written', (t) => {
  const first = openHistory(t);
  assert.equal(first.history.loadState('idle-model'), undefined);
  first.history.saveState('idle-model', { 'package-0': [1.5, 2] });
  assert.deepEqual(first.history.loadState('idle-model'), { 'package-0': [1.5, 2] });
  first.history.close();
  const second = openHistory(t, { path: first.path });
  assert.deepEqual(second.history.loadState('idle-model'), { 'package-0': [1.5, 2] });
});

test('use before open is a coded error', (t) => {
  const { history } = openHistory(t);
  history.close();
  assert.throws(() => history.accept(steadySecond(START_UNIX_SECONDS)), { code: 'KISIM_E_HISTORY_CLOSED' });
  assert.throws(() => history.flush(), { code: 'KISIM_E_HISTORY_CLOSED' });
});

test('every step of a long run stays short: no flush writes more than a few hundred rows', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  run(open, HOUR + 10);
  // The hour is read back and closed a little with each of the following seconds.
  const state = () => open.value('SELECT state FROM coverage WHERE period = 3600 ORDER BY ts LIMIT 1');
  assert.equal(state(), 0);
  run(open, 60, START_UNIX_SECONDS + HOUR + 10);
  assert.equal(state(), 0);
  run(open, 300, START_UNIX_SECONDS + HOUR + 70);
  assert.equal(state(), 1);
});
