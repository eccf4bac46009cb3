import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadSecond } from '../../../../src/load/http/recorder.ts';
import { figuresOf } from '../../../../src/load/report/figures.ts';
import { followingOf } from '../../../../src/load/report/following.ts';
import { secondsCsv } from '../../../../src/load/report/seconds-csv.ts';

function second(number: number, wanted: number, sent: number): LoadSecond {
  return {
    second: number,
    seconds: 1,
    wanted,
    users: null,
    sent,
    answered: sent,
    errors: 0,
    inFlight: 0,
    p50Milliseconds: sent > 0 ? 1.5 : null,
    p95Milliseconds: sent > 0 ? 2 : null,
    p99Milliseconds: sent > 0 ? 3 : null,
    maxMilliseconds: sent > 0 ? 4 : null,
  };
}

test('the worst window tells how far the load strayed from its pattern', () => {
  const seconds = Array.from({ length: 40 }, (_, i) => second(i, 100, i < 2 ? 90 : 101));
  const following = followingOf(seconds, 40);
  assert.deepEqual(following, { wanted: 4000, sent: 4018, windowSeconds: 2, worstPercent: 10 });
});

test('windows that wanted next to nothing, and seconds behind the pattern, do not count', () => {
  const seconds = [second(0, 10, 0), second(1, 500, 495), second(2, 0, 50)];
  assert.deepEqual(followingOf(seconds, 2), { wanted: 510, sent: 495, windowSeconds: 1, worstPercent: 1 });
  assert.equal(followingOf([second(0, 1, 5)], 1).worstPercent, null);
  // Independent clients differ by chance.
  assert.equal(followingOf(seconds, 2, 'poisson').worstPercent, null);
});

test('a series is a row a second, with nothing where nothing was measured', () => {
  const lines = secondsCsv([second(0, 10, 10), second(1, 0, 0)]).split('\r\n');
  assert.equal(
    lines[0],
    'second,seconds,wanted,users,sent,answered,errors,in_flight,p50_ms,p95_ms,p99_ms,max_ms',
  );
  assert.equal(lines[1], '0,1,10,,10,10,0,0,1.5,2,3,4');
  assert.equal(lines[2], '1,1,0,,0,0,0,0,,,,');
});

test('the share of errors is of all requests that ended', () => {
  const counts = {
    sent: 12,
    answered: 8,
    errors: 4,
    errorsByKind: { timeout: 2, 'status 500': 2 },
    byStatus: { 200: 6, 500: 2 },
    bytes: 1,
    latency: null,
  };
  const figures = figuresOf(counts, 2);
  assert.equal(figures.errorShare, 0.4);
  assert.equal(figures.ratePerSecond, 4);
  assert.equal(figures.goodRatePerSecond, 3);
  assert.equal(figuresOf({ ...counts, answered: 0, errors: 0, byStatus: {} }, 2).errorShare, null);
});
