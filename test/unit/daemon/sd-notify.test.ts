import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { SystemdNotifier } from '../../../src/daemon/sd-notify.ts';
import { silentLogger } from '../../../src/util/log.ts';

beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
afterEach(() => mock.timers.reset());

function notifier(env: Record<string, string>, log = silentLogger) {
  const told: string[] = [];
  const send = (state: string) => {
    told.push(state);
    return true;
  };
  return { told, notifier: new SystemdNotifier(send, env, log) };
}

test('ready is told with the status; without a watchdog nothing follows', () => {
  const { told, notifier: to } = notifier({});
  to.ready('metering', () => true);
  mock.timers.tick(3_600_000);
  assert.deepEqual(told, ['READY=1\nSTATUS=metering']);
});

test('the watchdog is fed at half its time, while the meter is alive and until the stop', () => {
  const events: string[] = [];
  const log = { ...silentLogger, error: (event: string) => void events.push(event) };
  const { told, notifier: to } = notifier({ WATCHDOG_USEC: '10000000' }, log);
  let alive = true;
  to.ready('metering', () => alive);
  mock.timers.tick(10_000);
  assert.deepEqual(told.slice(1), ['WATCHDOG=1', 'WATCHDOG=1']);
  alive = false;
  mock.timers.tick(10_000);
  assert.equal(told.length, 3);
  assert.deepEqual(events, ['watchdog-not-fed', 'watchdog-not-fed']);
  to.stopping();
  alive = true;
  mock.timers.tick(60_000);
  assert.deepEqual(told.slice(3), ['STOPPING=1']);
});

test('a watchdog meant for another process, and no number, are not fed', () => {
  for (const env of [
    { WATCHDOG_USEC: '10000000', WATCHDOG_PID: '1' },
    { WATCHDOG_USEC: 'soon' },
    { WATCHDOG_USEC: '0' },
  ]) {
    const { told, notifier: to } = notifier(env);
    to.ready('metering', () => true);
    mock.timers.tick(60_000);
    assert.equal(told.length, 1);
  }
  const { told, notifier: to } = notifier({ WATCHDOG_USEC: '10000000', WATCHDOG_PID: String(process.pid) });
  to.ready('metering', () => true);
  mock.timers.tick(5_000);
  assert.equal(told.length, 2);
});

test('a service manager that cannot be reached is a warning, never the end of the daemon', () => {
  const events: string[] = [];
  const log = { ...silentLogger, warn: (event: string) => void events.push(event) };
  const to = new SystemdNotifier(
    () => {
      throw Object.assign(new Error('sendmsg'), { code: 'ECONNREFUSED' });
    },
    {},
    log,
  );
  to.ready('metering', () => true);
  to.status('still metering');
  to.stopping();
  assert.deepEqual(events, ['notify-failed', 'notify-failed', 'notify-failed']);
});
