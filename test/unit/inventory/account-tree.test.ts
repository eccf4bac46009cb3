import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Inventory } from '../../../src/inventory/host-inventory.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { born, exit, FakeScanner } from '../../support/fake-scanner.ts';
import { HostTree } from '../../support/host-tree.ts';

const A = 'a1'.repeat(32);
const UID = '3cae2e45-052c-4b11-80d3-4d7b2d2d3464';
const UUID = 'df12672f-fedb-4f6f-9d51-0166868835fb';
const MOUNTS =
  '33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n' +
  '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';

const paths = [
  '/',
  '/a.slice',
  '/a.slice/x.service',
  '/a.slice/x.service/y.scope',
  `/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice`,
  `/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice/crio-${A}.scope`,
  `/kubepods/pod${UID}/${A}`,
  `/c.service/kubepods-pod${UID.replaceAll('-', '_')}.slice:cri-containerd:${A}`,
  '/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator',
  '/../outside.scope',
];
/** Only paths that the mounts show are counted. */
const ROOTS = { cpuacct: 'sys/fs/cgroup/cpuacct', unified: 'sys/fs/cgroup/unified' };
const path = fc.constantFrom(...paths);
const cgroup = fc.oneof(
  fc.constant(''),
  path.map((unified) => `0::${unified}\n`),
  fc.tuple(path, path, path).map(([v1, named, v2]) => `3:cpuacct:${v1}\n1:name=systemd:${named}\n0::${v2}\n`),
);
const program = fc.constantFrom(
  { cmdline: '/bin/true\0' },
  { cmdline: '', kernelThread: true, comm: 'vhost-1003' },
  { cmdline: `qemu-system-x86_64\0-name\0web\0-uuid\0${UUID}\0` },
  { cmdline: 'qemu-system-x86_64\0-m\x00512\0' },
);
const step = fc.record({
  births: fc.array(fc.record({ slot: fc.nat(7), cgroup, program }), { maxLength: 3 }),
  exits: fc.array(fc.nat(7), { maxLength: 3 }),
  gone: fc.constantFrom(...paths),
  seconds: fc.constantFrom(1, 30, 70),
});

test('whatever is born, moves and exits: every process has a way to the root, and nothing is left over', (t) => {
  const tree = new HostTree(t);
  tree.write('proc/self/mountinfo', MOUNTS);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const scanner = new FakeScanner();
      const guestThreads = new Set<number>();
      const inventory = new Inventory({ scanner, roots: tree.roots, log: silentLogger });
      const living = new Map<number, string>();
      const run = (happened: Parameters<FakeScanner['tick']>[0], seconds: number) => {
        const tick = scanner.tick(happened, seconds);
        inventory.before(tick);
        for (const { slot, cgroup, kernelThread } of tick.born) {
          living.set(slot, cgroup);
          if (kernelThread) guestThreads.add(slot);
          else guestThreads.delete(slot);
        }
        checkTree(inventory, scanner, living);
        checkSeenOnce(inventory, scanner, living, guestThreads);
        inventory.after(tick);
      };
      for (const { births, exits, gone, seconds } of steps) {
        const unique = new Map(births.map((birth) => [birth.slot, birth]));
        const records = [...unique.values()].map((birth) =>
          born(birth.slot, { cgroup: birth.cgroup, ...birth.program }),
        );
        const ended = [...new Set(exits)].filter((slot) => living.has(slot) && !unique.has(slot));
        scanner.usage.clear();
        for (const watched of scanner.watched()) {
          if (watched.includes(gone) && gone !== '/') scanner.usage.set(watched, Number.NaN);
        }
        run({ born: records, exited: ended.map(exit) }, seconds);
        for (const slot of ended) living.delete(slot);
        checkTree(inventory, scanner, living);
      }
      run({ exited: [...living.keys()].map(exit) }, 1);
      living.clear();
      // A level of the tree goes at a time, a minute after it was first seen empty.
      for (let level = 0; level < 6; level++) {
        run({}, 1);
        run({}, 61);
      }
      assert.deepEqual(
        inventory.accounts.filter((account) => account !== undefined).map((account) => account.id),
        [0],
      );
      assert.equal(scanner.watched().length, 1, 'the counter of the root');
    }),
    { numRuns: 200 },
  );
});

function checkTree(inventory: Inventory, scanner: FakeScanner, living: ReadonlyMap<number, string>): void {
  const { accounts } = inventory;
  for (const account of accounts) {
    if (account === undefined || account.id === 0) continue;
    assert.equal(accounts[account.id], account);
    let current = account;
    for (let depth = 0; current.id !== 0; depth++) {
      assert.ok(depth < 20, 'a circle of parents');
      const parent = accounts[current.parent];
      assert.ok(parent, 'a parent that is gone');
      current = parent;
    }
    if (account.group >= 0) assert.ok(scanner.paths[account.group], 'a group that is not watched');
  }
  const groups = accounts.flatMap((account) => (account && account.group >= 0 ? [account.group] : []));
  assert.equal(new Set(groups).size, groups.length, 'a group that two accounts share');
  const used = new Map<string, number>();
  for (const slot of living.keys()) {
    const account = accounts[inventory.accountOfSlot(slot)];
    assert.ok(account, 'a process without account');
    assert.equal(inventory.entityOfSlot(slot).vmId, account.entity?.vmId ?? '');
    const key = account.entity?.key ?? '';
    assert.equal(used.get(key) ?? account.id, account.id, `two accounts in use for ${key}`);
    used.set(key, account.id);
  }
  assert.ok(inventory.livingCount() >= living.size);
}

/** A counter that sees a process must stand above its account: else its time would be charged twice. */
function checkSeenOnce(
  inventory: Inventory,
  scanner: FakeScanner,
  living: ReadonlyMap<number, string>,
  guestThreads: ReadonlySet<number>,
): void {
  for (const [slot, text] of living) {
    // Kernel threads of a guest are charged to it wherever they lie.
    if (guestThreads.has(slot)) continue;
    const above = new Set<number>();
    for (let id = inventory.accountOfSlot(slot); id >= 0; id = inventory.accounts[id]!.parent) above.add(id);
    for (const account of inventory.accounts) {
      if (account === undefined || account.id === 0 || account.group < 0) continue;
      const watched = scanner.paths[account.group]!;
      const seen = text.split('\n').some((line) => {
        const [, controllers, own] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
        const root =
          controllers === '' ? ROOTS.unified : controllers === 'cpuacct' ? ROOTS.cpuacct : undefined;
        if (root === undefined || own === undefined || own.startsWith('/..')) return false;
        const folder = watched.slice(0, watched.lastIndexOf('/'));
        return `${root}${own === '/' ? '' : own}/`.startsWith(
          `${folder.slice(folder.indexOf('sys/fs/cgroup'))}/`,
        );
      });
      if (seen) assert.ok(above.has(account.id), `${watched} sees slot ${slot} that is charged elsewhere`);
      else if (above.has(account.id))
        assert.fail(`${watched} does not see slot ${slot} that is charged below it`);
    }
  }
}
