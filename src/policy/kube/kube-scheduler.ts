import type { Labels } from '../../cluster/labels.ts';
import type { Node } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { RandomSource } from '../../util/rng.ts';
import { Demand } from './demand.ts';
import { FilterChain, type Refusal } from './filter-chain.ts';
import { heapRoot, pickBest } from './heap-root.ts';
import { KubeBook } from './kube-book.ts';
import { MAX_NODE_SCORE } from './normalise.ts';
import { BalancedAllocation } from './plugins/balanced-allocation.ts';
import { ImageLocality } from './plugins/image-locality.ts';
import type { PodShape } from './pod-shape.ts';
import { enoughFeasibleNodes } from './sampling.ts';

export interface KubeSchedulerOptions {
  /** Labels of namespaces, for namespaceSelector; one that is missing has its name as its only label. */
  readonly namespaces?: ReadonlyMap<string, Labels>;
  /** percentageOfNodesToScore; 0, the default: by the size of the cluster. 100: every node. */
  readonly percentageOfNodesToScore?: number;
  /** Draws among the best, as up to 1.34; left out: 1.36's rule, in which nothing is random. */
  readonly randomTies?: RandomSource;
  /** Pod counts by node (4 bytes each) that are kept for selectors before old ones are forgotten; left out: 2^24. */
  readonly mostCounted?: number;
}

/** Points of one feasible node. Plugins that had nothing to say about the pod are left out: they count 0. */
export interface NodeScore {
  readonly node: string;
  readonly total: number;
  /** By Kubernetes' name of the plugin: 0 to 100, times its weight. */
  readonly weighted: Readonly<Record<string, number>>;
  readonly unweighted: Readonly<Record<string, number>>;
}

export interface KubeDecision {
  /** Undefined: the pod stays pending. */
  readonly node: string | undefined;
  /** Feasible nodes that were found before the search ended. */
  readonly feasible: number;
  /** Those and the nodes that were refused on the way. */
  readonly evaluatedCount: number;
  /** Why the pod could not be placed whatever the nodes. */
  readonly failure: string | undefined;
  /** Of each refused node, where details were asked for. */
  readonly reasons: ReadonlyMap<string, Refusal> | undefined;
  /** Of each feasible node, in the order in which they were found, where details were asked for and more than one was. */
  readonly scores: readonly NodeScore[] | undefined;
}

export interface Details {
  readonly reasons: Map<string, Refusal>;
  readonly scores: { weighted: Record<string, number>; unweighted: Record<string, number> }[];
}

/** No node takes the pod. */
export const NOWHERE = -1;

/**
 * Kubernetes 1.36's default scheduler, decision for decision: its filters and scores with their default weights, its
 * order of nodes, sampling and ties, with `parallelism: 1` and without OpportunisticBatching, which never acts with the
 * default configuration. It does not preempt: a pod that no node takes stays pending.
 *
 * What it is not told of does not exist for it: volumes, resource claims, extenders, gates.
 *
 * @example
 * const scheduler = new KubeScheduler(nodes);
 * const { node } = scheduler.schedule(pod);
 * if (node !== undefined) scheduler.add(pod, node);
 */
export class KubeScheduler {
  readonly #book: KubeBook;
  readonly #percentage: number;
  readonly #ties: RandomSource | undefined;
  readonly #filters: FilterChain;
  readonly #balanced: BalancedAllocation;
  readonly #images = new ImageLocality();
  readonly #scratch = new Demand();
  #next = 0;
  #feasible = new Int32Array(0);
  #total = new Float64Array(0);
  #points = new Float64Array(0);
  #heap = new Int32Array(0);
  #found = 0;
  #refused = 0;
  #failure: string | undefined;
  #everyNode = false;

  /** @param nodes in the order in which Kubernetes came to know them: by name, where they were there before it */
  constructor(nodes: readonly Node[], options: KubeSchedulerOptions = {}) {
    this.#book = new KubeBook(nodes, options.namespaces ?? new Map(), options.mostCounted);
    this.#percentage = options.percentageOfNodesToScore ?? 0;
    this.#ties = options.randomTies;
    this.#filters = new FilterChain(this.#book);
    this.#balanced = new BalancedAllocation(this.#book.resources);
    this.#grow();
  }

