import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { daemonFinding } from '../../../../src/cli/doctor/daemon.ts';
import { defaultConfig } from '../../../../src/config/defaults.ts';

function config(port: number, over: { readonly enabled?: boolean; readonly host?: string } = {}) {
  const { export: base } = defaultConfig({}, { hostname: 'n', uid: 0, homeDirectory: undefined });
  return { export: { ...base, port, ...over } };
}

async function withServer(
  pages: Readonly<Record<string, readonly [status: number, body: string]>>,
  use: (port: number, asked: readonly string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(request.url ?? '');
    const [status, body] = pages[request.url ?? ''] ?? [404, 'none'];
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use((server.address() as AddressInfo).port, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('a daemon that answers is found, and its metrics are left alone', async () => {
  await withServer({ '/healthz': [200, '{}'], '/': [200, 'kisimd 0.1.0 on n\n'] }, async (port, asked) => {
    const { mark, says } = await daemonFinding(config(port));
    assert.equal(mark, 'ok');
    assert.match(says, new RegExp(`127\\.0\\.0\\.1:${port}`));
    assert.ok(!asked.includes('/metrics'));
    assert.equal((await daemonFinding(config(port, { host: '0.0.0.0' }))).mark, 'ok');
  });
});

test('a daemon that is not healthy is warned of', async () => {
  await withServer({ '/healthz': [503, '{}'], '/': [200, 'kisimd 0.1.0 on n\n'] }, async (port) => {
    const { mark, action } = await daemonFinding(config(port));
    assert.equal(mark, 'warn');
    assert.match(action ?? '', /journalctl -u rl-sched/);
  });
});

test('another program on the port is told, with another port', async () => {
  await withServer({ '/healthz': [200, 'ok'], '/': [200, 'Kepler'] }, async (port) => {
    const { mark, action } = await daemonFinding(config(port));
    assert.equal(mark, 'refused');
    assert.ok(action?.includes(`--set export.port=${port + 1}`));
  });
});

test('a port that something holds without answering is told', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { mark, says } = await daemonFinding(config(port));
  await new Promise((resolve) => server.close(resolve));
  assert.equal(mark, 'refused');
  assert.match(says, /EADDRINUSE/);
});

test('no daemon and a free port: how to start one', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { mark, action } = await daemonFinding(config(port));
  assert.equal(mark, 'absent');
  assert.match(action ?? '', /kisimd run/);
});

test('without export there is nobody to ask', async () => {
  assert.equal((await daemonFinding(config(1, { enabled: false }))).mark, 'warn');
});
