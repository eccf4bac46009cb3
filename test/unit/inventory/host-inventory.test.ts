import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { Entity } from '../../../src/inventory/entity.ts';
import { Inventory } from '../../../src/inventory/host-inventory.ts';
import type { ProcessRecord, ProcessTick } from '../../../src/native/process-scanner.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { born, exit, FakeScanner } from '../../support/fake-scanner.ts';
import { HostTree } from '../../support/host-tree.ts';

const A = 'a1'.repeat(32);
const B = 'b2'.repeat(32);
const UID = '3cae2e45-052c-4b11-80d3-4d7b2d2d3464';
const UUID = 'df12672f-fedb-4f6f-9d51-0166868835fb';
const POD_SLICE = `/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice`;
const V2 = '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';
const HYBRID =
  '33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n' +
  '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';

class Host {
  readonly tree: HostTree;
  readonly scanner = new FakeScanner();
  readonly inventory: Inventory;
  readonly warnings: string[] = [];

  constructor(test: TestContext, mountinfo = V2) {
    this.tree = new HostTree(test);
    this.tree.write('proc/self/mountinfo', mountinfo);
    const warn = (event: string) => void this.warnings.push(event);
    const log = { ...silentLogger, warn };
    this.inventory = new Inventory({ scanner: this.scanner, roots: this.tree.roots, log });
  }

  file(path: string): string {
    return join(this.tree.roots.sys, 'fs/cgroup', path);
  }

  /** One whole tick; `during` runs where the split would. */
  tick(happened: Partial<ProcessTick> = {}, seconds = 1, during: () => void = () => undefined): void {
    const tick = this.scanner.tick(happened, seconds);
    this.inventory.before(tick);
    during();
    this.inventory.after(tick);
  }

  birth(...records: ProcessRecord[]): void {
    this.tick({ born: records });
  }

  /** Entity keys from the root to the process. */
  chain(slot: number): string[] {
    const keys = [this.inventory.entityOfSlot(slot).key];
    let account = this.inventory.accounts[this.inventory.accountOfSlot(slot)];
    while (account?.entity !== undefined) {
      keys.unshift(account.entity.key);
      account = this.inventory.accounts[account.parent];
    }
    return keys;
  }

  entity(key: string): Entity | undefined {
    return this.inventory.accounts.find((account) => account?.entity?.key === key)?.entity;
  }

  watchedOf(key: string): string | undefined {
    const account = this.inventory.accounts.find((candidate) => candidate?.entity?.key === key);
    return account === undefined || account.group < 0 ? undefined : this.scanner.paths[account.group];
  }
}

const qemu = (slot: number, args: readonly string[], more: Partial<ProcessRecord> = {}) =>
  born(slot, { cmdline: ['qemu-system-x86_64', ...args, ''].join('\0'), comm: 'qemu-system-x86', ...more });

test('a process hangs at the innermost account, and every cgroup above it is watched', (t) => {
  const host = new Host(t);
  host.birth(born(3, { cgroup: `0::${POD_SLICE}/cri-containerd-${A}.scope\n` }));
  assert.deepEqual(host.chain(3), [
    'unit:/kubepods.slice',
    `pod:${UID}`,
    `container:${A}`,
    'process:1003:503',
  ]);
  assert.deepEqual(host.scanner.watched(), [
    host.file('kubepods.slice/cpu.stat'),
    host.file(`${POD_SLICE.slice(1)}/cpu.stat`),
    host.file(`${POD_SLICE.slice(1)}/cri-containerd-${A}.scope/cpu.stat`),
  ]);
  const process = host.inventory.entityOfSlot(3);
  assert.deepEqual([process.containerId, process.podUid, process.exe], [A, UID, '/bin/p3']);
  assert.equal(host.inventory.livingCount(), 3);
  assert.equal(host.inventory.slotOfPid(1003), 3);
  assert.equal(host.inventory.slotOfPid(1), -1);
});

test('the root has a counter on v1 and none on v2', (t) => {
  const v2 = new Host(t);
  v2.birth(born(0));
  assert.equal(v2.inventory.accounts[0]?.group, -1);
  const hybrid = new Host(t, HYBRID);
  hybrid.birth(born(0));
  assert.deepEqual(hybrid.scanner.watched(), [hybrid.file('cpuacct/cpuacct.usage')]);
  assert.equal(hybrid.scanner.formats[hybrid.inventory.accounts[0]!.group], 'usage-ns');
});

