import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { loadAddon } from '../../../src/native/addon.ts';
import type {
  NativeProcessScanner,
  ProcessScannerOptions,
  ProcessTick,
} from '../../../src/native/process-scanner.ts';
import { ProcTree } from '../../support/proc-tree.ts';

const TICK = 10_000_000; // USER_HZ is 100 on every machine this runs on

function scannerOf(tree: ProcTree, options: Partial<ProcessScannerOptions> = {}): NativeProcessScanner {
  const { ProcessScanner } = loadAddon();
  return new ProcessScanner({
    procRoot: tree.root,
    clock: 'stat',
    births: 'auto',
    exits: 'auto',
    stormExitsPerSecond: 2000,
    reconcileSeconds: 60,
    lastCpuAboveNanoseconds: 0,
    ...options,
  });
}

function active(tick: ProcessTick): Record<number, number> {
  const bySlot: Record<number, number> = {};
  for (let i = 0; i < tick.activeCount; i++) bySlot[tick.activeSlots[i]!] = tick.activeCpuNanoseconds[i]!;
  return bySlot;
}

const bornPids = (tick: ProcessTick) => tick.born.map((born) => born.pid).sort((a, b) => a - b);

describe('a played /proc tree', () => {
  test('the first tick tells everybody and charges nobody', () => {
    using tree = new ProcTree();
    tree.set({ pid: 1, comm: 'init', userTicks: 500 });
    tree.set({
      pid: 70,
      comm: 'nginx',
      ppid: 1,
      startTicks: 4242,
      cmdline: 'nginx\0-g\0daemon off;\0',
      cgroup: '0::/system.slice/nginx.service\n',
    });
    tree.set({ pid: 9, comm: 'kworker/0:1', flags: 0x00200000, cmdline: '' });
    const scanner = scannerOf(tree);
    const tick = scanner.tick();
    assert.deepEqual(bornPids(tick), [1, 9, 70]);
    assert.equal(tick.alive, 3);
    assert.equal(tick.activeCount, 0);
    const nginx = tick.born.find((born) => born.pid === 70)!;
    assert.deepEqual(nginx, {
      slot: nginx.slot,
      pid: 70,
      ppid: 1,
      startTicks: 4242,
      comm: 'nginx',
      cmdline: 'nginx\0-g\0daemon off;',
      cgroup: '0::/system.slice/nginx.service\n',
      kernelThread: false,
      unreadable: '',
    });
    assert.equal(tick.born.find((born) => born.pid === 9)?.kernelThread, true);
    assert.deepEqual(tick.status, {
      births: 'readdir',
      exits: 'none',
      storm: false,
      overruns: 0,
      unreadable: 0,
    });
    assert.deepEqual(scanner.refusals, []);
    scanner.close();
  });

  test('a process is charged what its clock moved, a later birth from zero', () => {
    using tree = new ProcTree();
    tree.set({ pid: 5, userTicks: 100, systemTicks: 10 });
    const scanner = scannerOf(tree);
    const slot5 = scanner.tick().born[0]!.slot;
    tree.set({ pid: 5, userTicks: 103, systemTicks: 11 });
    tree.set({ pid: 6, userTicks: 2, startTicks: 2000 });
    const tick = scanner.tick();
    const slot6 = tick.born[0]!.slot;
    assert.deepEqual(active(tick), { [slot5]: 4 * TICK, [slot6]: 2 * TICK });
    assert.equal(scanner.tick().activeCount, 0);
    scanner.close();
  });

  test('names with spaces and parentheses stay whole', () => {
    using tree = new ProcTree();
    const names = ['a b', ') S 1 2 3', '((', 'tmux: server', ')'];
    names.forEach((comm, index) => {
      tree.set({ pid: 100 + index, comm, ppid: 7 });
    });
    const scanner = scannerOf(tree);
    const born = scanner.tick().born.toSorted((a, b) => a.pid - b.pid);
    assert.deepEqual(
      born.map((process) => process.comm),
      names,
    );
    assert.ok(born.every((process) => process.ppid === 7));
    scanner.close();
  });

  test('a pid in use again is an exit and a birth, never a negative charge', () => {
    using tree = new ProcTree();
    tree.set({ pid: 5, comm: 'old', userTicks: 100, startTicks: 1000 });
    const scanner = scannerOf(tree);
    const old = scanner.tick().born[0]!.slot;
    // The second has used MORE than the first: only the start time tells them apart.
    tree.set({ pid: 5, comm: 'new', userTicks: 130, startTicks: 5000 });
    let tick = scanner.tick();
    assert.deepEqual(tick.exited, [{ slot: old, cpuNanoseconds: 0, exact: false }]);
    assert.equal(tick.born[0]?.comm, 'new');
    const heir = tick.born[0]!.slot;
    assert.notEqual(heir, old);
    assert.deepEqual(active(tick), { [heir]: 130 * TICK });
    // The third has used less.
    tree.set({ pid: 5, comm: 'third', userTicks: 1, startTicks: 6000 });
    tick = scanner.tick();
    assert.equal(tick.exited[0]?.slot, heir);
    assert.deepEqual(active(tick), { [tick.born[0]!.slot]: TICK });
    assert.equal(tick.alive, 1);
    scanner.close();
  });

  test('a tree that is wound back charges nothing for what is unknown', () => {
    using tree = new ProcTree();
    tree.set({ pid: 5, userTicks: 100 });
    const scanner = scannerOf(tree);
    scanner.tick();
    tree.set({ pid: 5, userTicks: 40 });
    const tick = scanner.tick();
    assert.equal(tick.exited.length, 1);
    assert.equal(tick.born.length, 1);
    assert.equal(tick.activeCount, 0);
    tree.set({ pid: 5, userTicks: 41 });
    assert.deepEqual(active(scanner.tick()), { [tick.born[0]!.slot]: TICK });
    scanner.close();
  });

  test('a slot is used again only after the tick that told its exit', () => {
    using tree = new ProcTree();
    tree.set({ pid: 5 });
    const scanner = scannerOf(tree);
    const slot = scanner.tick().born[0]!.slot;
    tree.remove(5);
    tree.set({ pid: 6 });
    let tick = scanner.tick();
    assert.equal(tick.exited[0]?.slot, slot);
    assert.notEqual(tick.born[0]?.slot, slot);
    tree.set({ pid: 7 });
    tick = scanner.tick();
    assert.equal(tick.born[0]?.slot, slot);
    assert.equal(tick.exited.length, 0);
    scanner.close();
  });

  test('a process moved to its cgroup and renamed after its birth is told again in the same slot', () => {
    using tree = new ProcTree();
    const scanner = scannerOf(tree);
    scanner.tick();
    tree.set({ pid: 5, comm: 'runc:[2:INIT]', cgroup: '0::/system.slice/containerd.service\n' });
    const slot = scanner.tick().born[0]!.slot;
    assert.deepEqual(scanner.tick().born, []);
    tree.set({ pid: 5, comm: 'runc:[2:INIT]', cgroup: '0::/kubepods.slice/x.scope\n' });
    const moved = scanner.tick().born;
    assert.deepEqual([moved.length, moved[0]?.slot], [1, slot]);
    assert.equal(moved[0]?.cgroup, '0::/kubepods.slice/x.scope\n');
    tree.set({ pid: 5, comm: 'nginx', cgroup: '0::/kubepods.slice/x.scope\n' });
    const later = [scanner.tick(), scanner.tick(), scanner.tick()].flatMap((tick) => tick.born);
    assert.deepEqual(
      later.map((born) => [born.slot, born.comm, born.cmdline]),
      [[slot, 'nginx', 'nginx']],
    );
    scanner.close();
  });

  test('a move late in life is found within the reconcile period', () => {
    using tree = new ProcTree();
    for (let pid = 1; pid <= 20; pid++) tree.set({ pid });
    const scanner = scannerOf(tree, { reconcileSeconds: 1e-6 });
    for (let i = 0; i < 8; i++) scanner.tick();
    tree.write(13, 'cgroup', '0::/elsewhere\n');
    const found = [scanner.tick(), scanner.tick()].flatMap((tick) => tick.born);
    assert.deepEqual(
      found.map((born) => [born.pid, born.cgroup]),
      [[13, '0::/elsewhere\n']],
    );
    scanner.close();
  });

  test('one process with an unreadable file is kept and does not stop the pass', () => {
    using tree = new ProcTree();
    for (const pid of [1, 2, 3]) tree.set({ pid });
    tree.remove(2, 'cgroup');
    tree.remove(3, 'cmdline');
    mkdirSync(join(tree.root, '3', 'cmdline'));
    const scanner = scannerOf(tree);
    const tick = scanner.tick();
    const found = Object.fromEntries(tick.born.map((born) => [born.pid, born.unreadable]));
    assert.deepEqual(found, { 1: '', 2: 'ENOENT', 3: 'EISDIR' });
    assert.equal(tick.status.unreadable, 2);
    assert.equal(tick.alive, 3);
    tree.set({ pid: 1, userTicks: 7 });
    tree.remove(3);
    const next = scanner.tick();
    assert.deepEqual(Object.values(active(next)), [7 * TICK]);
    assert.equal(next.status.unreadable, 1);
    scanner.close();
  });

  test('a stat file cut off by its writer has no reading in that tick, and loses nothing', () => {
    using tree = new ProcTree();
    tree.set({ pid: 5, userTicks: 10 });
    const scanner = scannerOf(tree);
    scanner.tick();
    for (const text of ['', '5 (idle', '5 (idle) S 1 5', 'garbage']) {
      tree.write(5, 'stat', text);
      const tick = scanner.tick();
      assert.deepEqual([tick.activeCount, tick.exited.length, tick.alive], [0, 0, 1]);
    }
    tree.set({ pid: 5, userTicks: 14 });
    assert.deepEqual(Object.values(active(scanner.tick())), [4 * TICK]);
    scanner.close();
  });

  test('a zombie is no birth, a dead leader with living threads is one', () => {
    using tree = new ProcTree();
    tree.set({ pid: 5, state: 'Z', threads: 1, userTicks: 9 });
    tree.set({ pid: 6, state: 'Z', threads: 2 });
    const scanner = scannerOf(tree);
    assert.deepEqual(bornPids(scanner.tick()), [6]);
    assert.equal(scanner.tick().alive, 1);
    tree.remove(5);
    assert.deepEqual(scanner.tick().exited, []);
    tree.set({ pid: 5, comm: 'reborn' });
    assert.deepEqual(bornPids(scanner.tick()), [5]);
    scanner.close();
  });

  test('the CPU it last ran on is told for those above the threshold only', () => {
    using tree = new ProcTree();
    tree.set({ pid: 5, lastCpu: 3 });
    tree.set({ pid: 6, lastCpu: 4 });
    const scanner = scannerOf(tree, { lastCpuAboveNanoseconds: 5 * TICK });
    const slots = new Map(scanner.tick().born.map((born) => [born.slot, born.pid]));
    tree.set({ pid: 5, lastCpu: 3, userTicks: 5 });
    tree.set({ pid: 6, lastCpu: 4, userTicks: 4 });
    const tick = scanner.tick();
    const cpus: Record<number, number> = {};
    for (let i = 0; i < tick.activeCount; i++)
      cpus[slots.get(tick.activeSlots[i]!)!] = tick.activeLastCpu[i]!;
    assert.deepEqual(cpus, { 5: 3, 6: -1 });
    scanner.close();
  });

  test('whatever lives and dies: what is charged is what the clocks moved', () => {
    const step = fc.record({
      pid: fc.integer({ min: 1, max: 12 }),
      ticks: fc.integer({ min: 0, max: 50 }),
      action: fc.constantFrom('work', 'work', 'end', 'replace'),
    });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 8 }), (rounds) => {
        using tree = new ProcTree();
        const living = new Map<number, { start: number; used: number; seen: number }>();
        let births = 0;
        const scanner = scannerOf(tree);
        scanner.tick();
        const pidOfSlot = new Map<number, number>();
        for (const round of rounds) {
          for (const { pid, ticks, action } of round) {
            const old = living.get(pid);
            if (action === 'end') {
              if (old !== undefined) tree.remove(pid);
              living.delete(pid);
              continue;
            }
            const same = action === 'work' && old !== undefined;
            const process = same ? old : { start: 1000 + 100 * births++, used: 0, seen: 0 };
            process.used += ticks;
            living.set(pid, process);
            tree.set({ pid, startTicks: process.start, userTicks: process.used });
          }
          const tick = scanner.tick();
          for (const exit of tick.exited) pidOfSlot.delete(exit.slot);
          for (const born of tick.born) pidOfSlot.set(born.slot, born.pid);
          const charged = new Map<number, number>();
          for (const [slot, nanoseconds] of Object.entries(active(tick))) {
            charged.set(pidOfSlot.get(Number(slot))!, nanoseconds);
          }
          assert.deepEqual([...pidOfSlot.values()].sort(), [...living.keys()].sort());
          assert.equal(tick.alive, living.size);
          for (const [pid, process] of living) {
            assert.equal(charged.get(pid) ?? 0, (process.used - process.seen) * TICK);
            process.seen = process.used;
          }
        }
        scanner.close();
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});

describe('groups and the host', () => {
  test('group counters come in nanoseconds by id; one that vanished is NaN; ids are used again', () => {
    using tree = new ProcTree();
    const usage = join(tree.root, 'cpuacct.usage');
    const stat = join(tree.root, 'cpu.stat');
    writeFileSync(usage, '1234567890123\n');
    writeFileSync(stat, 'usage_usec 2500\nuser_usec 1000\nsystem_usec 1500\n');
    const scanner = scannerOf(tree);
    assert.equal(scanner.tick().groupCpuNanoseconds.length, 0);
    assert.equal(scanner.addGroup(usage, 'usage-ns'), 0);
    assert.equal(scanner.addGroup(stat, 'cpu-stat'), 1);
    assert.deepEqual([...scanner.tick().groupCpuNanoseconds], [1234567890123, 2_500_000]);
    rmSync(usage);
    assert.deepEqual([...scanner.tick().groupCpuNanoseconds], [Number.NaN, 2_500_000]);
    scanner.removeGroup(0);
    assert.throws(() => scanner.removeGroup(0), RangeError);
    assert.throws(() => scanner.removeGroup(99), RangeError);
    assert.equal(scanner.addGroup(stat, 'cpu-stat'), 0);
    assert.deepEqual([...scanner.tick().groupCpuNanoseconds], [2_500_000, 2_500_000]);
    writeFileSync(stat, '');
    assert.ok(scanner.tick().groupCpuNanoseconds.every(Number.isNaN));
    assert.throws(() => scanner.addGroup(usage, 'usage-ns'), { code: 'ENOENT' });
    assert.throws(() => scanner.addGroup(stat, 'cpu' as 'cpu-stat'), TypeError);
    scanner.close();
  });

  test('host rows keep their CPU numbers when one goes offline', () => {
    using tree = new ProcTree();
    tree.host(['1 2 3 4 5 6 7 8 9 10', '2 0 0 0 0 0 0 0 0 0', '3 0 0 0 0 0 0 0 0 0']);
    const scanner = scannerOf(tree);
    let tick = scanner.tick();
    assert.deepEqual([...tick.hostCpuIds], [0, 1, 2]);
    assert.equal(tick.hostCpuNanoseconds.length, 40);
    assert.equal(tick.hostCpuNanoseconds[0], 6 * TICK);
    assert.deepEqual(
      [...tick.hostCpuNanoseconds.subarray(10, 20)],
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((ticks) => ticks * TICK),
    );
    tree.host(['1 2 3 4 5 6 7 8 9 10', undefined, '4 0 0 0 0 0 0 0 0 0']);
    tick = scanner.tick();
    assert.deepEqual([...tick.hostCpuIds], [0, 2]);
    assert.equal(tick.hostCpuNanoseconds.length, 30);
    assert.equal(tick.hostCpuNanoseconds[20], 4 * TICK);
    rmSync(join(tree.root, 'stat'));
    tick = scanner.tick();
    assert.deepEqual([...tick.hostCpuNanoseconds], Array(10).fill(Number.NaN));
    assert.equal(tick.hostCpuIds.length, 0);
    scanner.close();
  });
});

describe('bad input', () => {
  test('a /proc that is not there is an error with a code, at the start and later', () => {
    using tree = new ProcTree();
    const missing = join(tree.root, 'none');
    assert.throws(() => scannerOf(tree, { procRoot: missing }), { code: 'ENOENT' });
    tree.set({ pid: 5 });
    const played = join(tree.root, 'played');
    mkdirSync(played);
    const scanner = scannerOf(tree, { procRoot: played });
    scanner.tick();
    // A tree swapped as a whole is read through its name.
    renameSync(played, join(tree.root, 'before'));
    mkdirSync(played);
    renameSync(join(tree.root, '5'), join(played, '5'));
    assert.deepEqual(bornPids(scanner.tick()), [5]);
    renameSync(played, join(tree.root, 'away'));
    assert.throws(() => scanner.tick(), { code: 'ENOENT' });
    renameSync(join(tree.root, 'away'), played);
    const tick = scanner.tick();
    assert.deepEqual([tick.alive, tick.born.length, tick.exited.length], [1, 0, 0]);
    scanner.close();
  });

  test('options of the wrong kind are refused by name', () => {
    using tree = new ProcTree();
    const wrong: Record<string, unknown>[] = [
      { clock: 'sundial' },
      { births: 'stork' },
      { exits: 'connector' },
      { procRoot: 7 },
      { stormExitsPerSecond: 0 },
      { reconcileSeconds: Number.NaN },
      { lastCpuAboveNanoseconds: -1 },
    ];
    for (const options of wrong) {
      assert.throws(() => scannerOf(tree, options as Partial<ProcessScannerOptions>), {
        name: 'TypeError',
        message: new RegExp(Object.keys(options)[0]!),
      });
    }
    assert.throws(() => scannerOf(tree, { births: 'connector' }), { code: 'EINVAL' });
  });

  test('a closed scanner can be closed again and nothing else', () => {
    using tree = new ProcTree();
    const scanner = scannerOf(tree);
    scanner.tick();
    scanner.close();
    scanner.close();
    for (const use of [
      () => scanner.tick(),
      () => scanner.addGroup('/x', 'cpu-stat'),
      () => scanner.refusals,
    ]) {
      assert.throws(use, { code: 'EBADF' });
    }
  });
});

test('a quiet tick makes no new lists and no new arrays', () => {
  using tree = new ProcTree();
  tree.set({ pid: 5, userTicks: 1 });
  const scanner = scannerOf(tree);
  scanner.tick();
  tree.set({ pid: 5, userTicks: 2 });
  const first = scanner.tick();
  tree.set({ pid: 5, userTicks: 3 });
  const second = scanner.tick();
  for (const name of ['born', 'exited', 'shortLived', 'activeSlots', 'hostCpuNanoseconds'] as const) {
    assert.equal(first[name], second[name], name);
  }
  assert.ok(Object.isFrozen(second.born));
  // Arrays that were transferred away are replaced, not written through.
  structuredClone(second.activeSlots, { transfer: [second.activeSlots.buffer as ArrayBuffer] });
  tree.set({ pid: 5, userTicks: 5 });
  assert.deepEqual(Object.values(active(scanner.tick())), [2 * TICK]);
  scanner.close();
});
