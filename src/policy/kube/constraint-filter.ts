import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Labels } from '../../cluster/labels.ts';
import type { Node } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import { bookUse, restoreBook, type SavedBook, saveBook, unbook } from './cluster-book.ts';
import { Demand } from './demand.ts';
import { FilterChain } from './filter-chain.ts';
import { KubeBook } from './kube-book.ts';

/** Keeps pods off nodes that Kubernetes would not give them, for whoever chooses among nodes by other rules. */
export interface ConstraintFilter {
  /**
   * Leaves in `nodes` those that taints, node affinity, host ports, spread constraints and pod (anti-)affinity allow,
   * in their order; returns how many of the first `count` they are. Resources are not looked at. Does not allocate,
   * but for pods with scheduling fields that were never seen.
   */
  filter(pod: Pod, nodes: Int32Array, count: number): number;
  /** To be told of every pod that is placed or gone. */
  placed(pod: Pod, node: number): void;
  removed(pod: Pod, node: number): void;
  /** A namespace has other labels now, in the map that the filter was made with. */
  relabelled(namespace: string): void;
  save(): unknown;
  restore(saved: unknown): void;
}

/** Whether any of these nodes and pods has a field that a constraint filter would look at. */
export function hasConstraints(nodes: readonly Node[], pods: Iterable<Pod>): boolean {
  if (nodes.some(isRestricted)) return true;
  for (const pod of pods) if (pod.scheduling !== undefined) return true;
  return false;
}

function isRestricted({ taints = [], unschedulable }: Node): boolean {
  return unschedulable === true || taints.some(({ effect }) => effect !== 'PreferNoSchedule');
}

/**
 * A filter over a cluster as it is now. What runs there already counts for nothing but the space that it takes.
 *
 * @param namespaces labels of namespaces, for terms that select by them; kept, and looked at again by `relabelled`
 */
export function constraintFilter(
  cluster: ClusterState,
  namespaces: ReadonlyMap<string, Labels> = new Map(),
): ConstraintFilter {
  return new ClusterConstraints(cluster, namespaces);
}

class ClusterConstraints implements ConstraintFilter {
  readonly #cluster: ClusterState;
  readonly #book: KubeBook;
  readonly #chain: FilterChain;
  readonly #restricted: boolean;
  readonly #scratch = new Demand();

  constructor(cluster: ClusterState, namespaces: ReadonlyMap<string, Labels>) {
    this.#cluster = cluster;
    this.#book = new KubeBook(cluster.nodes, namespaces);
    this.#chain = new FilterChain(this.#book);
    this.#restricted = cluster.nodes.some(isRestricted);
    bookUse(this.#book, cluster);
  }

  filter(pod: Pod, nodes: Int32Array, count: number): number {
    const book = this.#book;
    book.refresh();
    if (pod.scheduling === undefined && !this.#restricted && !book.counters.hasTerms) return count;
    const shape = book.shape(pod);
    this.#chain.prepare(shape, book.views(shape), shape.demandOf(pod, this.#scratch), false);
    let left = 0;
    for (let i = 0; i < count; i++) if (this.#chain.passes(nodes[i]!)) nodes[left++] = nodes[i]!;
    return left;
  }

  placed(pod: Pod, node: number): void {
    this.#book.add(pod, this.#cluster.nodes[node]!.name);
  }

  removed(pod: Pod, node: number): void {
    unbook(this.#book, pod, node);
  }

  relabelled(namespace: string): void {
    this.#book.relabel(namespace);
  }

  save(): SavedBook {
    return saveBook(this.#book);
  }

  restore(saved: unknown): void {
    restoreBook(this.#book, saved as SavedBook);
  }
}