test('Kepler stops at one unreadable process: here it is kept, at the root', (t) => {
  const host = new Host(t);
  host.birth(born(0, { cgroup: '', cmdline: '', comm: '', unreadable: 'EACCES' }), born(1));
  assert.equal(host.inventory.accountOfSlot(0), 0);
  assert.equal(host.inventory.entityOfSlot(0).name, 'pid-1000');
  assert.equal(host.inventory.livingCount(), 2);
});

test('Kepler defect 2: QEMU in the cgroup of a pod is a guest and still inside its container and pod', (t) => {
  const host = new Host(t);
  const cgroup = `0::${POD_SLICE}/cri-containerd-${A}.scope\n`;
  host.birth(
    qemu(0, ['-name', 'guest=ns_vm-1,debug-threads=on', '-uuid', UUID], { cgroup }),
    born(1, { cgroup, comm: 'virt-launcher' }),
  );
  assert.deepEqual(host.chain(0).slice(1), [
    `pod:${UID}`,
    `container:${A}`,
    `vm:${UUID}`,
    'process:1000:500',
  ]);
  assert.deepEqual(host.chain(1).slice(1), [`pod:${UID}`, `container:${A}`, 'process:1001:501']);
  const guest = host.entity(`vm:${UUID}`);
  assert.deepEqual(
    [guest?.name, guest?.runtime, guest?.vmId, guest?.containerId, guest?.podUid],
    ['ns_vm-1', 'qemu', UUID, A, UID],
  );
  assert.equal(host.watchedOf(`vm:${UUID}`), undefined);
  assert.equal(host.inventory.entityOfSlot(0).vmId, UUID);
});

test('Kepler charges vhost threads to nobody: here they belong to the guest they work for', (t) => {
  const host = new Host(t);
  host.birth(
    born(0, { comm: 'vhost-1002', kernelThread: true, cmdline: '' }),
    born(1, { comm: 'vhost-77', kernelThread: true, cmdline: '' }),
    qemu(2, ['-name', 'web', '-uuid', UUID], { cgroup: '0::/user.slice/tmux.scope\n' }),
  );
  assert.deepEqual(host.chain(0), [
    'unit:/user.slice',
    'unit:/user.slice/tmux.scope',
    `vm:${UUID}`,
    'process:1000:500',
  ]);
  assert.deepEqual(host.chain(1), ['process:1001:501']);
});

test('a user process that only bears the name of a vhost thread is no part of the guest', (t) => {
  const host = new Host(t);
  host.birth(qemu(0, ['-name', 'web']), born(1, { comm: 'vhost-1000' }));
  assert.equal(host.inventory.accountOfSlot(1), 0);
});

test('a guest in a libvirt scope has the counter of its scope, and its helpers with it', (t) => {
  const host = new Host(t);
  const scope = '/machine.slice/machine-qemu\\x2d1\\x2dweb.scope';
  const cgroup = `0::${scope}/libvirt/emulator\n`;
  host.birth(qemu(0, ['-name', 'guest=web', '-uuid', UUID], { cgroup }), born(1, { cgroup, comm: 'swtpm' }));
  assert.deepEqual(host.chain(0), ['unit:/machine.slice', `vm:${UUID}`, 'process:1000:500']);
  assert.deepEqual(host.chain(1), ['unit:/machine.slice', `vm:${UUID}`, 'process:1001:501']);
  assert.equal(host.watchedOf(`vm:${UUID}`), host.file(`${scope.slice(1)}/cpu.stat`));
});

test('a guest without UUID is known by its process, and its daemon child is the same guest', (t) => {
  const host = new Host(t);
  const args = ['-pidfile', '/home/u/.minikube/machines/mini/qemu.pid', '-daemonize'];
  host.birth(qemu(0, args));
  host.birth(qemu(1, args, { ppid: 1000 }));
  host.tick({ exited: [exit(0)] });
  assert.deepEqual(host.chain(1), ['vm:1000:500', 'process:1001:501']);
  assert.equal(host.entity('vm:1000:500')?.name, 'mini');
  host.tick({ exited: [exit(1)] });
  assert.equal(host.entity('vm:1000:500'), undefined);
});

