import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const waiting = fileURLToPath(new URL('./waiting-program.ts', import.meta.url));
const listImports = new URL('./list-imports.mjs', import.meta.url).href;
const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

function start(args: readonly string[], script = main, nodeOptions: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeOptions, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<{ status: number | null; out: string; err: string }>((resolve) =>
    child.on('close', (status) => resolve({ status, out, err })),
  );
  return { child, ended };
}

test('the program prints data to stdout and ends with the status of the command', async () => {
  const { status, out, err } = await start(['config', 'show', '--json', '--set', 'export.port=1']).ended;
  assert.equal(status, 0, err);
  assert.deepEqual(JSON.parse(out)['export.port'], { value: 1, origin: 'flag', where: '--set export.port' });
});

test('a command line that is not understood ends with 2', async () => {
  const { status, out, err } = await start(['nonsense']).ended;
  assert.equal(status, 2);
  assert.equal(out, '');
  assert.match(err, /KISIM_E_USAGE/);
});

test('help loads none of the modules that commands need', async () => {
  const { status, err } = await start(['--help'], main, ['--import', listImports]).ended;
  assert.equal(status, 0);
  const loaded = err.split('\n');
  assert.ok(loaded.some((url) => url.endsWith('/src/cli/program.ts')));
  for (const heavy of ['zod', 'pino', 'yaml', 'better-sqlite3', 'systeminformation', 'echarts']) {
    assert.ok(!loaded.some((url) => url.includes(`/node_modules/${heavy}/`)), heavy);
  }
  for (const room of ['native', 'meter', 'inventory', 'history', 'export', 'daemon', 'config']) {
    assert.ok(!loaded.some((url) => url.includes(`/src/${room}/`)), room);
  }
});

test('a reader that closes the pipe early is no error', async () => {
  const { child, ended } = start(['man']);
  child.stdout.destroy();
  const { status, err } = await ended;
  assert.equal(err, '');
  assert.equal(status, 0);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} asks the command to stop, and its own status counts`, async () => {
    const { child, ended } = start(['wait'], waiting);
    child.stdout.once('data', () => child.kill(signal));
    const { status, out, err } = await ended;
    assert.equal(err, '');
    assert.equal(out, `waiting\nasked to stop by ${signal}\n`);
    assert.equal(status, 0);
  });
}

test('a later signal ends a command that does not stop; the same one passed on by a launcher does not', async () => {
  const { child, ended } = start(['wait', 'stubbornly'], waiting);
  let signals = 0;
  child.stdout.once('data', () => {
    const again = setInterval(() => {
      signals += 1;
      child.kill('SIGTERM');
    }, 20);
    child.once('exit', () => clearInterval(again));
  });
  const { status, out } = await ended;
  assert.equal(out, 'waiting\nasked to stop by SIGTERM\n');
  assert.equal(status, 143);
  assert.ok(signals > 2, `${signals} signals`);
});
