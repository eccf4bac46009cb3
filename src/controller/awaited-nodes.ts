import type { HeldPod } from './held-pod.ts';
import type { PlacementLoopOptions } from './loop-options.ts';

/** Pods that were decided for nodes that have to be woken first: each is booked there and wants its node until it is let go. */
export class AwaitedNodes {
  readonly #o: Pick<PlacementLoopOptions, 'book' | 'sleeping'>;

  constructor(options: Pick<PlacementLoopOptions, 'book' | 'sleeping'>) {
    this.#o = options;
  }

  /** Whether a pod that was booked on a node has to wait for it; it is then asked for. */
  mustAwait(held: HeldPod, node: string): boolean {
    const { sleeping } = this.#o;
    const readiness = sleeping?.readiness(node) ?? 'ready';
    if (readiness === 'ready') return false;
    held.awaitsNode = true;
    if (readiness === 'asleep') sleeping?.want(held.pod.uid, node);
    return true;
  }

  /** What has become of the node of a pod. One that is up or lost is not awaited any more. */
  look(held: HeldPod): 'none' | 'still' | 'up' | 'lost' {
    const { decided } = held;
    if (!held.awaitsNode || decided === undefined) return 'none';
    const readiness = this.#o.sleeping?.readiness(decided.node) ?? 'ready';
    if (readiness === 'asleep') return 'still';
    if (readiness === 'ready') this.release(held);
    else this.leave(held);
    return readiness === 'ready' ? 'up' : 'lost';
  }

  /** The pod goes to its node, or is there. */
  release(held: HeldPod): void {
    if (!held.awaitsNode) return;
    held.awaitsNode = false;
    this.#o.sleeping?.release(held.pod.uid);
  }

  /** Its node is not waited for any more, and its booking there ends. Whether it was. */
  leave(held: HeldPod): boolean {
    if (!held.awaitsNode) return false;
    this.release(held);
    this.#o.book.forget(held.pod.uid);
    return true;
  }
}