test('a guest that libvirt moves into its scope after the start keeps its identity', (t) => {
  const host = new Host(t);
  const args = ['-name', 'guest=web', '-uuid', UUID];
  host.birth(qemu(0, args, { cgroup: '0::/system.slice/libvirtd.service\n' }));
  assert.equal(host.chain(0).at(-2), `vm:${UUID}`);
  host.birth(qemu(0, args, { cgroup: '0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope\n' }));
  assert.deepEqual(host.chain(0), ['unit:/machine.slice', `vm:${UUID}`, 'process:1000:500']);
  const guests = host.inventory.accounts.filter((account) => account?.entity?.kind === 'vm');
  assert.equal(guests.length, 1);
});

test('kernel threads go along when their guest is moved', (t) => {
  const host = new Host(t);
  host.birth(qemu(0, ['-name', 'web']), born(1, { comm: 'vhost-1000', kernelThread: true }));
  host.birth(qemu(0, ['-name', 'web'], { cgroup: '0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope\n' }));
  assert.deepEqual(host.chain(1), ['unit:/machine.slice', 'vm:1000:500', 'process:1001:501']);
  host.tick({ exited: [exit(0), exit(1)] });
  assert.equal(host.inventory.livingCount(), 1, 'the scope is there until its cgroup goes');
});

test('what runs in a scope before the emulator is seen learns whose it is', (t) => {
  const host = new Host(t);
  const cgroup = '0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope\n';
  host.birth(born(1, { cgroup, comm: 'swtpm' }));
  assert.equal(host.chain(1).at(-2), 'unit:/machine.slice/machine-qemu\\x2d1\\x2dweb.scope');
  host.birth(qemu(0, ['-uuid', UUID], { cgroup }));
  assert.equal(host.chain(1).at(-2), `vm:${UUID}`);
  assert.equal(host.inventory.entityOfSlot(1).vmId, UUID);
  assert.equal(host.entity(`vm:${UUID}`)?.name, 'web');
});

test('two living guests under one UUID (a migration within the host) are told apart', (t) => {
  const host = new Host(t);
  const args = ['-name', 'guest=web', '-uuid', UUID];
  host.birth(qemu(0, args, { cgroup: '0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope\n' }));
  host.birth(qemu(1, args, { cgroup: '0::/machine.slice/machine-qemu\\x2d2\\x2dweb.scope\n' }));
  assert.deepEqual([host.chain(0).at(-2), host.chain(1).at(-2)], [`vm:${UUID}`, `vm:${UUID}:1001`]);
  host.tick({ exited: [exit(0)] });
  host.birth(qemu(1, args, { cgroup: '0::/machine.slice/machine-qemu\\x2d2\\x2dweb.scope\n' }));
  assert.equal(host.inventory.entityOfSlot(1).vmId, `${UUID}:1001`);
});

test('kind: what runs in the inner container is charged through pod and outer container', (t) => {
  const host = new Host(t);
  const outer = `/system.slice/docker-${A}.scope`;
  const cgroup = `0::${outer}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${UID.replaceAll('-', '_')}.slice/cri-containerd-${B}.scope\n`;
  host.birth(born(0, { cgroup }), born(1, { cgroup: `0::${outer}/init.scope\n` }));
  assert.deepEqual(host.chain(0), [
    'unit:/system.slice',
    `container:${A}`,
    `pod:${UID}`,
    `container:${B}`,
    'process:1000:500',
  ]);
  assert.deepEqual(host.chain(1), ['unit:/system.slice', `container:${A}`, 'process:1001:501']);
});

test('hybrid: a service known to v2 alone stands below the slice whose v1 counter sees it', (t) => {
  const host = new Host(t, HYBRID);
  host.birth(
    born(0, { cgroup: '4:cpuacct:/system.slice/docker.service\n0::/system.slice/docker.service\n' }),
    born(1, { cgroup: '4:cpuacct:/system.slice\n0::/system.slice/ssh.service\n' }),
  );
  const [docker, ssh] = ['unit:/system.slice/docker.service', 'unit:/system.slice/ssh.service'];
  assert.deepEqual(host.chain(0).slice(0, 2), ['unit:/system.slice', docker]);
  assert.deepEqual(host.chain(1).slice(0, 2), ['unit:/system.slice', ssh]);
  assert.equal(host.watchedOf('unit:/system.slice'), host.file('cpuacct/system.slice/cpuacct.usage'));
  assert.equal(host.watchedOf(ssh), host.file('unified/system.slice/ssh.service/cpu.stat'));
});

