import { HOSTNAME_LABEL, type LabelSelector, ZONE_LABEL } from '../../../cluster/labels.ts';
import type { TopologySpreadConstraint } from '../../../cluster/pod.ts';
import { domainWeight } from '../domain-weight.ts';
import type { KubeBook } from '../kube-book.ts';
import { matchesSelector, withLabelKeys } from '../label-match.ts';
import { MAX_NODE_SCORE } from '../normalise.ts';
import { SpreadMatcher } from '../pod-class.ts';
import type { DomainCounts } from '../pod-counters.ts';
import type { PodShape } from '../pod-shape.ts';
import type { TopologyColumn } from '../topology-column.ts';
import { toleratesAll } from './taint-toleration.ts';

/** One constraint that must hold. */
export interface HardSpread {
  readonly column: TopologyColumn;
  readonly counts: DomainCounts;
  /** The domains that have a node which the pod may count. */
  readonly domains: Int32Array;
  /** 1 where the pod itself is one of those that are counted. */
  readonly self: number;
  readonly maxSkew: number;
  readonly minDomains: number;
}

/** One constraint that makes scores. */
interface SoftConstraint {
  readonly column: TopologyColumn;
  /** Hostnames are counted by node, whatever the node policies say. */
  readonly byNode: Int32Array | undefined;
  readonly counts: DomainCounts | undefined;
  readonly maxSkew: number;
}

export interface SoftSpread {
  readonly constraints: readonly SoftConstraint[];
  /** 1 for the nodes that have all of the labels; undefined: nodes without some are scored by the others. */
  readonly complete: Uint8Array | undefined;
}

const CLUSTER_DEFAULTS: readonly { readonly topologyKey: string; readonly maxSkew: number }[] = [
  { topologyKey: HOSTNAME_LABEL, maxSkew: 3 },
  { topologyKey: ZONE_LABEL, maxSkew: 5 },
];

/** The nodes whose pods a constraint counts: they have all labels, and what the constraint's policies honour. */
function countedNodes(
  book: KubeBook,
  shape: PodShape,
  keys: readonly string[],
  policies: Pick<TopologySpreadConstraint, 'nodeAffinityPolicy' | 'nodeTaintsPolicy'>,
): { readonly key: string; readonly mask: Uint8Array } {
  const { tolerations } = shape.scheduling;
  const required = policies.nodeAffinityPolicy === 'Honor' ? shape.required : undefined;
  const honoursTaints = policies.nodeTaintsPolicy === 'Honor';
  const columns = keys.map((key) => book.column(key));
  const key = JSON.stringify([[...keys].sort(), required?.key ?? '', honoursTaints ? tolerations : null]);
  const mask = book.mask(
    key,
    (node, slot) =>
      columns.every((column) => column.present[slot] === 1) &&
      (required === undefined || required.key === '' || required.matches(node)) &&
      (!honoursTaints || toleratesAll(tolerations, node.taints ?? [])),
  );
  return { key, mask };
}

function selectorOf(shape: PodShape, constraint: TopologySpreadConstraint): LabelSelector | undefined {
  return withLabelKeys(constraint.selector, constraint.matchLabelKeys, 'In', shape.scheduling.labels);
}

export function hardSpreadOf(book: KubeBook, shape: PodShape): readonly HardSpread[] {
  const hard = shape.scheduling.topologySpread.filter((each) => each.whenUnsatisfiable === 'DoNotSchedule');
  const keys = hard.map((each) => each.topologyKey);
  return hard.map((constraint) => {
    const column = book.column(constraint.topologyKey);
    const selector = selectorOf(shape, constraint);
    const { key, mask } = countedNodes(book, shape, keys, constraint);
    const counter = book.counters.counter(new SpreadMatcher(shape.podClass.namespace, selector));
    const domains = new Set<number>();
    for (let slot = 0; slot < mask.length; slot++) if (mask[slot] === 1) domains.add(column.domain[slot]!);
    return {
      column,
      counts: counter.byDomain(column, key, mask, false),
      domains: Int32Array.from(domains),
      self: matchesSelector(selector, shape.scheduling.labels) ? 1 : 0,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
    };
  });
}

export function softSpreadOf(book: KubeBook, shape: PodShape): SoftSpread | undefined {
  const { topologySpread, ownerSelector } = shape.scheduling;
  const constraints: TopologySpreadConstraint[] = [];
  if (topologySpread.length > 0)
    constraints.push(...topologySpread.filter((each) => each.whenUnsatisfiable === 'ScheduleAnyway'));
  else if (ownerSelector !== undefined && ownerSelector.length > 0)
    constraints.push(...CLUSTER_DEFAULTS.map((each) => defaultConstraint(each, ownerSelector)));
  if (constraints.length === 0) return undefined;
  // Cluster defaults do without a label, so that nodes outside any zone still get hostname spreading.
  const keys = topologySpread.length > 0 ? constraints.map((each) => each.topologyKey) : [];
  const nobodyElse = { nodeAffinityPolicy: 'Ignore', nodeTaintsPolicy: 'Ignore' } as const;
  return {
    constraints: constraints.map((constraint) => {
      const column = book.column(constraint.topologyKey);
      const matcher = new SpreadMatcher(shape.podClass.namespace, selectorOf(shape, constraint));
      const counter = book.counters.counter(matcher);
      const isHostname = constraint.topologyKey === HOSTNAME_LABEL;
      const { key, mask } = countedNodes(book, shape, keys, constraint);
      return {
        column,
        byNode: isHostname ? counter.perNode : undefined,
        counts: isHostname ? undefined : counter.byDomain(column, key, mask, false),
        maxSkew: constraint.maxSkew,
      };
    }),
    complete: keys.length === 0 ? undefined : countedNodes(book, shape, keys, nobodyElse).mask,
  };
}

