import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BlockTold } from '../../src/cli/block/format.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = fileURLToPath(new URL('../../scripts/kisimd', import.meta.url));

/** A command whose lines are read as they come. */
class Running {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly ended: Promise<{ readonly status: number | null; readonly stderr: string }>;

  constructor(t: TestContext, ...args: readonly string[]) {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    t.after(() => child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    this.ended = once(child, 'close').then(([status]) => ({ status: status as number | null, stderr }));
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) assert.fail(`no more lines: ${JSON.stringify(await this.ended)}`);
    return value;
  }

  async told<T>(): Promise<T> {
    return JSON.parse(await this.line()) as T;
  }
}

/** Paths of the files that a process has open. */
function filesOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch (error) {
      // It has been closed meanwhile.
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
      return '';
    }
  });
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

const everything = (folder: string, peer: string) => [
  ...[
    'block',
    '--json',
    '--cpu',
    '0.2',
    '--memory',
    '400MiB',
    '--disk-read',
    '1MB/s',
    '--disk-write',
    '1MB/s',
  ],
  ...['--network', '1MB/s', '--peer', peer, '--folder', folder, '--file-size', '2MiB'],
];

async function peerOf(t: TestContext): Promise<string> {
  const peer = new Running(t, 'block', 'peer', '--listen', '127.0.0.1:0', '--json');
  return (await peer.told<{ listen: string }>()).listen;
}

test('all of it is held at once, reported, and let go at the end of the time', async (t) => {
  const folder = temporaryFolder(t);
  const block = new Running(t, ...everything(folder, await peerOf(t)), '--for', '3s');
  await block.told<object>();
  const told = await block.told<BlockTold>();
  assert.equal(told.end, 'time');
  assert.deepEqual(
    told.holdings.map(({ resource }) => resource),
    ['cpu', 'memory', 'disk-read', 'disk-write', 'network'],
  );
  for (const { held, windows } of told.holdings) {
    assert.ok(windows > 0);
    assert.ok(held! > 0);
  }
  const memory = told.holdings.find(({ resource }) => resource === 'memory')!;
  assert.ok(Math.abs(memory.deviation!) < 0.05, JSON.stringify(memory));
  // Others use this machine too: what could not be held is said, by status and code.
  const { status, stderr } = await block.ended;
  assert.equal(status, told.held ? 0 : 1);
  if (!told.held) assert.match(stderr, /KISIM_E_BLOCK_NOT_HELD/);
  assert.deepEqual(readdirSync(folder), []);
});

test('SIGINT lets go and reports', async (t) => {
  const folder = temporaryFolder(t);
  const block = new Running(t, ...everything(folder, await peerOf(t)), '--for', '1h');
  await block.told<object>();
  assert.ok(residentBytes(block.child.pid!) > 380 * 1024 * 1024);
  // The files are there, and have no names.
  assert.equal(filesOf(block.child.pid!).filter((path) => path.startsWith(folder)).length, 2);
  assert.deepEqual(readdirSync(folder), []);
  block.child.kill('SIGINT');
  assert.equal((await block.told<BlockTold>()).end, 'asked');
  await block.ended;
  assert.equal(existsSync(`/proc/${block.child.pid}`), false);
});

test('nothing outlives a process that is killed', async (t) => {
  const folder = temporaryFolder(t);
  const block = new Running(t, ...everything(folder, await peerOf(t)), '--for', '1h');
  await block.told<object>();
  block.child.kill('SIGKILL');
  await block.ended;
  assert.equal(existsSync(`/proc/${block.child.pid}`), false);
  assert.deepEqual(readdirSync(folder), []);
});

test('it lets go when whoever started it has gone', async (t) => {
  const script = `"$0" block --json --cpu 0.1 --for 1h & echo; read -r _; exit 0`;
  const parent = spawn('sh', ['-c', script, program], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => parent.kill('SIGKILL'));
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  assert.equal(await next(), '');
  assert.deepEqual(JSON.parse(await next()), { holding: { cpuCores: 0.1 } });
  parent.stdin.end('\n');
  assert.equal((JSON.parse(await next()) as BlockTold).end, 'parent-gone');
  // Its end of the pipe is closed: the blocker has ended too.
  assert.equal((await lines.next()).done, true);
});

test('a peer that goes is an error, and everything is let go', async (t) => {
  const peer = new Running(t, 'block', 'peer', '--listen', '127.0.0.1:0');
  const where = await peer.line();
  const block = new Running(
    t,
    'block',
    '--json',
    '--network',
    '1MB/s',
    '--peer',
    where,
    '--memory',
    '200MiB',
    '--for',
    '1h',
  );
  await block.told<object>();
  peer.child.kill('SIGTERM');
  assert.equal((await peer.ended).status, 0);
  const told = await block.told<BlockTold>();
  assert.equal(told.end, 'failed');
  assert.equal(told.error, 'KISIM_E_BLOCK_PEER_LOST');
  const { status, stderr } = await block.ended;
  assert.equal(status, 1);
  assert.match(stderr, /KISIM_E_BLOCK_PEER_LOST/);
});
