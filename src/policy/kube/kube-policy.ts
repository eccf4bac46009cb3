import type { ClusterState } from '../../cluster/cluster-state.ts';
import { feasibleNodes } from '../../cluster/feasible.ts';
import type { Pod } from '../../cluster/pod.ts';
import { errors } from '../errors.ts';
import {
  type Candidates,
  type ExplainedTerm,
  type Policy,
  type PolicyContext,
  type PolicyRun,
  WAIT,
} from '../policy.ts';
import { bookUse, restoreBook, type SavedBook, saveBook, unbook } from './cluster-book.ts';
import { type Details, KubeScheduler, NOWHERE } from './kube-scheduler.ts';

/** How 1.36 settles equal scores, or as up to 1.34 (and perhaps again from 1.37 on). */
export type KubeTies = 'heap' | 'random';

/**
 * Kubernetes 1.36's default scheduler as a policy, over the nodes that the pod fits. A pod without scheduling fields is
 * one container with the pod's requests. It does not preempt.
 */
export function kubePolicy(ties: KubeTies = 'heap'): Policy {
  return {
    name: ties === 'heap' ? 'kube-scheduler' : 'kube-scheduler:random-ties',
    start: (context) => new KubeRun(context, ties),
  };
}

interface SavedKube {
  readonly next: number;
  readonly book: SavedBook;
}

class KubeRun implements PolicyRun {
  readonly #cluster: ClusterState;
  readonly #scheduler: KubeScheduler;
  readonly #allowed: Uint8Array;

  constructor({ cluster, random, namespaces }: PolicyContext, ties: KubeTies) {
    this.#cluster = cluster;
    this.#scheduler = new KubeScheduler(cluster.nodes, {
      ...(ties === 'random' ? { randomTies: random } : {}),
      ...(namespaces === undefined ? {} : { namespaces }),
    });
    this.#allowed = new Uint8Array(cluster.size);
    bookUse(this.#scheduler.book, cluster);
  }

  choose(pod: Pod, { nodes, count, slackLeft = pod.slackSeconds }: Candidates): number {
    let allowed: Uint8Array | undefined;
    if (count < this.#cluster.size) {
      allowed = this.#allowed;
      allowed.fill(0);
      for (let i = 0; i < count; i++) allowed[nodes[i]!] = 1;
    }
    const node = this.#scheduler.decide(pod, allowed, false);
    if (node !== NOWHERE) return node;
    if (slackLeft > 0) return WAIT;
    throw errors.KISIM_E_POLICY_REFUSED(`${pod.namespace}/${pod.name}`);
  }

  scores(pod: Pod, { nodes, count }: Candidates, out: Float64Array): void {
    this.#scheduler.points(pod, nodes, count, out);
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    const nodes = new Int32Array(this.#cluster.size);
    const count = feasibleNodes(this.#cluster, pod, nodes);
    const details: Details = { reasons: new Map(), scores: [] };
    const points = this.#scheduler.points(pod, nodes, count, new Float64Array(count), details);
    return Object.entries(points.get(node)?.weighted ?? {}).map(([term, amount]) => ({
      term,
      amount,
      unit: 'points',
    }));
  }

  placed(pod: Pod, node: number): void {
    this.#scheduler.add(pod, this.#cluster.nodes[node]!.name);
  }

  removed(pod: Pod, node: number): void {
    unbook(this.#scheduler.book, pod, node);
  }

  relabelled(namespace: string): void {
    this.#scheduler.book.relabel(namespace);
  }

  save(): SavedKube {
    return { next: this.#scheduler.nextStartNodeIndex, book: saveBook(this.#scheduler.book) };
  }

  restore(saved: unknown): void {
    const { next, book } = saved as SavedKube;
    this.#scheduler.nextStartNodeIndex = next;
    restoreBook(this.#scheduler.book, book);
  }
}
