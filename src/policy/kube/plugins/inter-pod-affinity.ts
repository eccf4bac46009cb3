import type { PodAffinity } from '../../../cluster/pod.ts';
import type { KubeBook } from '../kube-book.ts';
import { MAX_NODE_SCORE } from '../normalise.ts';
import { AllTermsMatcher, type PodClass, TermMatcher } from '../pod-class.ts';
import type { AffinityCounts, DomainCounts } from '../pod-counters.ts';
import type { PodShape } from '../pod-shape.ts';
import type { TopologyColumn } from '../topology-column.ts';

/** What required affinity of a placed pod counts for a pod that it matches (hardPodAffinityWeight of the defaults). */
const REQUIRED_WEIGHT = 1;

interface CountedTerm {
  readonly column: TopologyColumn;
  /** Of the pods that are meant, by domain. */
  readonly counts: DomainCounts;
}

/** The terms of the pod that is to be placed, over the pods that are. */
export interface IncomingTerms {
  /** Required affinity: pods that match all of these terms, by the topology of each. */
  readonly affinity: readonly CountedTerm[];
  /** Whether the pod matches its own required affinity: the first of a group has nobody to join. */
  readonly matchesItself: boolean;
  readonly antiAffinity: readonly CountedTerm[];
  /** Weights below 0 push away. */
  readonly preferred: readonly (CountedTerm & { readonly weight: number })[];
}

/** One term of a pod, to be booked while it is placed, for the pods that come later. */
export interface CarriedTerm {
  readonly counts: AffinityCounts;
  readonly weight: number;
}

const NO_TERMS: IncomingTerms = { affinity: [], matchesItself: false, antiAffinity: [], preferred: [] };
const NOTHING_CARRIED: readonly CarriedTerm[] = [];
const NO_AFFINITY: PodAffinity = { required: [], preferred: [] };

export function incomingTermsOf(book: KubeBook, shape: PodShape): IncomingTerms {
  const { podAffinity, podAntiAffinity } = shape.scheduling;
  if (podAffinity === undefined && podAntiAffinity === undefined) return NO_TERMS;
  const owner = shape.podClass;
  const near = podAffinity ?? NO_AFFINITY;
  const apart = podAntiAffinity ?? NO_AFFINITY;
  const counted = (matcher: TermMatcher | AllTermsMatcher, topologyKey: string): CountedTerm => {
    const column = book.column(topologyKey);
    return { column, counts: book.counters.counter(matcher).byDomain(column, '', column.present, true) };
  };
  const all = new AllTermsMatcher(near.required.map((term) => new TermMatcher(term, owner)));
  return {
    affinity: near.required.map((term) => counted(all, term.topologyKey)),
    matchesItself: all.matches(owner),
    antiAffinity: apart.required.map((term) => counted(new TermMatcher(term, owner), term.topologyKey)),
    preferred: [
      ...near.preferred.map(({ weight, term }) => ({
        ...counted(new TermMatcher(term, owner), term.topologyKey),
        weight,
      })),
      ...apart.preferred.map(({ weight, term }) => ({
        ...counted(new TermMatcher(term, owner), term.topologyKey),
        weight: -weight,
      })),
    ],
  };
}

export function carriedTermsOf(book: KubeBook, shape: PodShape): readonly CarriedTerm[] {
  const { podAffinity, podAntiAffinity } = shape.scheduling;
  if (podAffinity === undefined && podAntiAffinity === undefined) return NOTHING_CARRIED;
  const owner = shape.podClass;
  const near = podAffinity ?? NO_AFFINITY;
  const apart = podAntiAffinity ?? NO_AFFINITY;
  const attracts = (term: PodAffinity['required'][number], weight: number): CarriedTerm => ({
    counts: book.counters.term(new TermMatcher(term, owner), book.column(term.topologyKey), false),
    weight,
  });
  return [
    ...apart.required.map((term) => ({
      counts: book.counters.term(new TermMatcher(term, owner), book.column(term.topologyKey), true),
      weight: 1,
    })),
    ...near.required.map((term) => attracts(term, REQUIRED_WEIGHT)),
    ...near.preferred.map(({ weight, term }) => attracts(term, weight)),
    ...apart.preferred.map(({ weight, term }) => attracts(term, -weight)),
  ];
}

