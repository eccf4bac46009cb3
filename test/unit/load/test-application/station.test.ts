import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApplicationErrors } from '../../../../src/load/test-application/errors.ts';
import { Station } from '../../../../src/load/test-application/station.ts';
import type { Clock } from '../../../../src/util/clock.ts';

const NEVER = new AbortController().signal;

/** A station on a clock that stands until the test sets it, and requests that the test ends. */
function played(servers: number, queueLimit: number) {
  let now = 0;
  const clock: Clock = { monotonicNanoseconds: () => now, unixMilliseconds: () => 0 };
  const station = new Station({ servers, queueLimit, clock });
  const begun: string[] = [];
  const arrive = (name: string, signal: AbortSignal = NEVER) => {
    const work = Promise.withResolvers<string>();
    const served = station.run((server) => {
      begun.push(`${name}@${server}`);
      return work.promise;
    }, signal);
    return { served, end: () => work.resolve(name), fail: (error: Error) => work.reject(error) };
  };
  const at = (nanoseconds: number) => {
    now = nanoseconds;
  };
  return { station, begun, arrive, at };
}

test('requests take free servers at once, then wait for the first that is free, in the order of arrival', async () => {
  const { station, begun, arrive, at } = played(2, 10);
  const [a, b] = [arrive('a'), arrive('b')];
  at(5);
  const [c, d] = [arrive('c'), arrive('d')];
  assert.deepEqual(begun, ['a@0', 'b@1']);
  assert.equal(station.inService, 2);
  assert.equal(station.queued, 2);
  at(20);
  b.end();
  assert.deepEqual(await b.served, { result: 'b', waitNanoseconds: 0, serviceNanoseconds: 20 });
  at(30);
  c.end();
  assert.deepEqual(await c.served, { result: 'c', waitNanoseconds: 15, serviceNanoseconds: 10 });
  a.end();
  d.end();
  assert.equal((await d.served).waitNanoseconds, 25);
  await a.served;
  assert.deepEqual(begun, ['a@0', 'b@1', 'c@1', 'd@1']);
  assert.equal(station.inService, 0);
});

test('a request beyond the queue is refused, and one that fails frees its server', async () => {
  const { begun, arrive } = played(1, 1);
  const a = arrive('a');
  const b = arrive('b');
  await assert.rejects(arrive('c').served, { code: 'KISIM_E_TEST_APPLICATION_FULL' });
  a.fail(new Error('broken'));
  await assert.rejects(a.served, /broken/);
  b.end();
  assert.equal((await b.served).result, 'b');
  assert.deepEqual(begun, ['a@0', 'b@0']);
});

test('a client that goes while it waits leaves the queue; one in service is served to its end', async () => {
  const { station, begun, arrive } = played(1, 10);
  const inService = new AbortController();
  const waiting = new AbortController();
  const a = arrive('a', inService.signal);
  const b = arrive('b', waiting.signal);
  const c = arrive('c');
  waiting.abort(new Error('gone'));
  inService.abort(new Error('gone'));
  await assert.rejects(b.served, /gone/);
  assert.equal(station.queued, 1);
  a.end();
  assert.equal((await a.served).result, 'a');
  c.end();
  await c.served;
  assert.deepEqual(begun, ['a@0', 'c@0']);
});

test('all that wait can be refused at once', async () => {
  const { station, arrive } = played(1, 10);
  const a = arrive('a');
  const b = arrive('b');
  station.refuseWaiting(testApplicationErrors.KISIM_E_TEST_APPLICATION_STOPPING('b'));
  await assert.rejects(b.served, { code: 'KISIM_E_TEST_APPLICATION_STOPPING' });
  a.end();
  await a.served;
});
