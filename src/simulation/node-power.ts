import { type ClusterState, NODE_ASLEEP, NODE_ON, NODE_WAKING } from '../cluster/cluster-state.ts';
import type { Node } from '../cluster/node.ts';
import { IndexedHeap, type SavedHeap } from './indexed-heap.ts';

export interface SavedNodePower {
  readonly wakes: SavedHeap;
  readonly sleeps: SavedHeap;
  readonly booked: readonly (readonly number[])[];
}

/** Whether a node is ever put to sleep: cordoned ones are not. */
export function maySleep(node: Node): boolean {
  return node.sleep !== undefined && node.unschedulable !== true;
}

/** Which nodes are up, asleep or waking, and when that changes. Nodes are settled before they are changed here. */
export class NodePower {
  /** When waking nodes are up, and when empty ones fall asleep. */
  readonly wakes: IndexedHeap;
  readonly sleeps: IndexedHeap;
  readonly #cluster: ClusterState;
  readonly #maySleep: Uint8Array;
  /** Pods that were placed on a node which is not up yet, in the order of their placement. */
  readonly #booked: number[][];

  constructor(cluster: ClusterState) {
    this.wakes = new IndexedHeap(cluster.size);
    this.sleeps = new IndexedHeap(cluster.size);
    this.#cluster = cluster;
    this.#maySleep = Uint8Array.from(cluster.nodes, (node) => (maySleep(node) ? 1 : 0));
    this.#booked = cluster.nodes.map(() => []);
  }

  /** Before anything happens: all that may sleep do, or all are up and their time to fall asleep has begun. */
  begin(asleep: boolean): void {
    for (let node = 0; node < this.#cluster.size; node++) {
      if (asleep && this.#maySleep[node] === 1) this.#cluster.power[node] = NODE_ASLEEP;
      else this.emptied(node);
    }
  }

  /** A pod is on its way to a node: it does not fall asleep. */
  occupied(node: number): void {
    this.sleeps.remove(node);
  }

  /** A pod has left: if it was the last one, the node falls asleep after its time. */
  emptied(node: number): void {
    const since = this.#cluster.emptySince[node]!;
    if (this.#maySleep[node] === 0 || since === Number.POSITIVE_INFINITY) return;
    this.sleeps.set(node, since + this.#cluster.nodes[node]!.sleep!.emptySeconds);
  }

  fallAsleep(node: number): void {
    this.sleeps.remove(node);
    this.#cluster.power[node] = NODE_ASLEEP;
    this.#cluster.touch(node);
  }

  startWaking(node: number, now: number): void {
    const up = now + this.#cluster.nodes[node]!.sleep!.wakeSeconds;
    this.#cluster.power[node] = NODE_WAKING;
    this.#cluster.awakeAt[node] = up;
    this.wakes.set(node, up);
  }

  /** A pod waits on a waking node for it to be up. */
  book(pod: number, node: number): void {
    this.#booked[node]!.push(pod);
  }

  /** A waking node is up. Returns the pods that have waited for it; `touch` is for who starts them. */
  up(node: number): readonly number[] {
    this.wakes.remove(node);
    this.#cluster.power[node] = NODE_ON;
    const pods = this.#booked[node]!;
    this.#booked[node] = [];
    return pods;
  }

  save(): SavedNodePower {
    return {
      wakes: this.wakes.save(),
      sleeps: this.sleeps.save(),
      booked: this.#booked.map((pods) => pods.slice()),
    };
  }

  restore(saved: SavedNodePower): void {
    this.wakes.restore(saved.wakes);
    this.sleeps.restore(saved.sleeps);
    saved.booked.forEach((pods, node) => {
      this.#booked[node] = pods.slice();
    });
  }
}
