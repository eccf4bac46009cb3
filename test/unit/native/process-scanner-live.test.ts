import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadAddon } from '../../../src/native/addon.ts';
import type {
  NativeProcessScanner,
  ProcessRecord,
  ProcessScannerOptions,
  ProcessTick,
} from '../../../src/native/process-scanner.ts';

function scannerOf(options: Partial<ProcessScannerOptions> = {}): NativeProcessScanner {
  const { ProcessScanner } = loadAddon();
  return new ProcessScanner({
    procRoot: '/proc',
    clock: 'cpu-clock',
    births: 'auto',
    exits: 'auto',
    stormExitsPerSecond: 1e6,
    reconcileSeconds: 60,
    lastCpuAboveNanoseconds: 0,
    ...options,
  });
}

const probe = scannerOf();
const { births, exits } = probe.tick().status;
const refusals = probe.refusals.join('; ');
probe.close();
const noConnector = births === 'connector' ? false : `this host refuses: ${refusals}`;
const noTaskstats = exits === 'taskstats' ? false : `this host refuses: ${refusals}`;

const bornOf = (tick: ProcessTick, pid: number | undefined): ProcessRecord | undefined =>
  tick.born.find((born) => born.pid === pid);

function chargeOf(tick: ProcessTick, slot: number): number {
  const at = tick.activeSlots.subarray(0, tick.activeCount).indexOf(slot);
  return at < 0 ? 0 : tick.activeCpuNanoseconds[at]!;
}

/** A child that burns CPU time, tells by its own rusage how much it has used, and waits for its input to end. */
const burner = `
  const end = process.cpuUsage().user + 250_000;
  while (process.cpuUsage().user < end);
  const { user, system } = process.cpuUsage();
  process.stdout.write(String((user + system) * 1000));
  process.stdin.resume();`;

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

const tiers: readonly (readonly [string, Partial<ProcessScannerOptions>, string | false])[] = [
  ['connector and taskstats', {}, noConnector || noTaskstats],
  ['connector', { exits: 'none' }, noConnector],
  ['readdir and taskstats', { births: 'readdir' }, noTaskstats],
  ['readdir', { births: 'readdir', exits: 'none' }, false],
];

