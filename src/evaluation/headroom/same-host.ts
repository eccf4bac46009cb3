import type { Labels } from '../../cluster/labels.ts';

/** What tells whether nodes share a machine. */
export interface HostHints {
  readonly name: string;
  readonly labels: Labels;
  /** Of the running kernel; '' where it is not known. */
  readonly bootId: string;
}

/** Minikube runs all nodes of a profile on the machine that it was started on. */
const MINIKUBE_PROFILE = 'minikube.k8s.io/name';

/**
 * Machines that more than one node is on, by node: nodes with one kernel are containers of one machine, nodes of one Minikube
 * profile are its guests or containers. Guests of other hypervisors tell nothing of their host.
 */
export function sharedHosts(nodes: readonly HostHints[]): ReadonlyMap<string, string> {
  const groups = new Map<string, string[]>();
  const add = (key: string, name: string) => groups.set(key, [...(groups.get(key) ?? []), name]);
  for (const { name, labels, bootId } of nodes) {
    const profile = labels[MINIKUBE_PROFILE];
    if (profile !== undefined) add(`of Minikube profile ${profile}`, name);
    else if (bootId !== '') add(`with kernel ${bootId}`, name);
  }
  const hosts = new Map<string, string>();
  for (const [host, names] of groups) if (names.length > 1) for (const name of names) hosts.set(name, host);
  return hosts;
}
