import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatMark,
  parseMark,
  type SleepMark,
  sleepStates,
} from '../../../../src/controller/sleep/sleep-mark.ts';

const time = fc.integer({ min: 0, max: 4_000_000_000_000 });

test('a mark is read as it was written', () => {
  const marks = fc.record(
    {
      state: fc.constantFrom(...sleepStates),
      since: time,
      by: fc.string(),
      slept: time,
      failures: fc.integer({ min: 1, max: 100 }),
      notBefore: time,
      why: fc.string(),
    },
    { requiredKeys: ['state', 'since', 'by'], noNullPrototype: true },
  );
  fc.assert(fc.property(marks, (mark) => assert.deepEqual(parseMark(formatMark(mark as SleepMark)), mark)));
});

test('people can read it', () => {
  const since = Date.UTC(2026, 0, 2, 3, 4, 5);
  assert.equal(
    formatMark({ state: 'asleep', since, by: 'host-1#3', failures: 0 }),
    '{"state":"asleep","since":"2026-01-02T03:04:05.000Z","by":"host-1#3"}',
  );
});

test('no mark is none', () => assert.equal(parseMark(undefined), undefined));

const good = { state: 'asleep', since: '2026-01-02T03:04:05Z', by: 'a#1' };
const bad: readonly unknown[] = [
  null,
  'asleep',
  { ...good, state: 'dreaming' },
  { ...good, since: 'yesterday' },
  { ...good, since: undefined },
  { ...good, since: 5 },
  { ...good, by: undefined },
  { ...good, slept: 'then' },
  { ...good, notBefore: {} },
  { ...good, failures: -1 },
  { ...good, failures: '2' },
  { ...good, why: 1 },
];
for (const value of bad) {
  const text = JSON.stringify(value);
  test(`${text} is not readable`, () => assert.equal(parseMark(text), 'unreadable'));
}

test('what is no JSON is not readable', () => assert.equal(parseMark('{asleep'), 'unreadable'));
