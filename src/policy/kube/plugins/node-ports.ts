import type { PodScheduling } from '../../../cluster/pod.ts';

const ANY_ADDRESS = '0.0.0.0';

export interface HostPort {
  readonly address: string;
  /** Protocol and port. */
  readonly port: string;
}

/** The ports that a pod opens on its node: of containers and of sidecars, not of other init containers. */
export function hostPortsOf({ containers, initContainers }: PodScheduling): readonly HostPort[] {
  return [...initContainers.filter(({ sidecar }) => sidecar === true), ...containers].flatMap(
    ({ hostPorts }) =>
      hostPorts
        .filter(({ hostPort }) => hostPort > 0)
        .map(({ hostIp, protocol, hostPort }) => ({
          address: hostIp === '' ? ANY_ADDRESS : hostIp,
          port: `${protocol === '' ? 'TCP' : protocol} ${hostPort}`,
        })),
  );
}

/** The host ports in use on every node: addresses by protocol and port. A set, as Kubernetes keeps it, not a count. */
export class UsedPorts {
  readonly #nodes: (Map<string, Set<string>> | undefined)[];

  constructor(nodes: number) {
    this.#nodes = new Array(nodes).fill(undefined);
  }

  add(slot: number, ports: readonly HostPort[]): void {
    if (ports.length === 0) return;
    const used = this.#nodes[slot] ?? new Map<string, Set<string>>();
    this.#nodes[slot] = used;
    for (const { address, port } of ports) {
      const addresses = used.get(port);
      if (addresses === undefined) used.set(port, new Set([address]));
      else addresses.add(address);
    }
  }

  remove(slot: number, ports: readonly HostPort[]): void {
    for (const { address, port } of ports) this.#nodes[slot]?.get(port)?.delete(address);
  }

  conflicts(slot: number, ports: readonly HostPort[]): boolean {
    const used = this.#nodes[slot];
    if (used === undefined) return false;
    for (const { address, port } of ports) {
      const addresses = used.get(port);
      if (addresses === undefined || addresses.size === 0) continue;
      if (address === ANY_ADDRESS || addresses.has(ANY_ADDRESS) || addresses.has(address)) return true;
    }
    return false;
  }
}

/** NodePorts: no host port of the pod is taken on the node (plugins/nodeports). */
export class NodePorts {
  readonly name = 'NodePorts';
  #used: UsedPorts | undefined;
  #ports: readonly HostPort[] = [];

  prepare(used: UsedPorts, ports: readonly HostPort[]): void {
    this.#used = used;
    this.#ports = ports;
  }

  get filters(): boolean {
    return this.#ports.length > 0;
  }

  filter(slot: number): boolean {
    return this.#ports.length === 0 || !this.#used!.conflicts(slot, this.#ports);
  }
}
