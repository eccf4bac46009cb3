import type { Node, Taint } from '../../cluster/node.ts';
import type { PodScheduling } from '../../cluster/pod.ts';

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' };

/** What keeps a pod on one node, and on it whatever the node's taints: one object for each node. */
export class Pinned {
  readonly #known = new Map<string, PodScheduling>();

  to(node: string): PodScheduling {
    const known = this.#known.get(node) ?? pinnedTo(node);
    this.#known.set(node, known);
    return known;
  }
}

function pinnedTo(nodeName: string): PodScheduling {
  return {
    labels: {},
    containers: [],
    initContainers: [],
    overhead: undefined,
    podRequests: undefined,
    imageVolumes: [],
    nodeSelector: {},
    nodeName,
    nodeAffinity: undefined,
    podAffinity: undefined,
    podAntiAffinity: undefined,
    tolerations: [{ key: '', operator: 'Exists', value: '', effect: undefined }],
    topologySpread: [],
    ownerSelector: undefined,
    priority: 0,
  };
}

/** A cordoned node keeps the pods that it has: a taint says so, where the simulation would have none of them. */
export function cordonedByTaint({ unschedulable, ...node }: Node): Node {
  return unschedulable === true ? { ...node, taints: [...(node.taints ?? []), UNSCHEDULABLE] } : node;
}