test('hybrid: a slice whose counter does not see a service is not its parent', (t) => {
  const host = new Host(t, HYBRID);
  host.birth(
    born(0, { cgroup: '4:cpuacct:/system.slice/docker.service\n0::/system.slice/docker.service\n' }),
    born(1, { cgroup: '4:cpuacct:/\n0::/system.slice/ssh.service\n' }),
  );
  assert.deepEqual(host.chain(1), ['unit:/system.slice/ssh.service', 'process:1001:501']);
  assert.equal(host.watchedOf('unit:/system.slice'), host.file('cpuacct/system.slice/cpuacct.usage'));
});

for (const order of ['before', 'after']) {
  test(`hybrid: a v2 counter that sees containers counted in v1 is not used, born ${order} them`, (t) => {
    const host = new Host(t, HYBRID);
    const runtime = born(0, { cgroup: '4:cpuacct:/\n0::/reserved.slice/containerd.service\n' });
    const container = born(1, {
      cgroup: `4:cpuacct:/kubepods/pod${UID}/${A}\n0::/reserved.slice/containerd.service\n`,
    });
    for (const record of order === 'before' ? [runtime, container] : [container, runtime]) host.birth(record);
    assert.equal(host.watchedOf('unit:/reserved.slice/containerd.service'), undefined);
    assert.equal(host.watchedOf('unit:/reserved.slice'), undefined);
    assert.equal(
      host.watchedOf(`container:${A}`),
      host.file(`cpuacct/kubepods/pod${UID}/${A}/cpuacct.usage`),
    );
    assert.deepEqual(host.chain(0).at(-2), 'unit:/reserved.slice/containerd.service');
  });
}

test('hybrid: an account with processes in two hierarchies is the sum of them, and so are those above it', (t) => {
  const host = new Host(t, HYBRID);
  host.birth(
    born(0, { cgroup: '4:cpuacct:/a.slice/x.service\n0::/\n' }),
    born(1, { cgroup: '4:cpuacct:/\n0::/a.slice/x.service\n' }),
  );
  assert.equal(host.inventory.accountOfSlot(0), host.inventory.accountOfSlot(1));
  assert.deepEqual(host.chain(0), ['unit:/a.slice', 'unit:/a.slice/x.service', 'process:1000:500']);
  assert.deepEqual(host.scanner.watched(), [host.file('cpuacct/cpuacct.usage')]);
});

test('a counter that cannot be opened leaves the account without one, told once', (t) => {
  const host = new Host(t);
  host.scanner.refusals.set(host.file('a.slice/cpu.stat'), 'EACCES');
  host.scanner.refusals.set(host.file('b.slice/cpu.stat'), 'EACCES');
  host.birth(born(0, { cgroup: '0::/a.slice/x.service\n' }), born(1, { cgroup: '0::/b.slice/x.service\n' }));
  assert.equal(host.watchedOf('unit:/a.slice'), undefined);
  assert.equal(host.watchedOf('unit:/a.slice/x.service'), host.file('a.slice/x.service/cpu.stat'));
  assert.deepEqual(host.warnings, ['cgroup-counter-refused']);
});

test('a container seen from another cgroup namespace is the sum of its processes, told once', (t) => {
  const host = new Host(t);
  host.birth(
    born(0, { cgroup: `0::/../../system.slice/docker-${A}.scope\n` }),
    born(1, { cgroup: `0::/../../system.slice/docker-${B}.scope\n` }),
  );
  assert.deepEqual(host.chain(0), ['unit:/system.slice', `container:${A}`, 'process:1000:500']);
  assert.deepEqual(host.scanner.watched(), []);
  assert.deepEqual(host.warnings, ['cgroup-not-visible']);
});