/** InterPodAffinity: pods that want to be near some pods and away from others, in both directions (plugins/interpodaffinity). */
export class InterPodAffinity {
  readonly name = 'InterPodAffinity';
  readonly weight = 2;
  #terms: IncomingTerms = NO_TERMS;
  #forbidding: readonly AffinityCounts[] = [];
  #attracting: readonly AffinityCounts[] = [];
  #firstOfGroup = false;
  #filters = false;
  #scores = false;

  /** @param podClass brought up to date with all terms of placed pods */
  prepare(terms: IncomingTerms, podClass: PodClass): void {
    this.#terms = terms;
    this.#forbidding = podClass.forbidding;
    this.#attracting = podClass.attracting;
    const { affinity, antiAffinity, preferred, matchesItself } = terms;
    this.#firstOfGroup = matchesItself;
    for (let t = 0; t < affinity.length; t++) if (affinity[t]!.counts.total > 0) this.#firstOfGroup = false;
    this.#filters = affinity.length > 0 || antiAffinity.length > 0 || anyCarried(this.#forbidding);
    this.#scores = preferred.length > 0 || anyCarried(this.#attracting);
  }

  get filters(): boolean {
    return this.#filters;
  }

  get scores(): boolean {
    return this.#scores;
  }

  filter(slot: number): boolean {
    return this.#near(slot) && this.#apart(slot) && this.#allowed(slot);
  }

  /** Kubernetes' words for a node that `filter` refuses. */
  reason(slot: number): string {
    if (!this.#near(slot)) return "node(s) didn't match pod affinity rules";
    if (!this.#apart(slot)) return "node(s) didn't match pod anti-affinity rules";
    return "node(s) didn't satisfy existing pods anti-affinity rules";
  }

  score(slots: Int32Array, count: number, out: Float64Array): void {
    out.fill(0, 0, count);
    const { preferred } = this.#terms;
    for (let t = 0; t < preferred.length; t++) {
      const { counts, column, weight } = preferred[t]!;
      for (let i = 0; i < count; i++) out[i]! += weight * counts.sums[column.strict[slots[i]!]!]!;
    }
    const attracting = this.#attracting;
    for (let t = 0; t < attracting.length; t++) {
      const { sums, column, carriers } = attracting[t]!;
      if (carriers === 0) continue;
      for (let i = 0; i < count; i++) out[i]! += sums[column.strict[slots[i]!]!]!;
    }
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      if (out[i]! < least) least = out[i]!;
      if (out[i]! > greatest) greatest = out[i]!;
    }
    const range = greatest - least;
    for (let i = 0; i < count; i++)
      out[i] = range > 0 ? Math.trunc(MAX_NODE_SCORE * ((out[i]! - least) / range)) : 0;
  }

  #near(slot: number): boolean {
    const { affinity } = this.#terms;
    let found = true;
    for (let t = 0; t < affinity.length; t++) {
      const { column, counts } = affinity[t]!;
      if (column.present[slot] === 0) return false;
      if (counts.sums[column.strict[slot]!]! <= 0) found = false;
    }
    return found || this.#firstOfGroup;
  }

  #apart(slot: number): boolean {
    const { antiAffinity } = this.#terms;
    for (let t = 0; t < antiAffinity.length; t++) {
      const { column, counts } = antiAffinity[t]!;
      if (counts.sums[column.strict[slot]!]! > 0) return false;
    }
    return true;
  }

  #allowed(slot: number): boolean {
    const forbidding = this.#forbidding;
    for (let t = 0; t < forbidding.length; t++) {
      const { sums, column } = forbidding[t]!;
      if (sums[column.strict[slot]!]! > 0) return false;
    }
    return true;
  }
}

function anyCarried(terms: readonly AffinityCounts[]): boolean {
  for (let t = 0; t < terms.length; t++) if (terms[t]!.carriers > 0) return true;
  return false;
}
