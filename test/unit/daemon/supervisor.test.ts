import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Service, Supervisor } from '../../../src/daemon/supervisor.ts';
import { silentLogger } from '../../../src/util/log.ts';

/** Services that write down what is done to them. */
function recorded(names: readonly string[], faults: { start?: string; stop?: string } = {}) {
  const story: string[] = [];
  const services: Service[] = names.map((name) => ({
    name,
    start: () => {
      story.push(`start ${name}`);
      if (faults.start === name) throw new Error(`${name} cannot`);
    },
    stop: async () => {
      story.push(`stop ${name}`);
      if (faults.stop === name) throw new Error(`${name} hangs`);
    },
  }));
  return { story, services };
}

test('services start in order and stop in reverse', async () => {
  const { story, services } = recorded(['a', 'b']);
  const supervisor = new Supervisor(silentLogger);
  await supervisor.start(services);
  assert.deepEqual(await supervisor.stop(), []);
  assert.deepEqual(story, ['start a', 'start b', 'stop b', 'stop a']);
});

test('where one cannot start, those before it are stopped and its error is told', async () => {
  const { story, services } = recorded(['a', 'b', 'c'], { start: 'b' });
  const supervisor = new Supervisor(silentLogger);
  await assert.rejects(supervisor.start(services), /b cannot/);
  assert.deepEqual(story, ['start a', 'start b', 'stop a']);
  assert.deepEqual(await supervisor.stop(), []);
});

test('one that cannot be stopped is named, and the others are stopped all the same', async () => {
  const { story, services } = recorded(['a', 'b', 'c'], { stop: 'b' });
  const supervisor = new Supervisor(silentLogger);
  await supervisor.start(services);
  assert.deepEqual(await supervisor.stop(), ['b']);
  assert.deepEqual(story.slice(3), ['stop c', 'stop b', 'stop a']);
});

test('a second stop stops nothing twice', async () => {
  const { story, services } = recorded(['a']);
  const supervisor = new Supervisor(silentLogger);
  await supervisor.start(services);
  await Promise.all([supervisor.stop(), supervisor.stop()]);
  assert.deepEqual(story, ['start a', 'stop a']);
});

test('a stop during the start lets no further service start and leaves none running', async () => {
  const { story, services } = recorded(['before', 'after']);
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow: Service = {
    name: 'slow',
    start: async () => {
      begun.resolve();
      await promise;
      story.push('start slow');
    },
    stop: () => void story.push('stop slow'),
  };
  const supervisor = new Supervisor(silentLogger);
  const start = supervisor.start([services[0]!, slow, services[1]!]);
  await begun.promise;
  const stop = supervisor.stop();
  resolve();
  await assert.rejects(start, { code: 'KISIM_E_DAEMON_STOPPED' });
  assert.deepEqual(await stop, []);
  assert.deepEqual(story, ['start before', 'start slow', 'stop slow', 'stop before']);
});

test('a stop during the start of the last service stops that one too', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const story: string[] = [];
  const supervisor = new Supervisor(silentLogger);
  const last: Service = { name: 'last', start: () => promise, stop: () => void story.push('stop last') };
  const start = supervisor.start([last]);
  const stop = supervisor.stop();
  resolve();
  await assert.rejects(start, { code: 'KISIM_E_DAEMON_STOPPED' });
  await stop;
  assert.deepEqual(story, ['stop last']);
});