test('no cgroup file system at all: told once, processes are still placed', (t) => {
  const host = new Host(t, '');
  host.birth(born(0, { cgroup: '0::/a.slice/x.service\n' }));
  host.birth(born(1));
  assert.deepEqual(host.warnings, ['cgroup-mounts-missing']);
  assert.deepEqual(host.chain(0), ['unit:/a.slice', 'unit:/a.slice/x.service', 'process:1000:500']);
});

test('an exited process is known until the split is over, then its slot is free', (t) => {
  const host = new Host(t);
  host.birth(born(0, { cgroup: '0::/a.slice/x.service\n' }));
  host.tick({ exited: [exit(0)] }, 1, () => {
    assert.equal(host.inventory.entityOfSlot(0).pid, 1000);
    assert.equal(host.inventory.accountOfShortLived(0), host.inventory.accountOfSlot(0));
  });
  assert.throws(() => host.inventory.entityOfSlot(0), { code: 'KISIM_E_INVENTORY_SLOT' });
  assert.equal(host.inventory.accountOfShortLived(0), 0);
  assert.equal(host.inventory.accountOfShortLived(-1), 0);
  assert.equal(host.inventory.slotOfPid(1000), -1);
});

test('PID reuse: the same pid with another start is another process', (t) => {
  const host = new Host(t);
  host.birth(born(0, { pid: 42, startTicks: 1 }));
  host.tick({ born: [born(1, { pid: 42, startTicks: 9 })], exited: [exit(0)] });
  assert.equal(host.inventory.entityOfSlot(1).key, 'process:42:9');
  assert.equal(host.inventory.slotOfPid(42), 1);
});

test('exec and a move between cgroups come as a birth in the same slot', (t) => {
  const host = new Host(t);
  host.birth(born(0, { comm: 'sh', cgroup: '0::/a.slice/x.service\n' }));
  host.birth(born(0, { comm: 'nginx', cgroup: '0::/b.slice/y.service\n' }));
  assert.deepEqual(host.chain(0), ['unit:/b.slice', 'unit:/b.slice/y.service', 'process:1000:500']);
  assert.equal(host.inventory.entityOfSlot(0).name, 'nginx');
  assert.equal(host.inventory.livingCount(), 1);
});

test('a container is let go when its cgroup is gone, its id and group used again only afterwards', (t) => {
  const host = new Host(t);
  const path = host.file(`docker/${A}/cpu.stat`);
  host.birth(born(0, { cgroup: `0::/docker/${A}\n` }));
  const id = host.inventory.accountOfSlot(0);
  host.scanner.usage.set(path, Number.NaN);
  host.tick({ exited: [exit(0)] }, 1, () => assert.ok(host.watchedOf(`container:${A}`)));
  assert.equal(host.inventory.accounts[id], undefined);
  assert.ok(!host.scanner.watched().includes(path));
  host.birth(born(0, { cgroup: `0::/docker/${B}\n` }));
  assert.equal(host.inventory.accountOfSlot(0), id);
  assert.equal(host.inventory.exitedEntity(id).key, `process:exited:container:${B}`);
});

test('an empty cgroup that is still there stays for a minute, longer while its counter moves', (t) => {
  const host = new Host(t);
  const path = host.file('a.slice/x.service/cpu.stat');
  host.birth(born(0, { cgroup: '0::/a.slice/x.service\n' }));
  host.tick({ exited: [exit(0)] });
  host.scanner.usage.set(path, 5e6);
  host.tick({}, 50);
  host.tick({}, 50);
  assert.equal(host.watchedOf('unit:/a.slice/x.service'), path);
  host.tick({}, 11);
  assert.equal(host.watchedOf('unit:/a.slice/x.service'), undefined);
  assert.ok(host.entity('unit:/a.slice'));
  host.tick({}, 1);
  host.tick({}, 61);
  assert.equal(host.entity('unit:/a.slice'), undefined);
  assert.deepEqual(host.scanner.watched(), []);
});

test('a service restarted between two ticks is counted by its new cgroup', (t) => {
  const host = new Host(t);
  const path = host.file('a.slice/x.service/cpu.stat');
  host.birth(born(0, { cgroup: '0::/a.slice/x.service\n' }));
  const account = host.inventory.accountOfSlot(0);
  const before = host.inventory.accounts[account]!.group;
  host.scanner.usage.set(path, Number.NaN);
  host.tick({ born: [born(1, { cgroup: '0::/a.slice/x.service\n' })], exited: [exit(0)] }, 1, () => {
    assert.notEqual(host.inventory.accounts[account]!.group, before);
  });
  host.scanner.usage.delete(path);
  host.tick();
  assert.equal(host.inventory.accountOfSlot(1), account);
  assert.equal(host.scanner.watched().filter((watched) => watched === path).length, 1);
});

