import type { NodeIdentity } from './node-identity.ts';

/** Labels of a series that may name its node, the best first. */
const NODE_LABELS = ['node_name', 'node', 'instance'] as const;

export type NodeOfLabels =
  | { readonly node: string }
  /** Several nodes, so none. */
  | { readonly ambiguous: readonly string[]; readonly label: string }
  /** No node of this cluster. */
  | undefined;

/**
 * Finds the node that the labels of a series name: by its name, its host names and addresses, or the part of its name before
 * the first dot; with or without a port behind it.
 *
 * @example
 * const find = nodeFinder([{ name: 'a.example', addresses: ['10.0.0.1'], machineId: '', systemUuid: '', bootId: '' }]);
 * find({ instance: '10.0.0.1:28282' }); // { node: 'a.example' }
 */
export function nodeFinder(
  nodes: readonly NodeIdentity[],
): (labels: Readonly<Record<string, string>>) => NodeOfLabels {
  const byName = new Map<string, Set<string>>();
  const byAddress = new Map<string, Set<string>>();
  const byShortName = new Map<string, Set<string>>();
  for (const { name, addresses } of nodes) {
    add(byName, name, name);
    for (const address of addresses) add(byAddress, address, name);
    add(byShortName, shortName(name), name);
  }
  const find = (text: string): ReadonlySet<string> | undefined =>
    byName.get(text) ??
    byAddress.get(text) ??
    (isAddress(text) ? undefined : byShortName.get(shortName(text)));
  return (labels) => {
    for (const label of NODE_LABELS) {
      const given = labels[label]?.toLowerCase();
      if (given === undefined || given === '') continue;
      const found = find(given) ?? find(withoutPort(given));
      if (found === undefined) continue;
      const [node] = found;
      return found.size === 1
        ? { node: node! }
        : { ambiguous: [...found], label: `${label}="${labels[label]}"` };
    }
    return undefined;
  };
}

function add(map: Map<string, Set<string>>, key: string, node: string): void {
  const lower = key.toLowerCase();
  map.set(lower, (map.get(lower) ?? new Set()).add(node));
}

function shortName(name: string): string {
  return isAddress(name) ? name : name.split('.', 1)[0]!.toLowerCase();
}

function isAddress(text: string): boolean {
  return /^\d+(?:\.\d+){3}$/.test(text) || text.includes(':');
}

/** `host:9100` and `[::1]:9100`; an IPv6 address without brackets has no port. */
function withoutPort(text: string): string {
  const bracketed = /^\[(.+)\](?::\d+)?$/.exec(text);
  if (bracketed !== null) return bracketed[1]!;
  return /^[^:]+:\d+$/.test(text) ? text.slice(0, text.lastIndexOf(':')) : text;
}
