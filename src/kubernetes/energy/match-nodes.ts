import type { Entity } from '../../inventory/entity.ts';
import type { NodeIdentity } from './node-identity.ts';

/** What is known of the machine that the meter runs on. Lower case, '' or empty where it is not known. */
export interface HostIdentity {
  /** The configured node name, and the host name. */
  readonly names: readonly string[];
  readonly machineId: string;
  /** Of the kernel: containers of this host have it, too, guests have not. */
  readonly bootId: string;
  readonly addresses: readonly string[];
}

/** A guest or a container of this host that may be a node. */
export type Machine = Pick<Entity, 'key' | 'kind' | 'name' | 'vmId'>;

export interface NodeMatches {
  /** The node that this host is itself. */
  readonly host: string | undefined;
  /** Nodes by the key of the guest or the container that they are. */
  readonly machines: ReadonlyMap<string, string>;
  /** Why each of the others is not metered here. */
  readonly reasons: ReadonlyMap<string, string>;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Says which nodes of a cluster are this host, guests of it, or containers of it (Minikube's Docker driver, kind). In this
 * order; the first rule that fits decides, and where it fits several the node is nobody's:
 *
 * 1. a guest whose UUID is the node's system UUID or machine id;
 * 2. a guest of the node's name (Minikube and libvirt name both alike), unless UUID or boot id say that it is another machine;
 * 3. a container of the node's name, where the node runs on this host's kernel;
 * 4. this host: the only node on its kernel; where boot ids are not known, the only one with its machine id, else with its
 *    name, else with one of its addresses.
 */
export function matchNodes(
  nodes: readonly NodeIdentity[],
  host: HostIdentity,
  machines: readonly Machine[],
): NodeMatches {
  const reasons = new Map<string, string>();
  const matched = new Map<string, string>();
  const claimed = new Set<string>();
  let left = nodes;
  for (const fits of rules) {
    const found = new Map<NodeIdentity, readonly Machine[]>();
    for (const node of left) {
      const fitting = machines.filter((machine) => !claimed.has(machine.key) && fits(node, machine, host));
      if (fitting.length > 0) found.set(node, fitting);
    }
    for (const [node, fitting] of found) {
      const [machine] = fitting;
      const rivals = [...found].flatMap(([{ name }, theirs]) => (theirs.includes(machine!) ? [name] : []));
      if (fitting.length > 1)
        reasons.set(node.name, `several machines of this host could be it: ${describe(fitting)}`);
      else if (rivals.length > 1)
        reasons.set(node.name, `one machine of this host could be ${rivals.join(', ')}`);
      else matched.set(machine!.key, node.name);
    }
    for (const { key } of [...found.values()].flat()) claimed.add(key);
    left = left.filter((node) => !found.has(node));
  }
  const hosts = left.filter((node) => isHost(node, host, left));
  const own = hosts.length === 1 ? hosts[0]!.name : undefined;
  for (const node of left) {
    if (node.name === own) continue;
    const shared = hosts.length > 1 && hosts.includes(node);
    reasons.set(node.name, shared ? sharedReason(node, hosts) : otherReason(node, host));
  }
  return { host: own, machines: matched, reasons };
}

type Rule = (node: NodeIdentity, machine: Machine, host: HostIdentity) => boolean;

/** The rules for guests and containers, in their order. */
const rules: readonly Rule[] = [
  (node, machine) => machine.kind === 'vm' && hasUuid(node, uuidOf(machine)),
  (node, machine, host) =>
    machine.kind === 'vm' &&
    isNamed(node, machine) &&
    !isOnThisKernel(node, host) &&
    !(UUID.test(uuidOf(machine)) && UUID.test(node.systemUuid)),
  (node, machine, host) =>
    machine.kind === 'container' &&
    isNamed(node, machine) &&
    (isOnThisKernel(node, host) || node.bootId === '' || host.bootId === ''),
];

function isNamed(node: NodeIdentity, machine: Machine): boolean {
  return machine.name.toLowerCase() === node.name.toLowerCase();
}

function isOnThisKernel({ bootId }: NodeIdentity, host: HostIdentity): boolean {
  return bootId !== '' && bootId === host.bootId;
}

/** A guest that migrates within the host has its pid behind the UUID. */
function uuidOf({ vmId }: Machine): string {
  return vmId.split(':', 1)[0]!.toLowerCase();
}

function hasUuid({ systemUuid, machineId }: NodeIdentity, uuid: string): boolean {
  if (!UUID.test(uuid)) return false;
  return systemUuid === uuid || systemUuid === swapped(uuid) || machineId === uuid.replaceAll('-', '');
}

/** The first three fields with their bytes turned round, as firmware older than SMBIOS 2.6 is read. */
function swapped(uuid: string): string {
  const turn = (field: string) => field.match(/../g)!.reverse().join('');
  const [a, b, c, ...rest] = uuid.split('-') as [string, string, string, ...string[]];
  return [turn(a), turn(b), turn(c), ...rest].join('-');
}

function isHost(node: NodeIdentity, host: HostIdentity, others: readonly NodeIdentity[]): boolean {
  if (node.bootId !== '' && host.bootId !== '') return node.bootId === host.bootId;
  if (node.machineId !== '' && host.machineId !== '') return node.machineId === host.machineId;
  const named = others.filter(({ name }) => host.names.includes(name.toLowerCase()));
  if (named.length > 0) return named.includes(node);
  return node.addresses.some((each) => host.names.includes(each) || host.addresses.includes(each));
}

function sharedReason({ name }: NodeIdentity, hosts: readonly NodeIdentity[]): string {
  const others = hosts.flatMap((each) => (each.name === name ? [] : [each.name]));
  return `it shares this host's kernel with ${others.join(', ')}, and no container of this host has its name`;
}

function otherReason({ name, bootId }: NodeIdentity, host: HostIdentity): string {
  const hasOurName = host.names.includes(name.toLowerCase());
  return hasOurName && bootId !== '' && bootId !== host.bootId
    ? 'it has the name of this host, but runs another kernel'
    : 'it is neither this host nor a guest of it';
}

function describe(machines: readonly Machine[]): string {
  return machines.map(({ kind, name, key }) => `${kind} ${name} (${key})`).join(', ');
}