for (const [name, options, skip] of tiers) {
  describe(`real processes by ${name}`, { skip }, () => {
    test('a hog is charged its own rusage within 1 %', async () => {
      const scanner = scannerOf(options);
      scanner.tick();
      const child = spawn(process.execPath, ['-e', burner], { stdio: ['pipe', 'pipe', 'inherit'] });
      const born = bornOf(scanner.tick(), child.pid);
      const [told] = await once(child.stdout, 'data');
      const tick = scanner.tick();
      const slot = born?.slot ?? bornOf(tick, child.pid)!.slot;
      // What it used before the first of the two ticks was charged there.
      const before = born === undefined ? 0 : undefined;
      const wanted = Number(told);
      if (before !== undefined) {
        assert.ok(
          Math.abs(chargeOf(tick, slot) - wanted) < wanted * 0.01 + 3e6,
          `${chargeOf(tick, slot)} of ${wanted}`,
        );
      } else {
        assert.ok(chargeOf(tick, slot) >= 250e6 * 0.99 && chargeOf(tick, slot) < wanted * 1.01 + 3e6);
      }
      await end(child);
      const last = scanner.tick();
      const exit = last.exited.find((one) => one.slot === slot);
      assert.equal(exit?.exact, last.status.exits === 'taskstats');
      scanner.close();
    });

    test('a process that becomes another program is told again in the same slot', async () => {
      const scanner = scannerOf(options);
      scanner.tick();
      const child = spawn('sh', ['-c', 'echo; read line; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      const born = bornOf(scanner.tick(), child.pid)!;
      assert.deepEqual(
        [born.comm, born.ppid, born.cmdline],
        ['sh', process.pid, 'sh\0-c\0echo; read line; exec cat'],
      );
      assert.equal(born.cgroup, readFileSync(`/proc/${child.pid}/cgroup`, 'utf8'));
      child.stdin.write('line\nx');
      await once(child.stdout, 'data'); // cat has answered: the exec is over
      const again = bornOf(scanner.tick(), child.pid)!;
      assert.deepEqual([again.slot, again.comm, again.cmdline], [born.slot, 'cat', 'cat']);
      await end(child);
      assert.ok(scanner.tick().exited.some((exit) => exit.slot === born.slot));
      scanner.close();
    });
  });
}

test('50 children shorter than a tick are found, each once, with their time and their parent', {
  skip: noConnector || noTaskstats,
}, () => {
  const childrenTicks = () =>
    readFileSync('/proc/self/stat', 'utf8').replace(/.*\)/s, '').split(' ').slice(14, 16).map(Number);
  const scanner = scannerOf();
  const self = bornOf(scanner.tick(), process.pid)!;
  const before = childrenTicks().reduce((a, b) => a + b);
  const pids = Array.from(
    { length: 50 },
    () => spawnSync('sh', ['-c', 'i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done']).pid,
  );
  const truth = (childrenTicks().reduce((a, b) => a + b) - before) * 10e6;
  const tick = scanner.tick();
  const found = tick.shortLived.filter((one) => pids.includes(one.pid));
  assert.deepEqual(
    found.map((one) => one.pid),
    pids,
  );
  assert.ok(
    found.every((one) => one.ancestorSlot === self.slot && one.comm === 'sh' && one.ppid === process.pid),
  );
  // The record is made before the address space is taken down (some 0.2 ms), and the truth counts in 10 ms.
  const sum = found.reduce((total, one) => total + one.cpuNanoseconds, 0);
  assert.ok(sum <= truth + 20e6 && sum >= truth - 20e6 - 50 * 0.6e6, `${sum} of ${truth}`);
  assert.equal(scanner.tick().shortLived.filter((one) => pids.includes(one.pid)).length, 0);
  scanner.close();
});

test('the program itself and a kernel thread are in the table, and the host rows match /proc/stat', () => {
  const scanner = scannerOf({ lastCpuAboveNanoseconds: 1 });
  const tick = scanner.tick();
  const self = bornOf(tick, process.pid)!;
  assert.equal(self.kernelThread, false);
  assert.equal(self.unreadable, '');
  const cpus = [...readFileSync('/proc/stat', 'utf8').matchAll(/^cpu(\d+) /gm)].map((match) =>
    Number(match[1]),
  );
  assert.deepEqual([...tick.hostCpuIds], cpus);
  const next = scanner.tick();
  const at = next.activeSlots.subarray(0, next.activeCount).indexOf(self.slot);
  assert.ok(at >= 0 && cpus.includes(next.activeLastCpu[at]!));
  assert.ok(next.monotonicNanoseconds > tick.monotonicNanoseconds);
  assert.ok(next.hostCpuNanoseconds.every((value, index) => value >= tick.hostCpuNanoseconds[index]! - 20e6));
  scanner.close();
});

test('two scanners in one program, and one in a worker that ends without closing, see the same child', async () => {
  const first = scannerOf();
  const second = scannerOf();
  const worker = new Worker(
    `
    const { parentPort, workerData } = require('node:worker_threads');
    const { ProcessScanner } = require(workerData.addon);
    const scanner = new ProcessScanner(workerData.options);
    scanner.tick();
    parentPort.postMessage('ready');
    parentPort.on('message', () => parentPort.postMessage(scanner.tick().born.map((born) => born.pid)));`,
    {
      eval: true,
      workerData: {
        addon: new URL('../../../build/Release/kisimd.node', import.meta.url).pathname,
        options: {
          procRoot: '/proc',
          clock: 'cpu-clock',
          births: 'auto',
          exits: 'auto',
          stormExitsPerSecond: 1e6,
          reconcileSeconds: 60,
          lastCpuAboveNanoseconds: 0,
        },
      },
    },
  );
  await once(worker, 'message');
  first.tick();
  second.tick();
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write('x');
  await once(child.stdout, 'data');
  worker.postMessage('tick');
  const [seen] = await once(worker, 'message');
  assert.ok(bornOf(first.tick(), child.pid) !== undefined);
  assert.ok(bornOf(second.tick(), child.pid) !== undefined);
  assert.ok((seen as number[]).includes(child.pid!));
  await worker.terminate();
  first.close();
  await end(child);
  assert.equal(second.tick().exited.length > 0, true);
  second.close();
});
