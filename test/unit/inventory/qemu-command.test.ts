import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseQemuCommand, parseQemuOptions } from '../../../src/inventory/qemu-command.ts';
import { vmPidOfKernelThread } from '../../../src/inventory/vm-kernel-thread.ts';
import { sharedData } from '../../support/shared-data.ts';

const UUID = 'df12672f-fedb-4f6f-9d51-0166868835fb';
const command = (...args: string[]) => `${args.join('\0')}\0`;

test('Kepler defect 3: doubled commas and equals signs belong to the guest name', () => {
  const guest = parseQemuCommand(
    command('qemu-system-x86_64', '-name', 'guest=foo=1,,bar=2,debug-threads=on'),
  );
  assert.equal(guest?.name, 'foo=1,bar=2');
});

test('a name may stand alone or with other settings', () => {
  const nameOf = (value: string) =>
    parseQemuCommand(command('/usr/bin/qemu-system-aarch64', '-name', value))?.name;
  assert.equal(nameOf('web'), 'web');
  assert.equal(nameOf('web,debug-threads=on'), 'web');
  assert.equal(nameOf('debug-threads=on,guest=web'), 'web');
  assert.equal(nameOf('a,,b'), 'a,b');
});

test('the UUID comes from -uuid, else from the system table', () => {
  const upper = UUID.toUpperCase();
  assert.equal(parseQemuCommand(command('qemu-kvm', '-uuid', upper))?.uuid, UUID);
  assert.equal(parseQemuCommand(command('kvm', '-id', '100', '-smbios', `type=1,uuid=${UUID}`))?.uuid, UUID);
  assert.equal(parseQemuCommand(command('qemu-kvm', '-uuid', 'none'))?.uuid, '');
});

test('every name of the emulator is known, with long and short option dashes', () => {
  for (const program of [
    'qemu-system-x86_64',
    '/usr/bin/qemu-system-ppc64',
    '/usr/libexec/qemu-kvm',
    '/usr/bin/kvm',
    '/nix/store/x/bin/.qemu-system-x86_64-wrapped',
  ]) {
    assert.equal(parseQemuCommand(command(program, '--name', 'vm', '-m', '1'))?.name, 'vm', program);
  }
});

test('other programs are no guests', () => {
  for (const args of [
    ['qemu-img', 'convert', '-name', 'x'],
    ['grep', 'qemu-system-x86_64'],
    ['/bin/sh', '-c', 'qemu-system-x86_64 -name x'],
    ['kvm', 'list'],
    ['kvm_stat', '-m'],
    ['qemu-ga'],
    ['qemu-system-x86_64.sh'],
    [''],
  ]) {
    assert.equal(parseQemuCommand(command(...args)), undefined, args.join(' '));
  }
  assert.equal(parseQemuCommand(''), undefined);
});

test('without -name: the machine folder, the host name, the disk image, else nothing', () => {
  const nameOf = (...args: string[]) => parseQemuCommand(command('qemu-system-x86_64', ...args))?.name;
  assert.equal(nameOf('-pidfile', '/home/u/.minikube/machines/mini,x/qemu.pid'), '');
  assert.equal(nameOf('-pidfile', '/home/u/.minikube/machines/mini/qemu.pid'), 'mini');
  assert.equal(nameOf('-nic', 'user,model=virtio,hostname=node-3'), 'node-3');
  assert.equal(nameOf('-drive', 'if=virtio,file=/srv/debian.qcow2'), 'debian');
  assert.equal(nameOf('-m', '512', '/srv/alpine.img'), 'alpine');
  assert.equal(nameOf('-m', '512'), '');
});

test('captured command lines: libvirt, Minikube without -name, KubeVirt', { skip: sharedData.skip }, () => {
  const read = (name: string) => readFileSync(sharedData.path('energy', 'qemu-cmdlines', name), 'utf8');
  const words = (name: string) => command(...read(name).trim().split(' '));
  assert.deepEqual(parseQemuCommand(read('libvirt-session.cmdline')), {
    name: 'kepler-stuff_default',
    uuid: UUID,
  });
  assert.deepEqual(parseQemuCommand(words('minikube-qemu2.txt')), { name: 'minikube', uuid: '' });
  assert.deepEqual(parseQemuCommand(words('kubevirt.txt')), {
    name: 'hc-zone-cz-2-10291_vm-s2qh4m65',
    uuid: '',
  });
  const captured = readFileSync(sharedData.path('energy', 'kepler/procfs/43251/cmdline'), 'utf8');
  assert.equal(parseQemuCommand(captured)?.uuid, UUID);
});

test('any guest name survives being written as QEMU wants it', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const value = `guest=${name.replaceAll(',', ',,')},debug-threads=on`;
      assert.equal(parseQemuOptions(value, 'guest').get('guest'), name);
    }),
  );
});

test('kernel threads name the emulator they work for', () => {
  assert.equal(vmPidOfKernelThread('vhost-4711'), 4711);
  assert.equal(vmPidOfKernelThread('kvm-pit/12'), 12);
  assert.equal(vmPidOfKernelThread('kvm-nx-lpage-recovery-99'), 99);
  for (const comm of ['vhost-', 'vhost_worker', 'kvm', 'xvhost-1', 'vhost-1x']) {
    assert.equal(vmPidOfKernelThread(comm), undefined, comm);
  }
});
