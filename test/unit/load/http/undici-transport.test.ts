import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { FailureKind } from '../../../../src/load/http/failure.ts';
import { makeTarget, type TargetParts } from '../../../../src/load/http/target.ts';
import type { Connection } from '../../../../src/load/http/transport.ts';
import { undiciTransport } from '../../../../src/load/http/undici-transport.ts';

type Told = { readonly status: number; readonly bytes: number } | { readonly kind: FailureKind };

const transport = undiciTransport({ connectTimeoutMilliseconds: 5000, insecure: false });

function ask(connection: Connection, url: string, more: Partial<TargetParts> = {}): Promise<Told> {
  return new Promise((resolve) => {
    connection.send(makeTarget({ url, ...more }), {
      answered: (status, bytes) => resolve({ status, bytes }),
      failed: (kind) => resolve({ kind }),
    });
  });
}

async function listening(t: TestContext, server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (t: TestContext, listener: RequestListener) => listening(t, createServer(listener));
const raw = (t: TestContext, onSocket: (socket: Socket) => void) => listening(t, createRawServer(onSocket));

function connected(t: TestContext, origin: string): Connection {
  const connection = transport.connect(origin);
  t.after(() => connection.abandon());
  return connection;
}

test('method, path, headers and body arrive, and the answer is counted', async (t) => {
  const origin = await serve(t, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, url, headers } = request;
      response.statusCode = 201;
      response.end([method, url, headers['x-a'], Buffer.concat(parts).toString()].join(' '));
    });
  });
  const told = await ask(connected(t, origin), `${origin}/p?q=1`, {
    method: 'POST',
    headers: { 'x-a': 'one' },
    body: 'grüße',
  });
  assert.deepEqual(told, { status: 201, bytes: Buffer.byteLength('POST /p?q=1 one grüße') });
});

test('a connection is used again, unless the target closes it', async (t) => {
  const ports: (number | undefined)[] = [];
  const origin = await serve(t, (request, response) => {
    ports.push(request.socket.remotePort);
    response.end('ok');
  });
  const connection = connected(t, origin);
  for (let i = 0; i < 3; i++) await ask(connection, origin);
  assert.equal(new Set(ports).size, 1);
  for (let i = 0; i < 2; i++) await ask(connection, origin, { closesConnection: true });
  await ask(connection, origin);
  assert.equal(new Set(ports).size, 3);
});

test('a redirect is an answer', async (t) => {
  const origin = await serve(t, (_, response) => response.writeHead(302, { location: '/other' }).end());
  assert.deepEqual(await ask(connected(t, origin), origin), { status: 302, bytes: 0 });
});

test('nobody listens: refused', async (t) => {
  const server = createRawServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.close();
  await once(server, 'close');
  assert.deepEqual(await ask(connected(t, origin), origin), { kind: 'refused' });
});

test('the server hangs up before and within its answer: reset', async (t) => {
  const before = await raw(t, (socket) => socket.once('data', () => socket.destroy()));
  assert.deepEqual(await ask(connected(t, before), before), { kind: 'reset' });
  const within = await raw(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')),
  );
  const told = await ask(connected(t, within), within);
  assert.ok('kind' in told && ['reset', 'protocol'].includes(told.kind), JSON.stringify(told));
});

test('an answer that is not HTTP: protocol', async (t) => {
  const origin = await raw(t, (socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n')));
  assert.deepEqual(await ask(connected(t, origin), origin), { kind: 'protocol' });
});

test('TLS to a server without it: tls', async (t) => {
  const origin = await serve(t, (_, response) => response.end());
  const secure = origin.replace('http:', 'https:');
  assert.deepEqual(await ask(connected(t, secure), secure), { kind: 'tls' });
});

test('after a failure the same connection works again', async (t) => {
  let first = true;
  const origin = await serve(t, (request, response) => {
    if (first) request.socket.destroy();
    else response.end('ok');
    first = false;
  });
  const connection = connected(t, origin);
  assert.deepEqual(await ask(connection, origin), { kind: 'reset' });
  assert.deepEqual(await ask(connection, origin), { status: 200, bytes: 2 });
});

test('a request that is abandoned is never told of, and the next one goes over a new connection', async (t) => {
  const ended: string[] = [];
  const origin = await serve(t, (request, response) => {
    if (request.url !== '/slow') response.end('ok');
  });
  const connection = connected(t, origin);
  connection.send(makeTarget({ url: `${origin}/slow` }), {
    answered: () => ended.push('answered'),
    failed: (kind) => ended.push(kind),
  });
  await ask(connected(t, origin), origin);
  connection.abandon();
  assert.deepEqual(await ask(connection, origin), { status: 200, bytes: 2 });
  assert.deepEqual(ended, []);
});
