import type { CgroupNode, TaskLookup } from './cgroup-class.ts';
import { classifyCgroup } from './cgroup-class.ts';
import type { CgroupLine } from './cgroup-text.ts';
import { parseCgroup } from './cgroup-text.ts';

/** The hierarchies that count CPU time; `none` = a process is known by a hierarchy without such a counter. */
export type CounterHierarchy = 'cpuacct' | 'unified' | 'none';

/** Where a process lies, and in which hierarchy the counters of those cgroups are. */
export interface ProcessCgroup {
  readonly hierarchy: CounterHierarchy;
  /** From the outermost to the innermost; empty = directly at the root. */
  readonly nodes: readonly CgroupNode[];
  /** Where it lies in each hierarchy that counts: also a counter that does not name it may see its CPU time. */
  readonly paths: { readonly cpuacct: string; readonly unified: string };
  /** Keys of all cgroups that it lies in, of both hierarchies, without the roots. */
  readonly within: readonly string[];
}

/**
 * Chooses the hierarchy whose path says most of a process. On a hybrid host systemd's units may be told by v2 alone
 * while Docker's containers lie in v1 alone. Between equals cpuacct is taken (nanoseconds), then v2, then the rest.
 *
 * @param text the whole of /proc/PID/cgroup; '' gives the root
 */
export function chooseCgroup(text: string, hasTask?: TaskLookup): ProcessCgroup {
  let best: Pick<ProcessCgroup, 'hierarchy' | 'nodes'> = { hierarchy: 'none', nodes: [] };
  const paths = { cpuacct: '/', unified: '/' };
  let bestRank = -1;
  for (const line of parseCgroup(text)) {
    const hierarchy = hierarchyOf(line);
    if (hierarchy !== 'none') paths[hierarchy] = line.path;
    const { nodes } = classifyCgroup(line.path, hasTask);
    // Other controllers may be arranged at will by anybody: believed for containers, pods and guests only.
    const places = nodes.filter((node) => isPlace(node)).length;
    if (hierarchy === 'none' && places === 0 && !line.controllers.includes('name=systemd')) continue;
    const preference = hierarchy === 'cpuacct' ? 2 : hierarchy === 'unified' ? 1 : 0;
    const rank = places * 1e6 + nodes.length * 10 + preference;
    if (rank > bestRank) {
      best = { hierarchy, nodes };
      bestRank = rank;
    }
  }
  return { ...best, paths, within: [...prefixKeys('cpuacct', paths), ...prefixKeys('unified', paths)] };
}

/** One key for a cgroup of a hierarchy. */
export function placeKey(hierarchy: CounterHierarchy, path: string): string {
  return `${hierarchy}:${path}`;
}

function prefixKeys(hierarchy: 'cpuacct' | 'unified', paths: ProcessCgroup['paths']): string[] {
  const path = paths[hierarchy];
  const keys: string[] = [];
  if (path === '/') return keys;
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    keys.push(placeKey(hierarchy, path.slice(0, end)));
  }
  return keys;
}

/** Whether a cgroup lies at or below another of the same hierarchy. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`);
}

/** A thing with an identity of its own, as opposed to systemd's folders. */
export function isPlace(node: CgroupNode): boolean {
  return node.kind === 'pod' || node.kind === 'container' || node.kind === 'vm';
}

function hierarchyOf(line: CgroupLine): CounterHierarchy {
  if (line.hierarchy === 0 && line.controllers.length === 0) return 'unified';
  return line.controllers.includes('cpuacct') ? 'cpuacct' : 'none';
}
