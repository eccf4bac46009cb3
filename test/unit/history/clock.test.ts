import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START_UNIX_SECONDS, steadySecond } from '../../support/history-intervals.ts';
import { keepSeconds, type OpenHistory, openHistory, writeOnFlush } from '../../support/open-history.ts';

const HOUR = 3600;

/** Runs the meter with the wall clock at `from`; returns the process's energy in joules. */
function run({ history }: OpenHistory, from: number, seconds: number): number {
  let microjoules = 0;
  const intervals = Array.from({ length: seconds }, (_, i) => steadySecond(from + i));
  for (const interval of intervals) microjoules += interval.shares[2]!.energyMicrojoules;
  keepSeconds(history, intervals);
  return microjoules / 1e6;
}

function assertJoules(open: OpenHistory, expected: number): void {
  for (const view of ['pod_hour', 'process_minute', 'pod_day']) {
    const joules = Number(open.value(`SELECT sum(joules) FROM ${view}`));
    assert.ok(Math.abs(joules - expected) < 3e-6, `${view}: ${joules}, not ${expected}`);
  }
}

for (const [name, back] of [
  ['within the minute', 20],
  ['over minutes already summed', 600],
  ['over the hour that has been closed', HOUR + 600],
] as const) {
  test(`a clock set back ${name} adds to what is there and loses nothing`, (t) => {
    const open = openHistory(t, {}, writeOnFlush);
    const first = HOUR + 1200;
    let expected = run(open, START_UNIX_SECONDS, first);
    expected += run(open, START_UNIX_SECONDS + first - back, 900);
    open.history.close();
    assertJoules(open, expected);
    const [gap] = open.rows<{ reason: string; seconds: number }>('SELECT reason, seconds FROM gap');
    assert.equal(gap?.reason, 'clock-set-back');
    assert.ok(Math.abs(gap.seconds - back) <= 1);
    assert.equal(open.value('PRAGMA integrity_check'), 'ok');
  });
}

test('a clock set back into an hour whose seconds are gone keeps the energy in minutes and hours', (t) => {
  const open = openHistory(t, { recentHours: 1 }, writeOnFlush);
  const first = 3 * HOUR;
  let expected = run(open, START_UNIX_SECONDS, first);
  assert.equal(open.value('SELECT state FROM coverage WHERE period = 3600 ORDER BY ts LIMIT 1'), 2);
  expected += run(open, START_UNIX_SECONDS + 100, 300);
  open.history.close();
  assertJoules(open, expected);
  assert.equal(open.value('SELECT metered_seconds FROM pod_hour ORDER BY ts LIMIT 1'), HOUR + 300);
});

test('an hour lived twice is closed again with the energy of both', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  let expected = run(open, START_UNIX_SECONDS, HOUR + 600);
  expected += run(open, START_UNIX_SECONDS + HOUR - 600, HOUR + 1200);
  open.history.close();
  assertJoules(open, expected);
  const [sums] = open.rows<{ hours: number; blocks: number }>(
    `SELECT (SELECT sum(uj) FROM hour WHERE e = 1) AS hours,
      (SELECT sum(uj_sum) FROM block WHERE id >> 20 = 1) AS blocks`,
  );
  assert.equal(sums?.hours, sums?.blocks);
});

test('seconds added to an hour while it is being closed are in its blocks', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  const blocksMissing = () =>
    open.value(
      'SELECT (SELECT sum(uj) FROM hour WHERE e = 1) - (SELECT sum(uj_sum) FROM block WHERE id >> 20 = 1)',
    );
  let expected = run(open, START_UNIX_SECONDS, HOUR + 100);
  // Into the part of the hour that has been read already, and forward again.
  expected += run(open, START_UNIX_SECONDS + 500, 50);
  expected += run(open, START_UNIX_SECONDS + HOUR + 150, 450);
  assert.equal(open.value('SELECT state FROM coverage WHERE period = 3600 ORDER BY ts LIMIT 1'), 1);
  assert.equal(blocksMissing(), 0);
  open.history.close();
  assertJoules(open, expected);
});

test('minutes that are new in an hour whose seconds are gone are counted once', (t) => {
  const open = openHistory(t, { recentHours: 1 }, writeOnFlush);
  run(open, START_UNIX_SECONDS + 1800, 3 * HOUR);
  assert.equal(open.value('SELECT state FROM coverage WHERE period = 3600 ORDER BY ts LIMIT 1'), 2);
  const hour = () => Number(open.value('SELECT joules FROM pod_hour ORDER BY ts LIMIT 1'));
  const hours = () => Number(open.value('SELECT sum(joules) FROM pod_hour WHERE ts < 1767229200'));
  const before = hour();
  const added = run(open, START_UNIX_SECONDS + 600, 31);
  // All but the second that is being gathered, and as much of the one before the clock was set.
  assert.ok(Math.abs(hours() - before - added * (30 / 31)) < 1, `${hours() - before} J of ${added} J`);
});

test('a clock that jumps ahead makes no rows for the time that never was', (t) => {
  const open = openHistory(t, {}, writeOnFlush);
  let expected = run(open, START_UNIX_SECONDS, 300);
  expected += run(open, START_UNIX_SECONDS + 30 * 86_400, 300);
  open.history.close();
  assertJoules(open, expected);
  assert.equal(open.value('SELECT sum(metered_seconds) FROM node_hour'), 600);
  assert.ok(Number(open.value("SELECT seconds FROM gap WHERE reason = 'clock-jump-or-pause'")) > 2_500_000);
});

test('a clock that jumps years ahead does not empty the history', (t) => {
  const open = openHistory(
    t,
    { minuteDays: 1, processMinuteDays: 1, hourDays: 1, blockDays: 1 },
    writeOnFlush,
  );
  let expected = run(open, START_UNIX_SECONDS, HOUR);
  expected += run(open, START_UNIX_SECONDS + 10 * 365 * 86_400, 900);
  expected += run(open, START_UNIX_SECONDS + HOUR, 600);
  open.history.close();
  assertJoules(open, expected);
});
