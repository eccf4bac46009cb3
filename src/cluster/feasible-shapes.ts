import type { ClusterState } from './cluster-state.ts';
import { feasibleNodes, fits } from './feasible.ts';
import type { Pod } from './pod.ts';

/** Shapes kept at a time; the one met first makes room for a new one. */
const SHAPES = 512;

class ShapeNodes {
  /** 1 for every node that can take the shape. */
  readonly fits: Uint8Array;
  readonly nodes: Int32Array;
  count = 0;
  /** The cluster's `changes` that this is true at. */
  seen = 0;

  constructor(size: number) {
    this.fits = new Uint8Array(size);
    this.nodes = new Int32Array(size);
  }
}

/**
 * The nodes that can take a pod, as `feasibleNodes` has them, remembered for every shape: only nodes that changed since
 * the shape was last asked for are looked at again.
 */
export class FeasibleShapes {
  readonly #cluster: ClusterState;
  readonly #shapes = new Map<number, ShapeNodes>();
  readonly #unclassed: ShapeNodes;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
    this.#unclassed = new ShapeNodes(cluster.size);
  }

  /** Ascending; true until the cluster changes. The arrays belong to this object. */
  of(pod: Pod): { readonly nodes: Int32Array; readonly count: number } {
    const cluster = this.#cluster;
    if (pod.shape < 0) {
      this.#unclassed.count = feasibleNodes(cluster, pod, this.#unclassed.nodes);
      return this.#unclassed;
    }
    const shape = this.#shapes.get(pod.shape);
    if (shape === undefined) return this.#add(pod);
    if (cluster.changes - shape.seen > cluster.changeRing.length) this.#all(shape, pod);
    else this.#changed(shape, pod);
    shape.seen = cluster.changes;
    return shape;
  }

  #changed(shape: ShapeNodes, pod: Pod): void {
    const { changeRing, changes } = this.#cluster;
    const mask = changeRing.length - 1;
    let different = false;
    for (let change = shape.seen; change < changes; change++) {
      const node = changeRing[change & mask]!;
      const now = fits(this.#cluster, pod, node) ? 1 : 0;
      if (now === shape.fits[node]) continue;
      shape.fits[node] = now;
      different = true;
    }
    if (different) list(shape);
  }

  #all(shape: ShapeNodes, pod: Pod): void {
    for (let node = 0; node < shape.fits.length; node++)
      shape.fits[node] = fits(this.#cluster, pod, node) ? 1 : 0;
    list(shape);
  }

  #add(pod: Pod): ShapeNodes {
    let shape: ShapeNodes | undefined;
    if (this.#shapes.size === SHAPES) {
      const [oldest] = this.#shapes.keys();
      shape = this.#shapes.get(oldest!);
      this.#shapes.delete(oldest!);
    }
    shape ??= new ShapeNodes(this.#cluster.size);
    this.#shapes.set(pod.shape, shape);
    this.#all(shape, pod);
    shape.seen = this.#cluster.changes;
    return shape;
  }
}

function list(shape: ShapeNodes): void {
  let count = 0;
  for (let node = 0; node < shape.fits.length; node++)
    if (shape.fits[node] === 1) shape.nodes[count++] = node;
  shape.count = count;
}