  /** What is booked, for a policy that keeps it in step with a cluster. */
  get book(): KubeBook {
    return this.#book;
  }

  /** Where the next search begins in the order of nodes. */
  get nextStartNodeIndex(): number {
    return this.#next;
  }

  set nextStartNodeIndex(index: number) {
    this.#next = index;
  }

  /** Books a pod that is bound to a node. */
  add(pod: Pod, nodeName: string): void {
    this.#book.add(pod, nodeName);
  }

  /** Forgets a pod that is gone; it is known by its id. */
  remove(podId: number): void {
    this.#book.remove(podId);
  }

  addNode(node: Node): void {
    this.#book.addNode(node);
  }

  removeNode(name: string): void {
    this.#book.removeNode(name);
  }

  updateNode(node: Node): void {
    this.#book.updateNode(node);
  }

  /** Decides where a pod goes. It is not booked: that is `add`. */
  schedule(pod: Pod, options: { readonly verbose?: boolean } = {}): KubeDecision {
    const details: Details | undefined =
      options.verbose === true ? { reasons: new Map(), scores: [] } : undefined;
    const slot = this.decide(pod, undefined, true, details);
    const { nodes } = this.#book;
    const scores = details?.scores.map((score, i) => ({
      node: nodes[this.#feasible[i]!]!.name,
      total: this.#total[i]!,
      ...score,
    }));
    return {
      node: slot === NOWHERE ? undefined : nodes[slot]!.name,
      feasible: this.#found,
      evaluatedCount: this.#found + this.#refused,
      failure: this.#failure,
      reasons: details?.reasons,
      scores: scores !== undefined && scores.length > 1 ? scores : undefined,
    };
  }

  /**
   * The same without words: index of the node in the list given to the constructor, or NOWHERE.
   *
   * @param allowed 1 for the nodes that may be chosen; left out: all
   * @param checkResources false where whoever made `allowed` has looked at resources
   */
  decide(pod: Pod, allowed?: Uint8Array, checkResources = true, details?: Details): number {
    const book = this.#book;
    book.refresh();
    if (book.order.length > this.#feasible.length) this.#grow();
    this.#found = this.#refused = 0;
    this.#failure = undefined;
    if (book.order.length === 0) return NOWHERE;
    const shape = book.shape(pod);
    const views = book.views(shape);
    const demand = shape.demandOf(pod, this.#scratch);
    this.#filters.prepare(shape, views, demand, checkResources);
    const order = this.#searched(shape);
    if (order === undefined) return NOWHERE;
    if (details !== undefined && order !== book.order) this.#refuseOthers(order, details);
    this.#search(order, allowed, details);
    if (this.#found === 0) return NOWHERE;
    if (this.#found === 1) return this.#feasible[0]!;
    this.#balanced.prepare(demand);
    this.#images.prepare(views.images);
    if (this.#filters.affinity.fails) {
      this.#failure = 'a preferred node affinity term cannot be parsed';
      return NOWHERE;
    }
    this.#score(details);
    return this.#feasible[this.#best()]!;
  }

  /**
   * Points of every node in `slots` that passes the filters, -1 for the others; nothing is sampled, and no resources
   * are looked at. One that is alone gets 0: nothing is compared with it.
   *
   * @returns the parts of each, by index of its node, where details were asked for
   */
  points(
    pod: Pod,
    slots: Int32Array,
    count: number,
    out: Float64Array,
    details?: Details,
  ): ReadonlyMap<number, Details['scores'][number]> {
    const next = this.#next;
    const allowed = new Uint8Array(this.#book.nodes.length);
    for (let i = 0; i < count; i++) allowed[slots[i]!] = 1;
    this.#everyNode = true;
    const chosen = this.decide(pod, allowed, false, details);
    this.#everyNode = false;
    this.#next = next;
    const byNode = new Float64Array(allowed.length).fill(-1);
    if (this.#found === 1) byNode[chosen] = 0;
    else for (let i = 0; i < this.#found; i++) byNode[this.#feasible[i]!] = this.#total[i]!;
    for (let i = 0; i < count; i++) out[i] = byNode[slots[i]!]!;
    return new Map(details?.scores.map((parts, i) => [this.#feasible[i]!, parts]));
  }

  #best(): number {
    if (this.#ties === undefined) return heapRoot(this.#total, this.#found, this.#heap);
    return pickBest(this.#total, this.#found, this.#ties);
  }

  /** The nodes to look at, in order: all, or those that required affinity names; undefined: it contradicts itself. */
  #searched(shape: PodShape): Int32Array | undefined {
    const names = shape.namedNodes;
    if (names === undefined) return this.#book.order;
    if (names.size === 0) {
      this.#failure = 'pod affinity terms conflict';
      return undefined;
    }
    // Kubernetes walks through a Go set here, in any order; with one name, nearly always, there is only one.
    return this.#book.order.filter((slot) => names.has(this.#book.nodes[slot]!.name));
  }

  /** Nodes that required affinity does not name are not looked at: they are refused without being counted. */
  #refuseOthers(searched: Int32Array, details: Details): void {
    const refusal = { plugin: 'NodeAffinity', reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"] };
    for (const slot of this.#book.order)
      if (!searched.includes(slot)) details.reasons.set(this.#book.nodes[slot]!.name, refusal);
  }

  #search(order: Int32Array, allowed: Uint8Array | undefined, details: Details | undefined): void {
    const filters = this.#filters;
    const size = order.length;
    const enough = this.#everyNode ? size : enoughFeasibleNodes(size, this.#percentage);
    const start = size === 0 ? 0 : this.#next % size;
    this.#found = filters.search(order, start, enough, allowed, this.#feasible);
    this.#refused = filters.refused;
    const searched = this.#found + this.#refused;
    this.#next = (this.#next + searched) % this.#book.order.length;
    if (details === undefined) return;
    for (let i = 0; i < searched; i++) {
      const slot = order[(start + i) % size]!;
      if (allowed?.[slot] !== 0 && !filters.passes(slot))
        details.reasons.set(this.#book.nodes[slot]!.name, filters.refusal(slot));
    }
  }

  #score(details: Details | undefined): void {
    const count = this.#found;
    const { taints, affinity, fit, spread, podAffinity } = this.#filters;
    if (details !== undefined)
      for (let i = 0; i < count; i++) details.scores.push({ weighted: {}, unweighted: {} });
    if (taints.scoresAlike && details === undefined)
      this.#total.fill(taints.weight * MAX_NODE_SCORE, 0, count);
    else {
      this.#total.fill(0, 0, count);
      this.#addPoints(taints, details);
    }
    if (affinity.scores) this.#addPoints(affinity, details);
    this.#addPoints(fit, details);
    if (spread.scores) this.#addPoints(spread, details);
    if (podAffinity.scores) this.#addPoints(podAffinity, details);
    if (this.#balanced.scores) this.#addPoints(this.#balanced, details);
    if (this.#images.scores) this.#addPoints(this.#images, details);
  }

  #addPoints(
    plugin: {
      readonly name: string;
      readonly weight: number;
      score(slots: Int32Array, count: number, out: Float64Array): void;
    },
    details: Details | undefined,
  ): void {
    const count = this.#found;
    const points = this.#points;
    const total = this.#total;
    const { weight } = plugin;
    plugin.score(this.#feasible, count, points);
    for (let i = 0; i < count; i++) total[i]! += weight * points[i]!;
    if (details === undefined) return;
    for (let i = 0; i < count; i++) {
      details.scores[i]!.unweighted[plugin.name] = points[i]!;
      details.scores[i]!.weighted[plugin.name] = weight * points[i]!;
    }
  }

  #grow(): void {
    const size = this.#book.order.length;
    this.#feasible = new Int32Array(size);
    this.#total = new Float64Array(size);
    this.#points = new Float64Array(size);
    this.#heap = new Int32Array(size);
  }
}
