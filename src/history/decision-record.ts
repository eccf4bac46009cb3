import type { Milliseconds } from '../util/units.ts';
import type { ClusterKind } from './cluster-kind.ts';

export type DecisionUnit = 'J' | 'W' | 'points';

/** A part of what a node costs (J, W: less is better) or earns (points: more is better). */
export interface DecisionTerm {
  readonly term: string;
  readonly amount: number;
  readonly unit: DecisionUnit;
}

export interface DecisionNode {
  readonly node: string;
  readonly terms: readonly DecisionTerm[];
}

export type DecisionMode = 'act' | 'dry-run' | 'shadow';

/** One decision about one pod, with its reasons and what became of it. */
export interface DecisionRecord {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
  readonly unixMilliseconds: Milliseconds;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** Undefined: no node was chosen, and the default scheduler places the pod alone. */
  readonly node: string | undefined;
  /** The rule that decided; the one that was to decide where none did. */
  readonly policy: string;
  /** The rule that was to decide, and why it did not. */
  readonly fellBack: { readonly from: string; readonly why: string } | undefined;
  /** Of the chosen node, by the rule that decided. */
  readonly terms: readonly DecisionTerm[];
  /** The best of the other nodes by the rule's order, best first. */
  readonly others: readonly DecisionNode[];
  /** What another rule would have chosen among the same nodes, with the terms that the deciding rule gives it. */
  readonly reference: (DecisionNode & { readonly policy: string }) | undefined;
  /** Nodes that the pod could have had. */
  readonly candidates: number;
  readonly mode: DecisionMode;
  /** `placed`, `freed`, `observed`, `gone`...: docs/developer/controller.md has them all. */
  readonly outcome: string;
  /** Why the pod was freed without a node, or the write failed. */
  readonly reason: string | undefined;
  /** From when the pod was first seen to this outcome. */
  readonly heldMilliseconds: Milliseconds;
}

/**
 * The sum of the terms in the unit that says most: joules where there are any, else watts, else points. Terms of other units
 * decide too, and cannot be added to it.
 */
export function costOf(
  terms: readonly DecisionTerm[],
): { readonly amount: number; readonly unit: DecisionUnit } | undefined {
  for (const unit of ['J', 'W', 'points'] as const) {
    const of = terms.filter((term) => term.unit === unit);
    if (of.length > 0) return { amount: of.reduce((sum, { amount }) => sum + amount, 0), unit };
  }
  return undefined;
}
