import type { Labels } from '../../cluster/labels.ts';
import type { Node } from '../../cluster/node.ts';
import type { Pod, PodScheduling } from '../../cluster/pod.ts';
import { errors } from '../errors.ts';
import { Demand } from './demand.ts';
import { NodeOrder } from './node-order.ts';
import type { RequiredNodes } from './node-selection.ts';
import { ImageStates } from './plugins/image-locality.ts';
import { type CarriedTerm, carriedTermsOf, incomingTermsOf } from './plugins/inter-pod-affinity.ts';
import { type PreferredNodes, preferredNodes } from './plugins/node-affinity.ts';
import { UsedPorts } from './plugins/node-ports.ts';
import { hardSpreadOf, softSpreadOf } from './plugins/pod-topology-spread.ts';
import { type TaintView, taintView } from './plugins/taint-toleration.ts';
import { PodClass } from './pod-class.ts';
import { MOST_COUNTED, PodCounters } from './pod-counters.ts';
import { PLAIN_SCHEDULING, PodShape, type ShapeViews } from './pod-shape.ts';
import { remembered } from './remembered.ts';
import { ResourceBook } from './resource-book.ts';
import { TopologyColumn } from './topology-column.ts';

interface PlacedPod {
  readonly pod: Pod;
  readonly shape: PodShape;
  readonly podClass: PodClass;
  readonly nodeName: string;
  /** -1 while its node is not there. */
  slot: number;
}

/**
 * What a scheduler knows: nodes, the pods on them, and everything that is counted over both. A change of a pod is
 * booked at once; after a change of nodes everything is built anew, once, when it is next asked for.
 */
export class KubeBook {
  readonly resources = new ResourceBook();
  /** Slots in the order in which Kubernetes looks at nodes. */
  order: Int32Array = new Int32Array(0);
  nodes: readonly Node[] = [];
  counters: PodCounters;
  ports = new UsedPorts(0);

  readonly #mostCounted: number;
  readonly #namespaces: ReadonlyMap<string, Labels>;
  readonly #nodeOrder = new NodeOrder();
  readonly #nodesByName = new Map<string, Node>();
  readonly #slots = new Map<string, number>();
  readonly #pods = new Map<number, PlacedPod>();
  /** Classes of placed pods. */
  readonly #live = new Set<PodClass>();
  readonly #columns = new Map<string, TopologyColumn>();
  readonly #masks = new Map<string, Uint8Array>();
  readonly #taintViews = new Map<string, TaintView>();
  readonly #preferences = new Map<string, PreferredNodes>();
  readonly #imagesByNames = new Map<string, Float64Array | undefined>();
  #images = new ImageStates([]);
  readonly #classes = new Map<string, PodClass>();
  readonly #shapes = new Map<string, PodShape>();
  readonly #plainShapes = new Map<string, PodShape>();
  readonly #shapeOf = new WeakMap<PodScheduling, PodShape>();
  readonly #scratch = new Demand();
  #stale = true;
  #generation = 0;

  constructor(
    nodes: readonly Node[],
    namespaces: ReadonlyMap<string, Labels>,
    mostCounted: number = MOST_COUNTED,
  ) {
    this.#namespaces = namespaces;
    this.#mostCounted = mostCounted;
    this.counters = new PodCounters(0, 0, [], mostCounted);
    for (const node of nodes) this.addNode(node);
    this.refresh();
  }

  get podCount(): number {
    return this.#pods.size;
  }

