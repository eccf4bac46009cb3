import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  TestApplication,
  type TestApplicationOptions,
} from '../../../../src/load/test-application/test-application.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { createLogger } from '../../../../src/util/log.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const HELD_KB = 64 * 1024;

async function started(t: TestContext, options: Partial<TestApplicationOptions> = {}) {
  const folder = temporaryFolder(t);
  const application = new TestApplication({
    host: '127.0.0.1',
    port: 0,
    servers: 1,
    queueLimit: 1,
    seed: 1,
    folder,
    clock: systemClock,
    log: createLogger('error'),
    ...options,
  });
  const { port } = await application.start();
  t.after(() => application.stop(0));
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string) => {
    const answer = await fetch(`${url}${path}`);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  /** Until so many are in service and in the queue. */
  const busy = async (inService: number, queued: number) => {
    const wanted = [`http_requests_in_flight ${inService}`, `http_requests_queued ${queued}`];
    for (;;) {
      const { text } = await get('/metrics');
      if (wanted.every((line) => text.includes(`\n${line}\n`))) return;
    }
  };
  /** Holds a server: asks for more than the kernel keeps, and reads it only when told to. */
  const hold = async () => {
    const socket = connect(port, '127.0.0.1').pause();
    socket.write(`GET /network?kb=${HELD_KB} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await busy(1, 0);
    return socket;
  };
  return { application, folder, port, get, busy, hold };
}

test('cpu, memory, disk and network cost what was asked for, and say so', async (t) => {
  const { folder, get } = await started(t);
  const cpu = await get('/cpu?ms=3');
  const told = JSON.parse(cpu.text);
  assert.deepEqual(told.asked, { cpuMilliseconds: 3 });
  assert.ok(told.cpuMilliseconds >= 3);
  assert.ok(told.serviceMilliseconds >= told.cpuMilliseconds);
  assert.match(cpu.headers.get('server-timing') ?? '', /^wait;dur=[\d.]+, service;dur=[\d.]+$/);
  const memory = JSON.parse((await get('/memory?mb=8&seconds=0.01')).text);
  assert.ok(memory.serviceMilliseconds >= 10);
  assert.equal((await get('/disk?mb=1')).status, 200);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal((await get('/network?kb=100')).text.length > 0, true);
  const bytes = await get('/network?kb=200');
  assert.equal(bytes.headers.get('content-length'), String(200 * 1024));
  assert.equal((await get('/healthz')).text, 'ok\n');
  const { text } = await get('/metrics');
  for (const [route, count] of Object.entries({ cpu: 1, memory: 1, disk: 1, network: 2 }))
    assert.ok(text.includes(`http_requests_total{route="${route}",code="200"} ${count}\n`), route);
});

test('one is served, one waits, a third is refused; pages are served all the while', async (t) => {
  const { get, busy, hold } = await started(t);
  const first = await hold();
  const second = get('/cpu?ms=1');
  await busy(1, 1);
  const third = await get('/cpu?ms=1');
  assert.equal(third.status, 503);
  assert.equal(JSON.parse(third.text).error.code, 'KISIM_E_TEST_APPLICATION_FULL');
  first.destroy();
  const { waitMilliseconds } = JSON.parse((await second).text);
  assert.ok(waitMilliseconds > 0);
});

test('a client that does not wait leaves the queue, and is counted', async (t) => {
  const { get, busy, hold, port } = await started(t);
  const first = await hold();
  const impatient = connect(port, '127.0.0.1');
  impatient.write('GET /cpu?ms=1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await busy(1, 1);
  impatient.destroy();
  await busy(1, 0);
  first.destroy();
  await busy(0, 0);
  assert.match((await get('/metrics')).text, /^http_requests_total\{route="cpu",code="499"\} 1$/m);
});

test('a request that cannot be understood says what is wrong', async (t) => {
  const { get, port } = await started(t);
  const answer = await get('/cpu?ms=none');
  assert.equal(answer.status, 400);
  assert.equal(JSON.parse(answer.text).error.code, 'KISIM_E_TEST_APPLICATION_REQUEST');
  assert.equal((await get('/elsewhere')).status, 404);
  assert.equal((await get('//')).status, 404);
  const foreign = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /cpu?ms=1 HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('end', () => resolve(text)).on('error', reject);
  });
  assert.match(foreign, /^HTTP\/1.1 421 /);
});

test('a folder that cannot be written is an error of the request, not the end of the application', async (t) => {
  const { get } = await started(t, { folder: '/nowhere/at/all' });
  const answer = await get('/disk?mb=1');
  assert.equal(answer.status, 507);
  assert.match(JSON.parse(answer.text).error.message, /\/nowhere\/at\/all: ENOENT/);
  assert.equal((await get('/cpu?ms=1')).status, 200);
});

test('what is in service ends before the application does, what waits is refused', async (t) => {
  const { application, get, busy, hold } = await started(t);
  const first = await hold();
  const second = get('/cpu?ms=1');
  await busy(1, 1);
  const stopped = application.stop(60_000);
  assert.equal((await second).status, 503);
  let bytes = 0;
  first.on('data', (chunk) => {
    bytes += chunk.length;
  });
  first.resume();
  await stopped;
  assert.ok(bytes > HELD_KB * 1024, String(bytes));
});

test('what does not end in time is cut off', async (t) => {
  const { application, hold } = await started(t);
  const first = await hold();
  const cut = once(first, 'close');
  await application.stop(1);
  first.resume();
  await cut;
});

test('a port that is taken is a coded error, and no thread stays behind', async (t) => {
  const { port } = await started(t);
  await assert.rejects(started(t, { port }), { code: 'KISIM_E_TEST_APPLICATION_LISTEN' });
});
