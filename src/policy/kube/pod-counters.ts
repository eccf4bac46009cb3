import type { PodClass, PodMatcher } from './pod-class.ts';
import type { TopologyColumn } from './topology-column.ts';

/** Counted pods by domain of one label, of the nodes of a mask. Kept up to date with every pod. */
export class DomainCounts {
  readonly key: string;
  readonly domain: Int32Array;
  readonly mask: Uint8Array;
  readonly sums: Int32Array;
  total = 0;

  constructor(key: string, domain: Int32Array, mask: Uint8Array, domains: number) {
    this.key = key;
    this.domain = domain;
    this.mask = mask;
    this.sums = new Int32Array(domains);
  }

  add(slot: number, pods: number): void {
    if (this.mask[slot] === 0) return;
    this.sums[this.domain[slot]!]! += pods;
    this.total += pods;
  }
}

/** How many pods of one kind each node has, and sums of that by topology. */
export class PodCounter {
  readonly matcher: PodMatcher;
  readonly perNode: Int32Array;
  readonly #domains: DomainCounts[] = [];

  constructor(matcher: PodMatcher, nodes: number) {
    this.matcher = matcher;
    this.perNode = new Int32Array(nodes);
  }

  add(slot: number, pods: number): void {
    this.perNode[slot]! += pods;
    for (let i = 0; i < this.#domains.length; i++) this.#domains[i]!.add(slot, pods);
  }

  /**
   * @param maskKey equal for equal masks
   * @param strict nodes without the label are counted nowhere
   */
  byDomain(column: TopologyColumn, maskKey: string, mask: Uint8Array, strict: boolean): DomainCounts {
    const key = `${strict ? '!' : ''}${column.key} ${maskKey}`;
    let counts = this.#domains.find((each) => each.key === key);
    if (counts === undefined) {
      counts = new DomainCounts(key, strict ? column.strict : column.domain, mask, column.count + 1);
      for (let slot = 0; slot < this.perNode.length; slot++)
        if (this.perNode[slot] !== 0) counts.add(slot, this.perNode[slot]!);
      this.#domains.push(counts);
    }
    return counts;
  }
}

/** Weights of the placed pods that have one affinity term, by domain of the term's topology. */
export class AffinityCounts {
  readonly matcher: PodMatcher;
  readonly column: TopologyColumn;
  readonly sums: Int32Array;
  /** Placed pods that have the term. */
  carriers = 0;

  constructor(matcher: PodMatcher, column: TopologyColumn) {
    this.matcher = matcher;
    this.column = column;
    this.sums = new Int32Array(column.count + 1);
  }

  add(slot: number, pods: 1 | -1, weight: number): void {
    this.carriers += pods;
    if (this.column.present[slot] === 1) this.sums[this.column.strict[slot]!]! += pods * weight;
  }
}

/** Entries of all counters together that are allowed where nothing else is said: 64 MiB. */
export const MOST_COUNTED = 1 << 24;
const MOST_TERMS = 1 << 13;

/** Every counter of a cluster. Each pod placed or removed moves the counters of its class only. */
export class PodCounters {
  readonly #nodes: number;
  readonly #classes: Iterable<PodClass>;
  readonly #byKey = new Map<string, PodCounter>();
  readonly #list: PodCounter[] = [];
  readonly #termsByKey = new Map<string, AffinityCounts>();
  readonly #terms: { readonly forbids: boolean; readonly counts: AffinityCounts }[] = [];
  /** Changes whenever counters are forgotten. */
  readonly generation: number;
  readonly #mostEntries: number;
  #mostTerms = MOST_TERMS;

  /**
   * @param classes all that have placed pods, at any time
   * @param mostEntries of all counters together; with more, it is time to forget them and count anew what is asked for
   */
  constructor(nodes: number, generation: number, classes: Iterable<PodClass>, mostEntries: number) {
    this.#mostEntries = mostEntries;
    this.#nodes = nodes;
    this.generation = generation;
    this.#classes = classes;
  }

  get isFull(): boolean {
    return this.#list.length * this.#nodes > this.#mostEntries || this.#terms.length > this.#mostTerms;
  }

  /** To be called when the terms of all placed pods are booked: what they need is not too much. */
  settle(): void {
    this.#mostTerms = Math.max(MOST_TERMS, 2 * this.#terms.length);
  }

  counter(matcher: PodMatcher): PodCounter {
    let counter = this.#byKey.get(matcher.key);
    if (counter !== undefined) return counter;
    counter = new PodCounter(matcher, this.#nodes);
    for (const podClass of this.#classes)
      if (matcher.matches(podClass))
        for (const { slot } of podClass.placed) if (slot >= 0) counter.perNode[slot]!++;
    this.#byKey.set(matcher.key, counter);
    this.#list.push(counter);
    return counter;
  }

  /** The counts of a term that placed pods have; the caller books those pods. */
  term(matcher: PodMatcher, column: TopologyColumn, forbids: boolean): AffinityCounts {
    const key = `${forbids} ${column.key} ${matcher.key}`;
    let counts = this.#termsByKey.get(key);
    if (counts === undefined) {
      counts = new AffinityCounts(matcher, column);
      this.#termsByKey.set(key, counts);
      this.#terms.push({ forbids, counts });
    }
    return counts;
  }

  get hasTerms(): boolean {
    return this.#terms.length > 0;
  }

  add(podClass: PodClass, slot: number, pods: 1 | -1): void {
    this.update(podClass);
    const { counters } = podClass;
    for (let i = 0; i < counters.length; i++) counters[i]!.add(slot, pods);
  }

  /** Brings the lists of a class up to the counters and terms that were added since. */
  update(podClass: PodClass): void {
    if (podClass.generation !== this.generation) {
      podClass.generation = this.generation;
      podClass.counters.length = podClass.forbidding.length = podClass.attracting.length = 0;
      podClass.countersSeen = podClass.termsSeen = 0;
    }
    for (; podClass.countersSeen < this.#list.length; podClass.countersSeen++) {
      const counter = this.#list[podClass.countersSeen]!;
      if (counter.matcher.matches(podClass)) podClass.counters.push(counter);
    }
    for (; podClass.termsSeen < this.#terms.length; podClass.termsSeen++) {
      const { forbids, counts } = this.#terms[podClass.termsSeen]!;
      if (counts.matcher.matches(podClass))
        (forbids ? podClass.forbidding : podClass.attracting).push(counts);
    }
  }
}
