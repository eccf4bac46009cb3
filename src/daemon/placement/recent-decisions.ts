import type { DecisionSink } from '../../controller/ports.ts';
import type { ViewedDecision } from '../../export/placement-view.ts';
import { costOf, type DecisionRecord, type DecisionTerm } from '../../history/decision-record.ts';
import type { Joules } from '../../util/units.ts';

const KEPT = 8;

/** Joules that a decided pod adds to a node until it ends, as predicted; undefined where that is not known. */
export type PredictJoules = (decision: DecisionRecord, node: string) => Joules | undefined;

/** Hands decisions on, and remembers the last of them for those who watch. */
export class RecentDecisions implements DecisionSink {
  readonly #kept: DecisionSink;
  readonly #predict: PredictJoules;
  #recent: readonly ViewedDecision[] = [];

  constructor(kept: DecisionSink, predict: PredictJoules = () => undefined) {
    this.#kept = kept;
    this.#predict = predict;
  }

  /** Newest first. */
  get newest(): readonly ViewedDecision[] {
    return this.#recent;
  }

  record(decision: DecisionRecord): void {
    this.#kept.record(decision);
    this.#recent = [this.#viewed(decision), ...this.#recent.slice(0, KEPT - 1)];
  }

  bound(uid: string, node: string): void {
    this.#kept.bound(uid, node);
  }

  #viewed(decision: DecisionRecord): ViewedDecision {
    const { unixMilliseconds, namespace, pod, outcome, reason, policy, node, terms, reference } = decision;
    return {
      unixMilliseconds,
      namespace,
      pod,
      outcome,
      reason: reason ?? null,
      policy,
      node: node ?? null,
      predictedJoules: node === undefined ? null : this.#joules(decision, node, terms),
      reference:
        reference === undefined
          ? null
          : {
              policy: reference.policy,
              node: reference.node,
              predictedJoules: this.#joules(decision, reference.node, reference.terms),
            },
    };
  }

  /** By the rule's own terms where it reckons in joules. */
  #joules(decision: DecisionRecord, node: string, terms: readonly DecisionTerm[]): Joules | null {
    const cost = costOf(terms);
    return cost?.unit === 'J' ? cost.amount : (this.#predict(decision, node) ?? null);
  }
}
