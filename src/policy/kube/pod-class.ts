import type { LabelSelector, Labels } from '../../cluster/labels.ts';
import type { PodAffinityTerm } from '../../cluster/pod.ts';
import { matchesSelector, withLabelKeys } from './label-match.ts';
import type { AffinityCounts, PodCounter } from './pod-counters.ts';

/** All that selectors see of a pod: its namespace and its labels. Pods of one class are matched by the same selectors. */
export class PodClass {
  readonly namespace: string;
  readonly labels: Labels;
  /** As they are now; whoever changes them has everything counted anew. */
  namespaceLabels: Labels;
  /** The pods of this class that are placed; a slot of -1: on a node that is not there. */
  readonly placed = new Set<{ readonly slot: number }>();
  /** Counters that count pods of this class; of those known so far, see `PodCounters.of`. */
  readonly counters: PodCounter[] = [];
  countersSeen = 0;
  /** Terms of placed pods that match pods of this class. */
  readonly forbidding: AffinityCounts[] = [];
  readonly attracting: AffinityCounts[] = [];
  termsSeen = 0;
  generation = -1;

  constructor(namespace: string, labels: Labels, namespaceLabels: Labels) {
    this.namespace = namespace;
    this.labels = labels;
    this.namespaceLabels = namespaceLabels;
  }
}

/** A set of pods told by namespace and labels. */
export interface PodMatcher {
  /** Equal for matchers of the same pods. */
  readonly key: string;
  matches(pods: PodClass): boolean;
}

/** Pods of one namespace under a selector, as spreading counts them: an empty selector counts none. */
export class SpreadMatcher implements PodMatcher {
  readonly key: string;
  readonly #namespace: string;
  readonly #selector: LabelSelector | undefined;

  constructor(namespace: string, selector: LabelSelector | undefined) {
    this.#namespace = namespace;
    this.#selector = selector?.length === 0 ? undefined : selector;
    this.key = this.#selector === undefined ? 'none' : JSON.stringify([namespace, this.#selector]);
  }

  matches(pods: PodClass): boolean {
    return pods.namespace === this.#namespace && matchesSelector(this.#selector, pods.labels);
  }
}

/** Pods that one term of pod affinity or anti-affinity means. */
export class TermMatcher implements PodMatcher {
  readonly key: string;
  readonly #namespaces: readonly string[];
  readonly #namespaceSelector: LabelSelector | undefined;
  readonly #selector: LabelSelector | undefined;

  /** @param owner the pod that has the term: its namespace and its labels fill in what the term leaves open */
  constructor(term: PodAffinityTerm, owner: PodClass) {
    const ownNamespace = term.namespaces.length === 0 && term.namespaceSelector === undefined;
    this.#namespaces = ownNamespace ? [owner.namespace] : term.namespaces;
    this.#namespaceSelector = term.namespaceSelector;
    const selector = withLabelKeys(term.selector, term.matchLabelKeys, 'In', owner.labels);
    this.#selector = withLabelKeys(selector, term.mismatchLabelKeys, 'NotIn', owner.labels);
    this.key = JSON.stringify([this.#namespaces, this.#namespaceSelector ?? null, this.#selector ?? null]);
  }

  matches(pods: PodClass): boolean {
    return (
      (this.#namespaces.includes(pods.namespace) ||
        matchesSelector(this.#namespaceSelector, pods.namespaceLabels)) &&
      matchesSelector(this.#selector, pods.labels)
    );
  }
}

/** Pods that all of a pod's required affinity terms mean. */
export class AllTermsMatcher implements PodMatcher {
  readonly key: string;
  readonly #terms: readonly PodMatcher[];

  constructor(terms: readonly PodMatcher[]) {
    this.#terms = terms;
    this.key = terms.map((term) => term.key).join('&');
  }

  matches(pods: PodClass): boolean {
    return this.#terms.every((term) => term.matches(pods));
  }
}
