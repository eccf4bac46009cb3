import type { ProcessRecord } from '../native/process-scanner.ts';
import type { CgroupNode } from './cgroup-class.ts';
import type { Account, Entity } from './entity.ts';
import type { QemuGuest } from './qemu-command.ts';

const NOWHERE = {
  namespace: '',
  pid: undefined,
  exe: '',
  runtime: '',
  containerId: '',
  podUid: '',
  vmId: '',
};
const HEX_ID = /^[0-9a-f]{32,}$/;

/** Key of the entity of a cgroup, the same whatever hierarchy it was seen in. */
export function nodeKey(node: CgroupNode): string {
  if (node.kind === 'pod' || node.kind === 'container') return `${node.kind}:${node.id}`;
  return `unit:${node.id}`;
}

/** Long ids are shown as Docker shows them, by their first 12 digits, until a name is known. */
export function shortId(id: string): string {
  return HEX_ID.test(id) ? id.slice(0, 12) : id;
}

/** The entity of a cgroup. A libvirt scope is a unit until its QEMU process has been seen. */
export function entityOfNode(node: CgroupNode, namespace: string): Entity {
  const base = { ...NOWHERE, key: nodeKey(node), containerId: node.containerId, podUid: node.podUid };
  if (node.kind === 'container') {
    return { ...base, kind: 'container', name: shortId(node.name), namespace, runtime: node.runtime };
  }
  if (node.kind === 'pod') return { ...base, kind: 'pod', name: node.name, namespace };
  return { ...base, kind: 'unit', name: node.name };
}

/** The entity of a guest. It lies in whatever the account above it lies in. */
export function guestEntity(vmId: string, name: string, inside: Entity | undefined): Entity {
  return {
    ...NOWHERE,
    key: `vm:${vmId}`,
    kind: 'vm',
    name,
    runtime: 'qemu',
    containerId: inside?.containerId ?? '',
    podUid: inside?.podUid ?? '',
    vmId,
  };
}

/** What a guest is called: by its command line, else by its libvirt scope, else by its process. */
export function guestName(guest: QemuGuest, scopeName: string, pid: number): string {
  return guest.name || scopeName || `qemu-${pid}`;
}

export function processKey(pid: number, startTicks: number): string {
  return `process:${pid}:${startTicks}`;
}

export function processEntity(record: ProcessRecord, account: Account): Entity {
  const end = record.cmdline.indexOf('\0');
  return {
    key: processKey(record.pid, record.startTicks),
    kind: 'process',
    name: record.comm === '' ? `pid-${record.pid}` : record.comm,
    namespace: '',
    pid: record.pid,
    exe: end < 0 ? record.cmdline : record.cmdline.slice(0, end),
    runtime: '',
    containerId: account.entity?.containerId ?? '',
    podUid: account.entity?.podUid ?? '',
    vmId: account.entity?.vmId ?? '',
  };
}

/** The pseudo-process that holds what exited unseen in an account. */
export function exitedEntity(account: Account): Entity {
  const { entity } = account;
  return {
    ...NOWHERE,
    key: `process:exited:${entity?.key ?? 'host'}`,
    kind: 'process',
    name: '(exited)',
    pid: 0,
    containerId: entity?.containerId ?? '',
    podUid: entity?.podUid ?? '',
    vmId: entity?.vmId ?? '',
  };
}
