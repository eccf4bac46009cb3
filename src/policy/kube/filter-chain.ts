import type { Demand } from './demand.ts';
import type { KubeBook } from './kube-book.ts';
import { InterPodAffinity } from './plugins/inter-pod-affinity.ts';
import { NodeAffinity } from './plugins/node-affinity.ts';
import { NodeName } from './plugins/node-name.ts';
import { NodePorts } from './plugins/node-ports.ts';
import { NodeResourcesFit } from './plugins/node-resources-fit.ts';
import { NodeUnschedulable } from './plugins/node-unschedulable.ts';
import { PodTopologySpread } from './plugins/pod-topology-spread.ts';
import { TaintToleration } from './plugins/taint-toleration.ts';
import type { PodShape, ShapeViews } from './pod-shape.ts';

/** Why Kubernetes refuses a node: the first plugin that does, and its words. */
export interface Refusal {
  readonly plugin: string;
  readonly reasons: readonly string[];
}

/** The filters of the default scheduler, in its order. `prepare` is the PreFilter of all, `passes` asks one node. */
export class FilterChain {
  readonly unschedulable = new NodeUnschedulable();
  readonly nodeName = new NodeName();
  readonly taints = new TaintToleration();
  readonly affinity = new NodeAffinity();
  readonly ports = new NodePorts();
  readonly fit: NodeResourcesFit;
  readonly spread = new PodTopologySpread();
  readonly podAffinity = new InterPodAffinity();
  readonly #book: KubeBook;
  #open: Uint8Array = new Uint8Array(0);
  #required: Uint8Array | undefined;
  /** False: resources are somebody else's to check. */
  #fits = true;
  /** Whether any of the filters that pods without scheduling fields seldom meet has to be asked. */
  #more = false;
  /** Nodes that the last search refused. */
  refused = 0;

  constructor(book: KubeBook) {
    this.#book = book;
    this.fit = new NodeResourcesFit(book.resources);
  }

  prepare(shape: PodShape, views: ShapeViews, demand: Demand, checkResources: boolean): void {
    const book = this.#book;
    const { nodeName } = shape.scheduling;
    const named = nodeName === undefined || nodeName === '' ? undefined : book.slotOf(nodeName);
    this.unschedulable.prepare(views.taints);
    this.nodeName.prepare(named);
    this.taints.prepare(views.taints);
    this.affinity.prepare(views.required, views.preferred);
    this.ports.prepare(book.ports, shape.hostPorts);
    this.fit.prepare(demand);
    this.spread.prepare(views.hardSpread, views.softSpread);
    book.counters.update(shape.podClass);
    this.podAffinity.prepare(views.terms, shape.podClass);
    this.#open = views.taints.open;
    this.#required = views.required;
    this.#fits = checkResources;
    this.#more = named !== undefined || this.ports.filters || this.spread.filters || this.podAffinity.filters;
  }

  /**
   * Nodes that pass, in order from `start` on and around, until there are `enough`; one more ends the search before
   * its end.
   *
   * @param allowed 1 for the nodes that may pass; undefined: all
   * @param found where they are written
   * @returns how many they are; `refused` says how many nodes did not pass on the way
   */
  search(
    order: Int32Array,
    start: number,
    enough: number,
    allowed: Uint8Array | undefined,
    found: Int32Array,
  ): number {
    const open = this.#open;
    const required = this.#required;
    const fit = this.#fits ? this.fit : undefined;
    const more = this.#more;
    const size = order.length;
    let count = 0;
    let refused = 0;
    let at = start;
    for (let i = 0; i < size; i++) {
      const slot = order[at]!;
      if (++at === size) at = 0;
      if (
        open[slot] === 0 ||
        (allowed !== undefined && allowed[slot] === 0) ||
        (required !== undefined && required[slot] === 0) ||
        (fit !== undefined && !fit.filter(slot)) ||
        (more && !this.#passesMore(slot))
      )
        refused++;
      else if (count === enough) break;
      else found[count++] = slot;
    }
    this.refused = refused;
    return count;
  }

  passes(slot: number): boolean {
    if (this.#open[slot] === 0) return false;
    if (this.#required !== undefined && this.#required[slot] === 0) return false;
    if (this.#fits && !this.fit.filter(slot)) return false;
    return !this.#more || this.#passesMore(slot);
  }

  /** The refusal of a node that does not pass. */
  refusal(slot: number): Refusal {
    const of = (plugin: { readonly name: string }, ...reasons: readonly string[]) => ({
      plugin: plugin.name,
      reasons,
    });
    if (!this.unschedulable.filter(slot)) return of(this.unschedulable, 'node(s) were unschedulable');
    if (!this.nodeName.filter(slot)) return of(this.nodeName, "node(s) didn't match the requested node name");
    if (!this.taints.filter(slot)) return of(this.taints, 'node(s) had untolerated taint(s)');
    if (!this.affinity.filter(slot))
      return of(this.affinity, "node(s) didn't match Pod's node affinity/selector");
    if (!this.ports.filter(slot))
      return of(this.ports, "node(s) didn't have free ports for the requested pod ports");
    if (this.#fits && !this.fit.filter(slot)) return of(this.fit, ...this.fit.reasons(slot));
    if (!this.spread.filter(slot)) return of(this.spread, this.spread.reason(slot));
    return of(this.podAffinity, this.podAffinity.reason(slot));
  }

  #passesMore(slot: number): boolean {
    return (
      this.nodeName.filter(slot) &&
      this.ports.filter(slot) &&
      (!this.spread.filters || this.spread.filter(slot)) &&
      (!this.podAffinity.filters || this.podAffinity.filter(slot))
    );
  }
}
