import { type Labels, REGION_LABEL, ZONE_LABEL } from '../../cluster/labels.ts';
import type { Node } from '../../cluster/node.ts';
import { labelOf } from './label-match.ts';

function zoneOf(labels: Labels): string {
  const zone = labelOf(labels, 'failure-domain.beta.kubernetes.io/zone') ?? labelOf(labels, ZONE_LABEL) ?? '';
  const region =
    labelOf(labels, 'failure-domain.beta.kubernetes.io/region') ?? labelOf(labels, REGION_LABEL) ?? '';
  return region === '' && zone === '' ? '' : `${region}\u0000${zone}`;
}

/**
 * The order in which Kubernetes looks at nodes: zones in the order in which they were first seen, the nodes of a zone
 * as they arrived, and one node of each zone in turn (backend/cache/node_tree.go).
 */
export class NodeOrder {
  readonly #zones = new Map<string, string[]>();
  readonly #zoneOf = new Map<string, string>();

  add(node: Node): void {
    const zone = zoneOf(node.labels);
    this.#zoneOf.set(node.name, zone);
    const names = this.#zones.get(zone);
    if (names === undefined) this.#zones.set(zone, [node.name]);
    else names.push(node.name);
  }

  remove(name: string): void {
    const zone = this.#zoneOf.get(name);
    if (zone === undefined) return;
    this.#zoneOf.delete(name);
    const names = this.#zones.get(zone)!;
    names.splice(names.indexOf(name), 1);
    if (names.length === 0) this.#zones.delete(zone);
  }

  /** A node that changes its zone goes to the end of the new one; any other keeps its place. */
  update(node: Node): void {
    if (this.#zoneOf.get(node.name) === zoneOf(node.labels)) return;
    this.remove(node.name);
    this.add(node);
  }

  names(): readonly string[] {
    const zones = [...this.#zones.values()];
    const longest = zones.reduce((length, names) => Math.max(length, names.length), 0);
    const order: string[] = [];
    for (let i = 0; i < longest; i++) for (const names of zones) if (i < names.length) order.push(names[i]!);
    return order;
  }
}
