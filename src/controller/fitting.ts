import type { ClusterState } from '../cluster/cluster-state.ts';
import { feasibleNodes } from '../cluster/feasible.ts';
import type { Labels } from '../cluster/labels.ts';
import type { Pod } from '../cluster/pod.ts';
import { type ConstraintFilter, constraintFilter } from '../policy/kube/constraint-filter.ts';
import { fullestGpus } from '../simulation/gpu-choice.ts';
import type { Logger } from '../util/log.ts';
import type { BookObserver, ClusterBook } from './ports.ts';

/** Which nodes can take a pod, for who plans beside the loop: resources by any copy of the cluster, constraints by the book. */
export class Fitting implements BookObserver {
  readonly #log: Logger;
  #constraints: ConstraintFilter | undefined;

  constructor(book: Pick<ClusterBook, 'observe'>, log: Logger) {
    this.#log = log;
    book.observe(this);
  }

  rebuilt(cluster: ClusterState, namespaces: ReadonlyMap<string, Labels>): void {
    this.#constraints = undefined;
    this.#safely(() => {
      this.#constraints = constraintFilter(cluster, namespaces);
    });
  }

  relabelled(namespace: string): void {
    this.#safely(() => this.#constraints?.relabelled(namespace));
  }

  placed(pod: Pod, node: number): void {
    this.#safely(() => this.#constraints?.placed(pod, node));
  }

  removed(pod: Pod, node: number): void {
    this.#safely(() => this.#constraints?.removed(pod, node));
  }

  /**
   * Ascending; none where the constraints are not known. Pods that are placed on a copy alone are not seen by selectors.
   *
   * @param cluster the book's, or a copy of it
   */
  nodesFor(cluster: ClusterState, pod: Pod): Int32Array {
    const nodes = new Int32Array(cluster.size);
    const constraints = this.#constraints;
    if (constraints === undefined) return nodes.subarray(0, 0);
    let count = feasibleNodes(cluster, pod, nodes);
    if (count > 0) count = constraints.filter(pod, nodes, count);
    return nodes.subarray(0, count);
  }

  /** Without it no node can be offered until the next rebuild. */
  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#constraints = undefined;
      this.#log.error('constraints-lost', { error });
    }
  }
}

/** Books a pod on a copy of the cluster, with the GPUs that it would have. */
export function placeOnCopy(copy: ClusterState, pod: Pod, node: number): void {
  if ((pod.gpu?.count ?? 0) === 0) {
    copy.place(pod, node);
    return;
  }
  const gpus = new Int32Array(copy.gpuCount[node]!);
  copy.place(pod, node, gpus.subarray(0, fullestGpus(copy, pod, node, gpus)));
}
