import type { Node } from '../../../cluster/node.ts';
import { MAX_NODE_SCORE } from '../normalise.ts';

const LEAST_BYTES = 23 * 1024 * 1024;
const MOST_BYTES_PER_CONTAINER = 1000 * 1024 * 1024;

interface ImageState {
  /** As the node that brought the name first reports it. */
  readonly sizeBytes: number;
  readonly slots: Set<number>;
}

/** Where each image is, over all nodes (backend/cache/cache.go, addNodeImageStates). */
export class ImageStates {
  readonly #states = new Map<string, ImageState>();
  readonly #nodes: number;

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes.length;
    nodes.forEach(({ images = [] }, slot) => {
      for (const { names, sizeBytes } of images)
        for (const name of names) {
          let state = this.#states.get(name);
          if (state === undefined) {
            state = { sizeBytes, slots: new Set() };
            this.#states.set(name, state);
          }
          state.slots.add(slot);
        }
    });
  }

  get isEmpty(): boolean {
    return this.#states.size === 0;
  }

  /**
   * The score of each node for a pod's images; undefined where no node has any of them: all score 0.
   *
   * @param names images of the containers, init containers among them
   */
  scores(names: readonly string[], volumes: readonly string[]): Float64Array | undefined {
    const states = [...names, ...volumes].flatMap((name) => this.#states.get(withTag(name)) ?? []);
    if (states.length === 0) return undefined;
    const most = MOST_BYTES_PER_CONTAINER * Math.max(1, names.length);
    const sums = new Float64Array(this.#nodes);
    for (const { sizeBytes, slots } of states) {
      // An image that is everywhere counts in full, so that a few nodes with a rare one do not get every pod.
      const bytes = Math.trunc(sizeBytes * (slots.size / this.#nodes));
      for (const slot of slots) sums[slot]! += bytes;
    }
    return sums.map((sum) =>
      Math.floor(
        (MAX_NODE_SCORE * (Math.min(Math.max(sum, LEAST_BYTES), most) - LEAST_BYTES)) / (most - LEAST_BYTES),
      ),
    );
  }
}

/** The name as container runtimes report it: a name without a tag means `latest`. */
function withTag(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}

/** ImageLocality: nodes that have the pod's images, by size and by how many nodes have them (plugins/imagelocality). */
export class ImageLocality {
  readonly name = 'ImageLocality';
  readonly weight = 1;
  #scores: Float64Array | undefined;

  prepare(scores: Float64Array | undefined): void {
    this.#scores = scores;
  }

  get scores(): boolean {
    return this.#scores !== undefined;
  }

  score(slots: Int32Array, count: number, out: Float64Array): void {
    for (let i = 0; i < count; i++) out[i] = this.#scores![slots[i]!]!;
  }
}