test('what exited unseen in an account has an entity of its own', (t) => {
  const host = new Host(t);
  host.birth(born(0, { cgroup: `0::${POD_SLICE}/crio-${A}.scope\n` }));
  const exited = host.inventory.exitedEntity(host.inventory.accountOfSlot(0));
  assert.deepEqual(
    [exited.key, exited.kind, exited.pid, exited.name, exited.containerId, exited.podUid],
    [`process:exited:container:${A}`, 'process', 0, '(exited)', A, UID],
  );
  assert.equal(host.inventory.exitedEntity(0).key, 'process:exited:host');
});

test('names known at the start are there in the first tick', (t) => {
  const host = new Host(t);
  host.tree.write(`run/containerd/io.containerd.runtime.v2.task/k8s.io/${A}/config.json`, {
    annotations: {
      'io.kubernetes.cri.container-type': 'container',
      'io.kubernetes.cri.container-name': 'server',
      'io.kubernetes.cri.sandbox-name': 'shop-0',
      'io.kubernetes.cri.sandbox-namespace': 'prod',
    },
  });
  host.birth(born(0, { cgroup: `0::/kubepods/pod${UID}/${A}\n` }));
  const container = host.entity(`container:${A}`);
  const pod = host.entity(`pod:${UID}`);
  assert.deepEqual(
    [container?.name, container?.namespace, container?.runtime],
    ['server', 'prod', 'containerd'],
  );
  assert.deepEqual([pod?.name, pod?.namespace], ['shop-0', 'prod']);
});

test('a late name replaces the entity under the same key', (t) => {
  const host = new Host(t);
  host.birth(born(0, { cgroup: `0::/docker/${A}\n` }));
  const early = host.entity(`container:${A}`);
  assert.equal(early?.name, A.slice(0, 12));
  host.tree.write(`var/lib/docker/containers/${A}/config.v2.json`, { Name: '/web' });
  host.tick({}, 2);
  const late = host.entity(`container:${A}`);
  assert.deepEqual([late?.name, late?.key], ['web', early?.key]);
  assert.notEqual(late, early);
  assert.equal(early?.name, A.slice(0, 12));
});

test('ctr run: the name of the container is its id, in any namespace of containerd', (t) => {
  const host = new Host(t);
  host.tree.folder('run/containerd/io.containerd.runtime.v2.task/ci/job');
  host.birth(born(0, { cgroup: '0::/default/web\n' }), born(1, { cgroup: '0::/ci/job\n' }));
  assert.deepEqual(
    [host.entity('container:web')?.name, host.entity('container:web')?.runtime],
    ['web', 'containerd'],
  );
  assert.equal(host.entity('container:ci/job')?.name, 'job');
});

test('Scaphandre looks each process up in a list of all: here a tick costs what happened in it', (t) => {
  const crowded = (count: number) => {
    const host = new Host(t);
    const cgroup = '0::/a.slice/x.service\n';
    host.birth(...Array.from({ length: count }, (_, slot) => born(slot, { cgroup })));
    assert.equal(host.scanner.opened, 2);
    assert.equal(host.inventory.livingCount(), count);
    const tick = host.scanner.tick();
    // The best of many short runs: other load on the machine can only make a run longer.
    return () => {
      const start = process.hrtime.bigint();
      for (let run = 0; run < 200; run++) {
        host.inventory.before(tick);
        host.inventory.after(tick);
      }
      return Number(process.hrtime.bigint() - start);
    };
  };
  const few = crowded(10);
  const many = crowded(20_000);
  let [bestFew, bestMany] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 20; round++) {
    bestFew = Math.min(bestFew, few());
    bestMany = Math.min(bestMany, many());
  }
  // A look at each process would make the ratio of the counts, 2000.
  assert.ok(bestMany < 20 * bestFew, `${bestMany} ns against ${bestFew} ns`);
});