  /** @throws KISIM_E_KUBE_NODE for a name that is there already */
  addNode(node: Node): void {
    if (this.#nodesByName.has(node.name)) throw errors.KISIM_E_KUBE_NODE(`${node.name} is there already`);
    this.#nodesByName.set(node.name, node);
    this.#nodeOrder.add(node);
    this.#stale = true;
  }

  /** The pods of a node that goes are kept: they count again when it comes back. */
  removeNode(name: string): void {
    if (!this.#nodesByName.delete(name)) throw errors.KISIM_E_KUBE_NODE(`${name} is not there`);
    this.#nodeOrder.remove(name);
    this.#stale = true;
  }

  updateNode(node: Node): void {
    if (!this.#nodesByName.has(node.name)) throw errors.KISIM_E_KUBE_NODE(`${node.name} is not there`);
    this.#nodesByName.set(node.name, node);
    this.#nodeOrder.update(node);
    this.#stale = true;
  }

  /** A namespace has other labels now, in the map that the book was given: selectors of namespaces see its pods anew. */
  relabel(namespace: string): void {
    const labels = this.#labelsOf(namespace);
    let isSeen = false;
    for (const podClass of this.#classes.values()) {
      if (podClass.namespace !== namespace) continue;
      podClass.namespaceLabels = labels;
      isSeen = true;
    }
    if (isSeen && !this.#stale) this.#recount();
  }

  slotOf(name: string): number {
    return this.#slots.get(name) ?? -1;
  }

  /** Brings everything up to date with the nodes; to be called before a decision. */
  refresh(): void {
    if (this.#stale) this.#rebuild();
    else if (this.counters.isFull) this.#recount();
  }

  /** @throws KISIM_E_KUBE_POD for a pod that is placed already */
  add(pod: Pod, nodeName: string): void {
    if (this.#pods.has(pod.id))
      throw errors.KISIM_E_KUBE_POD(`${pod.namespace}/${pod.name} is placed already`);
    this.refresh();
    const shape = this.shape(pod);
    const slot = this.slotOf(nodeName);
    const placed = { pod, shape, podClass: shape.podClass, nodeName, slot };
    if (slot >= 0) this.#book(placed, 1);
    this.#pods.set(pod.id, placed);
    const { podClass } = shape;
    if (podClass.placed.size === 0) this.#live.add(podClass);
    podClass.placed.add(placed);
  }

  /** @throws KISIM_E_KUBE_POD for a pod that is not placed */
  remove(podId: number): void {
    const placed = this.#pods.get(podId);
    if (placed === undefined) throw errors.KISIM_E_KUBE_POD(`no pod with id ${podId} is placed`);
    this.refresh();
    if (placed.slot >= 0) this.#book(placed, -1);
    this.#pods.delete(podId);
    const { podClass } = placed;
    podClass.placed.delete(placed);
    if (podClass.placed.size === 0) this.#live.delete(podClass);
  }

  has(podId: number): boolean {
    return this.#pods.has(podId);
  }

  /** The pods that are placed and the names of their nodes. */
  *placements(): Iterable<readonly [pod: Pod, node: string]> {
    for (const { pod, nodeName } of this.#pods.values()) yield [pod, nodeName];
  }

  column(key: string): TopologyColumn {
    let column = this.#columns.get(key);
    if (column === undefined) {
      column = new TopologyColumn(key, this.nodes);
      this.#columns.set(key, column);
    }
    return column;
  }

  /** A set of nodes that is made once for all pods with the same key. */
  mask(key: string, includes: (node: Node, slot: number) => boolean): Uint8Array {
    return remembered(this.#masks, key, () =>
      Uint8Array.from(this.nodes, (node, slot) => (includes(node, slot) ? 1 : 0)),
    );
  }

  shape(pod: Pod): PodShape {
    if (pod.scheduling === undefined) {
      let shape = this.#plainShapes.get(pod.namespace);
      if (shape === undefined) {
        shape = new PodShape(PLAIN_SCHEDULING, this.#classOf(pod.namespace, {}));
        this.#plainShapes.set(pod.namespace, shape);
      }
      return shape;
    }
    let shape = this.#shapeOf.get(pod.scheduling);
    if (shape === undefined || shape.podClass.namespace !== pod.namespace) {
      shape = this.#shapeByText(pod.namespace, pod.scheduling);
      this.#shapeOf.set(pod.scheduling, shape);
    }
    return shape;
  }

  /** What the plugins make of a shape, made again only after nodes or counters changed. */
  views(shape: PodShape): ShapeViews {
    const { views } = shape;
    if (views !== undefined && views.generation === this.#generation) return views;
    const { scheduling } = shape;
    shape.views = {
      generation: this.#generation,
      taints: this.#taints(scheduling),
      required: shape.required.key === '' ? undefined : this.requiredMask(shape.required),
      preferred: this.#preferred(scheduling),
      hardSpread: hardSpreadOf(this, shape),
      softSpread: softSpreadOf(this, shape),
      terms: incomingTermsOf(this, shape),
      images: this.#imageScores(scheduling),
    };
    return shape.views;
  }

  /** The terms of a shape, without the counters that only its own placement asks for. */
  carried(shape: PodShape): readonly CarriedTerm[] {
    if (shape.carried === undefined || shape.carried.generation !== this.#generation)
      shape.carried = { generation: this.#generation, terms: carriedTermsOf(this, shape) };
    return shape.carried.terms;
  }

  requiredMask(required: RequiredNodes): Uint8Array {
    return this.mask(`required ${required.key}`, (node) => required.matches(node));
  }

  #rebuild(): void {
    this.#stale = false;
    this.nodes = [...this.#nodesByName.values()];
    this.#slots.clear();
    this.nodes.forEach((node, slot) => {
      this.#slots.set(node.name, slot);
    });
    this.order = Int32Array.from(this.#nodeOrder.names(), (name) => this.#slots.get(name)!);
    this.resources.reset(this.nodes);
    this.ports = new UsedPorts(this.nodes.length);
    this.#columns.clear();
    this.#masks.clear();
    this.#taintViews.clear();
    this.#preferences.clear();
    this.#imagesByNames.clear();
    this.#images = new ImageStates(this.nodes);
    for (const placed of this.#pods.values()) {
      placed.slot = this.slotOf(placed.nodeName);
      if (placed.slot >= 0) this.#bookUse(placed, 1);
    }
    this.#recount();
  }

  /** Forgets what was counted for pods that nobody asks about any more. */
  #recount(): void {
    this.counters = new PodCounters(this.nodes.length, ++this.#generation, this.#live, this.#mostCounted);
    for (const placed of this.#pods.values()) if (placed.slot >= 0) this.#bookTerms(placed, 1);
    this.counters.settle();
  }

  #book(placed: PlacedPod, sign: 1 | -1): void {
    this.#bookUse(placed, sign);
    this.#bookTerms(placed, sign);
    this.counters.add(placed.podClass, placed.slot, sign);
  }

  #bookUse({ pod, shape, slot }: PlacedPod, sign: 1 | -1): void {
    this.resources.book(slot, shape.demandOf(pod, this.#scratch), sign);
    if (shape.hostPorts.length === 0) return;
    if (sign === 1) this.ports.add(slot, shape.hostPorts);
    else this.ports.remove(slot, shape.hostPorts);
  }

  #bookTerms({ shape, slot }: PlacedPod, sign: 1 | -1): void {
    const carried = this.carried(shape);
    for (let t = 0; t < carried.length; t++) carried[t]!.counts.add(slot, sign, carried[t]!.weight);
  }

  #taints({ tolerations }: PodScheduling): TaintView {
    return remembered(this.#taintViews, JSON.stringify(tolerations), () =>
      taintView(this.nodes, tolerations),
    );
  }

  #preferred({ nodeAffinity }: PodScheduling): PreferredNodes | undefined {
    const preferred = nodeAffinity?.preferred ?? [];
    if (preferred.length === 0) return undefined;
    return remembered(this.#preferences, JSON.stringify(preferred), () =>
      preferredNodes(this.nodes, preferred),
    );
  }

  #imageScores(scheduling: PodScheduling): Float64Array | undefined {
    if (this.#images.isEmpty) return undefined;
    const { containers, initContainers, imageVolumes } = scheduling;
    const names = [...initContainers, ...containers].map(({ image }) => image);
    const key = JSON.stringify([names, imageVolumes]);
    return remembered(this.#imagesByNames, key, () => this.#images.scores(names, imageVolumes));
  }

  #shapeByText(namespace: string, scheduling: PodScheduling): PodShape {
    const key = JSON.stringify([namespace, scheduling]);
    return remembered(
      this.#shapes,
      key,
      () => new PodShape(scheduling, this.#classOf(namespace, scheduling.labels)),
    );
  }

  #classOf(namespace: string, labels: Labels): PodClass {
    const key = JSON.stringify([namespace, labels]);
    return remembered(this.#classes, key, () => new PodClass(namespace, labels, this.#labelsOf(namespace)));
  }

  /** Every namespace has its name as a label: the API server sets it. */
  #labelsOf(namespace: string): Labels {
    return { 'kubernetes.io/metadata.name': namespace, ...this.#namespaces.get(namespace) };
  }
}
