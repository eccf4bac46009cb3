import type { Node, NodeImage } from '../cluster/node.ts';
import { Located } from '../simulation/inputs/manifests/located.ts';
import { readNode } from '../simulation/inputs/manifests/node-manifest.ts';
import type { KubeObject } from './kube-object.ts';

/** Makes `cluster/` nodes from API objects. Every image is held once, however many nodes have it. */
export class NodeReader {
  readonly #images = new Map<string, NodeImage>();

  /** @throws KISIM_E_MANIFEST_... naming the node and the field */
  read({ metadata, ...object }: KubeObject): Node {
    const { spec, status } = object as { readonly spec?: object; readonly status?: object };
    const node = readNode(
      new Located(`node ${metadata.name}`, {
        metadata: { name: metadata.name, labels: metadata['labels'] },
        spec,
        status,
      }),
    );
    return node.images === undefined
      ? node
      : { ...node, images: node.images.map((image) => this.#shared(image)) };
  }

  /** Drops images that no node has any more. */
  sweep(nodes: Iterable<Node>): void {
    this.#images.clear();
    for (const { images } of nodes) for (const image of images ?? []) this.#shared(image);
  }

  #shared(image: NodeImage): NodeImage {
    const key = `${image.names.join()} ${image.sizeBytes}`;
    const known = this.#images.get(key);
    if (known !== undefined) return known;
    this.#images.set(key, image);
    return image;
  }
}

/** Whether pods can be placed there: a node that has only just come has no capacity yet. */
export function isUsable({ cpuMilli, memoryBytes, pods }: Node): boolean {
  return cpuMilli > 0 && memoryBytes > 0 && pods > 0;
}

/**
 * Whether placement is the same on both. Kubelets report their images anew all the time; that alone changes no cluster, and
 * comes with the next change that does.
 */
export function sameForPlacement(a: Node, b: Node): boolean {
  return JSON.stringify({ ...a, images: undefined }) === JSON.stringify({ ...b, images: undefined });
}
