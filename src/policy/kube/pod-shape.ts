import type { Pod, PodScheduling } from '../../cluster/pod.ts';
import { type Demand, demandOf } from './demand.ts';
import { namedNodes, RequiredNodes } from './node-selection.ts';
import type { CarriedTerm, IncomingTerms } from './plugins/inter-pod-affinity.ts';
import type { PreferredNodes } from './plugins/node-affinity.ts';
import { type HostPort, hostPortsOf } from './plugins/node-ports.ts';
import type { HardSpread, SoftSpread } from './plugins/pod-topology-spread.ts';
import type { TaintView } from './plugins/taint-toleration.ts';
import type { PodClass } from './pod-class.ts';

/** What one pod of a trace without any scheduling fields has. */
export const PLAIN_SCHEDULING: PodScheduling = {
  labels: {},
  containers: [],
  initContainers: [],
  overhead: undefined,
  podRequests: undefined,
  imageVolumes: [],
  nodeSelector: {},
  nodeName: undefined,
  nodeAffinity: undefined,
  podAffinity: undefined,
  podAntiAffinity: undefined,
  tolerations: [],
  topologySpread: [],
  ownerSelector: undefined,
  priority: 0,
};

/** What the plugins make of a pod's fields and the nodes of one generation of the book. */
export interface ShapeViews {
  readonly generation: number;
  readonly taints: TaintView;
  /** 1 for the nodes of nodeSelector and required affinity; undefined: all. */
  readonly required: Uint8Array | undefined;
  readonly preferred: PreferredNodes | undefined;
  readonly hardSpread: readonly HardSpread[];
  readonly softSpread: SoftSpread | undefined;
  readonly terms: IncomingTerms;
  /** Score of each node, or undefined where none has any of the images. */
  readonly images: Float64Array | undefined;
}

/** The scheduling fields of pods that are alike, read once. */
export class PodShape {
  readonly scheduling: PodScheduling;
  readonly podClass: PodClass;
  readonly required: RequiredNodes;
  /** Names that required affinity leaves, where all of its terms name some. */
  readonly namedNodes: ReadonlySet<string> | undefined;
  readonly hostPorts: readonly HostPort[];
  /** Undefined for pods without containers: they ask for what the pod itself says. */
  readonly demand: Demand | undefined;
  views: ShapeViews | undefined;
  /** What is booked beside each placed pod of this shape. */
  carried: { readonly generation: number; readonly terms: readonly CarriedTerm[] } | undefined;

  constructor(scheduling: PodScheduling, podClass: PodClass) {
    this.scheduling = scheduling;
    this.podClass = podClass;
    this.required = new RequiredNodes(scheduling);
    this.namedNodes = namedNodes(scheduling.nodeAffinity?.required ?? []);
    this.hostPorts = hostPortsOf(scheduling);
    this.demand = scheduling.containers.length === 0 ? undefined : demandOf(scheduling);
  }

  /** @param scratch written over where the demand is the pod's own */
  demandOf(pod: Pod, scratch: Demand): Demand {
    return this.demand ?? scratch.setPlain(pod);
  }
}
