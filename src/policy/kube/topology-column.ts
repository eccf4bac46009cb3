import type { Node } from '../../cluster/node.ts';
import { labelOf } from './label-match.ts';

/** The values of one label over the nodes, as small integers. */
export class TopologyColumn {
  readonly key: string;
  readonly present: Uint8Array;
  /**
   * Domain of each node. A node without the label is in the domain of the empty value: default spreading counts it
   * there.
   */
  readonly domain: Int32Array;
  /** The same, but a node without the label is in a domain of its own, `count`, where nothing is ever counted. */
  readonly strict: Int32Array;
  readonly count: number;
  /** Domains that a node is in. */
  readonly inUse: number;
  /** Scratch of whoever counts distinct domains: the number of the count in which a domain was last seen. */
  readonly seen: Int32Array;

  constructor(key: string, nodes: readonly Node[]) {
    this.key = key;
    const values = new Map<string, number>([['', 0]]);
    this.present = new Uint8Array(nodes.length);
    this.domain = new Int32Array(nodes.length);
    nodes.forEach((node, slot) => {
      const value = labelOf(node.labels, key);
      if (value === undefined) return;
      this.present[slot] = 1;
      let domain = values.get(value);
      if (domain === undefined) {
        domain = values.size;
        values.set(value, domain);
      }
      this.domain[slot] = domain;
    });
    this.count = values.size;
    this.inUse = new Set(this.domain).size;
    this.seen = new Int32Array(this.count);
    this.strict = this.domain.map((domain, slot) => (this.present[slot] === 1 ? domain : this.count));
  }
}