function defaultConstraint(
  { topologyKey, maxSkew }: (typeof CLUSTER_DEFAULTS)[number],
  selector: LabelSelector,
): TopologySpreadConstraint {
  return {
    topologyKey,
    maxSkew,
    whenUnsatisfiable: 'ScheduleAnyway',
    selector,
    minDomains: undefined,
    nodeAffinityPolicy: 'Honor',
    nodeTaintsPolicy: 'Ignore',
    matchLabelKeys: [],
  };
}

const USUAL_CONSTRAINTS = 8;

/** PodTopologySpread: pods of a kind are spread over the domains of a label (plugins/podtopologyspread). */
export class PodTopologySpread {
  readonly name = 'PodTopologySpread';
  readonly weight = 2;
  #hard: readonly HardSpread[] = [];
  #soft: SoftSpread | undefined;
  /** The most pods that a domain may have already, by constraint. */
  #limits = new Float64Array(USUAL_CONSTRAINTS);
  #sights = 0;

  prepare(hard: readonly HardSpread[], soft: SoftSpread | undefined): void {
    this.#hard = hard;
    this.#soft = soft;
    if (hard.length > this.#limits.length) this.#limits = new Float64Array(hard.length);
    for (let c = 0; c < hard.length; c++) {
      const { counts, domains, self, maxSkew, minDomains } = hard[c]!;
      let fewest = domains.length === 0 ? 0 : counts.sums[domains[0]!]!;
      for (let d = 1; d < domains.length; d++) {
        const pods = counts.sums[domains[d]!]!;
        if (pods < fewest) fewest = pods;
      }
      if (domains.length < minDomains) fewest = 0;
      this.#limits[c] = maxSkew + fewest - self;
    }
  }

  get filters(): boolean {
    return this.#hard.length > 0;
  }

  get scores(): boolean {
    return this.#soft !== undefined;
  }

  filter(slot: number): boolean {
    const hard = this.#hard;
    for (let c = 0; c < hard.length; c++) {
      const { column, counts } = hard[c]!;
      if (column.present[slot] === 0) return false;
      if (counts.sums[column.domain[slot]!]! > this.#limits[c]!) return false;
    }
    return true;
  }

  /** Kubernetes' words for a node that `filter` refuses. */
  reason(slot: number): string {
    for (let c = 0; c < this.#hard.length; c++) {
      const { column, counts } = this.#hard[c]!;
      if (column.present[slot] === 0)
        return "node(s) didn't match pod topology spread constraints (missing required label)";
      if (counts.sums[column.domain[slot]!]! > this.#limits[c]!) break;
    }
    return "node(s) didn't match pod topology spread constraints";
  }

  score(slots: Int32Array, count: number, out: Float64Array): void {
    const { constraints, complete } = this.#soft!;
    let ignored = 0;
    if (complete !== undefined) for (let i = 0; i < count; i++) ignored += 1 - complete[slots[i]!]!;
    const scored = ignored === 0 ? undefined : complete;
    out.fill(0, 0, count);
    for (let c = 0; c < constraints.length; c++) {
      const { column, byNode, counts, maxSkew } = constraints[c]!;
      const { present, domain } = column;
      if (byNode !== undefined) {
        const weight = domainWeight(count - ignored);
        for (let i = 0; i < count; i++) {
          const slot = slots[i]!;
          if (present[slot] === 1) out[i]! += byNode[slot]! * weight + (maxSkew - 1);
        }
      } else {
        const { sums } = counts!;
        const weight = domainWeight(this.#domainsAmong(slots, count, column, scored));
        for (let i = 0; i < count; i++) {
          const slot = slots[i]!;
          if (present[slot] === 1) out[i]! += sums[domain[slot]!]! * weight + (maxSkew - 1);
        }
      }
    }
    normaliseReversed(slots, count, scored, out);
  }

  /** How many domains the nodes are in, those without all of the labels left out. */
  #domainsAmong(
    slots: Int32Array,
    count: number,
    { domain, seen, inUse }: TopologyColumn,
    scored: Uint8Array | undefined,
  ): number {
    const sight = ++this.#sights;
    let domains = 0;
    for (let i = 0; i < count && domains < inUse; i++) {
      const slot = slots[i]!;
      const at = domain[slot]!;
      if (seen[at] === sight || (scored !== undefined && scored[slot] === 0)) continue;
      seen[at] = sight;
      domains++;
    }
    return domains;
  }
}

/** The fewer pods, the better: least and greatest among the nodes that are scored change places; the others get 0. */
function normaliseReversed(
  slots: Int32Array,
  count: number,
  scored: Uint8Array | undefined,
  out: Float64Array,
): void {
  let least = Number.POSITIVE_INFINITY;
  let greatest = 0;
  for (let i = 0; i < count; i++) {
    if (scored !== undefined && scored[slots[i]!] === 0) continue;
    const points = Math.round(out[i]!);
    out[i] = points;
    if (points < least) least = points;
    if (points > greatest) greatest = points;
  }
  for (let i = 0; i < count; i++) {
    if (scored !== undefined && scored[slots[i]!] === 0) out[i] = 0;
    else if (greatest === 0) out[i] = MAX_NODE_SCORE;
    else out[i] = Math.floor((MAX_NODE_SCORE * (greatest + least - out[i]!)) / greatest);
  }
}
