import type { NodeEnergySource } from '../../cluster/node-energy.ts';
import type { Joules, Milliseconds } from '../../util/units.ts';
import { IntervalSums } from './interval-sums.ts';
import type { NodeSample, SampleRecord, UsedSample } from './journal-records.ts';
import type { WindowEnergy } from './period.ts';

/** Of every node so much of a window must be known; the rest is taken to be like it. */
export const LEAST_KNOWN = 0.95;

interface NodeRecord {
  readonly sums: IntervalSums;
  /** When the node was part of the cluster. */
  readonly there: IntervalSums;
  /** The counter's last point; undefined after a break. */
  last: NodeSample | undefined;
}

/** Energy of all nodes over time, from samples of their counters. */
export class EnergyRecord {
  readonly #longestGap: Milliseconds;
  readonly #nodes = new Map<string, NodeRecord>();
  readonly #sampled = new IntervalSums();
  readonly #used: readonly IntervalSums[] = [0, 1, 2, 3].map(() => new IntervalSums());
  readonly #sources: { readonly at: Milliseconds; readonly source: NodeEnergySource }[] = [];
  #before: SampleRecord | undefined;

  /** @param longestGap between two readings of a counter; in longer ones its energy is unknown */
  constructor(longestGap: Milliseconds) {
    this.#longestGap = longestGap;
  }

  /** Counters may be others from now on. */
  break(): void {
    this.#before = undefined;
    for (const node of this.#nodes.values()) node.last = undefined;
  }

  add(sample: SampleRecord): void {
    const before = this.#before;
    const isNext = before !== undefined && sample.at > before.at;
    const connects = isNext && sample.at - before.at <= this.#longestGap;
    if (connects) this.#sampled.add(before.at, sample.at, 0);
    for (const [name, point] of Object.entries(sample.nodes)) this.#addPoint(this.#node(name), point);
    for (const name of Object.keys(sample.missing)) this.#node(name).last = undefined;
    for (const [name, node] of this.#nodes) {
      if (!has(sample, name)) node.last = undefined;
      else if (connects && has(before, name)) node.there.add(before.at, sample.at, 0);
    }
    if (connects) this.#addUsed(before, sample);
    for (const source of new Set(Object.values(sample.nodes).map(([, , each]) => each)))
      this.#sources.push({ at: sample.at, source });
    if (before === undefined || isNext) this.#before = sample;
  }

  energy(from: Milliseconds, to: Milliseconds): WindowEnergy {
    const sampled = this.#sampled.between(from, to).covered / (to - from);
    let joules: Joules = 0;
    let knownShare = sampled;
    let leastKnown: string | undefined;
    for (const [name, { sums, there }] of this.#nodes) {
      const expected = there.between(from, to).covered;
      if (expected === 0) continue;
      const { amount, covered } = sums.between(from, to);
      const share = Math.min(1, covered / expected);
      if (share < knownShare) {
        knownShare = share;
        leastKnown = name;
      }
      if (covered > 0) joules += (amount * expected) / Math.min(covered, expected) / sampled;
    }
    const isKnown = knownShare >= LEAST_KNOWN && this.nodesIn(from, to) > 0;
    return { joules: isKnown ? joules : undefined, knownShare, leastKnown };
  }

  /** CPU seconds used by who placed the pods; undefined where too little of the window is known. */
  used(from: Milliseconds, to: Milliseconds): UsedSample | undefined {
    const sums = this.#used.map((each) => each.between(from, to));
    const known = sums[0]!.covered / (to - from);
    if (!(known >= LEAST_KNOWN)) return undefined;
    return sums.map(({ amount }) => amount / known) as unknown as UsedSample;
  }

  sources(from: Milliseconds, to: Milliseconds): readonly NodeEnergySource[] {
    const within = this.#sources.filter(({ at }) => at >= from && at <= to);
    return [...new Set(within.map(({ source }) => source))].sort();
  }

  nodesIn(from: Milliseconds, to: Milliseconds): number {
    let count = 0;
    for (const { there } of this.#nodes.values()) if (there.between(from, to).covered > 0) count++;
    return count;
  }

  #node(name: string): NodeRecord {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = { sums: new IntervalSums(), there: new IntervalSums(), last: undefined };
      this.#nodes.set(name, node);
    }
    return node;
  }

  #addPoint(node: NodeRecord, point: NodeSample): void {
    const [joules, asOf, source] = point;
    const { last } = node;
    if (last !== undefined) {
      // A source that has not counted since tells nothing new; the old point stays where it was.
      if (asOf <= last[1] && joules === last[0]) return;
      const connects = asOf > last[1] && asOf - last[1] <= this.#longestGap;
      if (connects && joules >= last[0] && source === last[2]) node.sums.add(last[1], asOf, joules - last[0]);
    }
    node.last = point;
  }

  #addUsed({ at: from, used: before }: SampleRecord, { at, used }: SampleRecord): void {
    if (before === undefined || used === undefined) return;
    this.#used.forEach((sums, i) => {
      sums.add(from, at, used[i]! - before[i]!);
    });
  }
}

function has({ nodes, missing }: SampleRecord, name: string): boolean {
  return Object.hasOwn(nodes, name) || Object.hasOwn(missing, name);
}
