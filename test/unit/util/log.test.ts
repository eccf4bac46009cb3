import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineErrors } from '../../../src/util/errors.ts';
import { createLogger, type LogLevel, silentLogger } from '../../../src/util/log.ts';

function collect(level: LogLevel) {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(level, { write: (line) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

test('a line holds the level, an ISO time, the event name and the fields', () => {
  const { log, lines } = collect('info');
  log.warn('zone-vanished', { zone: 'package-1', seconds: 3 });
  const { time, ...rest } = lines[0] ?? {};
  assert.deepEqual(rest, { level: 'warn', event: 'zone-vanished', zone: 'package-1', seconds: 3 });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
});

test('events below the level are left out', () => {
  const { log, lines } = collect('warn');
  log.debug('a');
  log.info('b');
  log.error('c');
  assert.deepEqual(
    lines.map((line) => line['event']),
    ['c'],
  );
});

test('an error is written with its code and what to do', () => {
  const errors = defineErrors({
    KISIM_E_TEA_COLD: { summary: 'tea is cold', expected: 'above 60 C', action: 'boil water' },
  });
  const { log, lines } = collect('info');
  log.error('tea', { error: errors.KISIM_E_TEA_COLD('21 C') });
  assert.deepEqual(lines[0]?.['error'], {
    code: 'KISIM_E_TEA_COLD',
    message: 'tea is cold: 21 C',
    expected: 'above 60 C',
    action: 'boil water',
  });
});

test('the cause of an error is written with it', () => {
  const errors = defineErrors({
    KISIM_E_TEA_COLD: { summary: 'tea is cold', expected: 'above 60 C', action: 'boil water' },
  });
  const { log, lines } = collect('info');
  const cause = Object.assign(new Error('no power'), { code: 'EIO' });
  log.error('tea', { error: errors.KISIM_E_TEA_COLD('21 C', { cause }) });
  const written = lines[0]?.['error'] as { cause: { message: string; code: string } };
  assert.equal(written.cause.message, 'no power');
  assert.equal(written.cause.code, 'EIO');
});

test('the silent logger accepts every level', () => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    assert.equal(silentLogger[level]('x'), undefined);
});
