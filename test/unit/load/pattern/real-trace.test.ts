import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTracePattern } from '../../../../src/load/pattern/trace-pattern.ts';
import { sharedData } from '../../../support/shared-data.ts';

test('a day of a real web server is a pattern; its gap is told, not filled', {
  skip: sharedData.skip,
}, () => {
  const file = sharedData.path('traces', 'nasa_http_1995_per_minute.csv');
  const day = readTracePattern(file, { durationSeconds: 86_400 });
  assert.equal(day.levelAt(0), 42 / 60);
  assert.ok(Math.abs(day.amountBetween(0, 86_400) - DAY_REQUESTS) < 1e-6 * DAY_REQUESTS);
  assert.throws(
    () => readTracePattern(file),
    (error) => error instanceof Error && 'code' in error && error.code === 'KISIM_E_LOAD_TRACE_GAP',
  );
});

const DAY_REQUESTS = 64_715;
