/** Whatever can be charged with energy. `process` entities subdivide the others; see `Account`. */
export type EntityKind = 'vm' | 'pod' | 'container' | 'unit' | 'process';

/** Immutable; replaced by a new object with the same key when a name becomes known later. */
export interface Entity {
  /**
   * Unique for all time on this host: `process:<pid>:<startTicks>`, `container:<id>`, `pod:<uid>`, `vm:<uuid or
   * pid:start>`, `unit:<cgroup path>`, and `process:exited:<account key>` for what ended between two scans.
   */
  readonly key: string;
  readonly kind: EntityKind;
  /** What a person calls it: comm, container name, pod name, guest name, `nginx.service`. Never empty. */
  readonly name: string;
  /** Kubernetes namespace for pods and their containers, '' elsewhere. */
  readonly namespace: string;
  /** Process: 0 for `exited`. Others: undefined. */
  readonly pid: number | undefined;
  /** Executable or first argument of a process; '' elsewhere. */
  readonly exe: string;
  /** containerd, docker, cri-o, podman, lxc for containers; qemu for vms; '' elsewhere. */
  readonly runtime: string;
  /** Ids of the things it lies in; '' where it lies in none. Of itself too (a container has its own containerId). */
  readonly containerId: string;
  readonly podUid: string;
  readonly vmId: string;
}

/**
 * A node of the tree of who burns CPU time. The root is the host; every process hangs at exactly one account.
 * An account with a `group` has its truth in a cgroup counter; one without is the sum of its processes.
 */
export interface Account {
  /** Dense index, used again after the account was removed. */
  readonly id: number;
  /** -1 for the root. A parent's counter includes its children's. */
  readonly parent: number;
  /** Group id of the native scanner, or -1. */
  readonly group: number;
  /** undefined for the root only. */
  readonly entity: Entity | undefined;
}
