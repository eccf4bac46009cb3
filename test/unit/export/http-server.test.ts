import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, test } from 'node:test';
import { ExportHttpServer, type HttpServerOptions } from '../../../src/export/http-server.ts';
import { silentLogger } from '../../../src/util/log.ts';

const running: ExportHttpServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function started(over: Partial<HttpServerOptions> = {}): Promise<number> {
  const page = () => ({ status: 200, contentType: 'text/plain', body: 'joules\n' });
  const server = new ExportHttpServer({
    host: '127.0.0.1',
    port: 0,
    routes: new Map([['/metrics', page]]),
    log: silentLogger,
    ownNames: ['node-1'],
    ...over,
  });
  running.push(server);
  return (await server.start()).port;
}

function ask(
  port: number,
  hostHeader: string,
  host = '127.0.0.1',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host: hostHeader };
    const call = request({ host, port, path: '/metrics', headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on('error', reject);
    call.end();
  });
}

/** Sends the text and nothing more; resolves with what came back until the server closed the connection. */
function sendAndWait(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('end', () => {
      socket.destroy();
      resolve(answer);
    });
  });
}

test('DNS rebinding: a name of the web that points to loopback gets no page', async () => {
  const port = await started();
  for (const name of ['rebind.example.com', `rebind.example.com:${port}`, 'localhost.example.com']) {
    const { status, body } = await ask(port, name);
    assert.equal(status, 421, name);
    assert.match(body, /Host header names another machine.*localhost, 127\.0\.0\.1/);
    assert.doesNotMatch(body, /joules/);
  }
});

test('the machine itself is answered by whatever it calls itself, on any port', async () => {
  const port = await started();
  for (const name of [`127.0.0.1:${port}`, 'localhost', 'localhost:8080', `[::1]:${port}`, 'node-1:28282']) {
    assert.deepEqual(await ask(port, name), { status: 200, body: 'joules\n' }, name);
  }
  assert.match(await sendAndWait(port, 'GET /metrics HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /);
});

test('a server that listens beyond loopback is asked by names that it cannot know', async () => {
  const port = await started({ host: '0.0.0.0' });
  assert.equal((await ask(port, 'meter.example.com')).status, 200);
});

const short = { headMilliseconds: 30, requestMilliseconds: 60, idleMilliseconds: 20, checkMilliseconds: 10 };

test('who sends the head too slowly is cut off with 408, and the others are served', async () => {
  const port = await started({ timeouts: short });
  const slow = sendAndWait(port, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  assert.equal((await ask(port, 'localhost')).status, 200);
  assert.match(await slow, /^HTTP\/1\.1 408 Request Timeout\r\n/);
  assert.equal((await ask(port, 'localhost')).status, 200);
});

test('who sends nothing at all is cut off too', async () => {
  const port = await started({ timeouts: short });
  assert.match(await sendAndWait(port, ''), /^HTTP\/1\.1 408 /);
});

test('who never ends its request has its answer and is then cut off', async () => {
  const port = await started({ timeouts: short });
  const text = 'POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab';
  assert.match(await sendAndWait(port, text), /^HTTP\/1\.1 405 /);
});
