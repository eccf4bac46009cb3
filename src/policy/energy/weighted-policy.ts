import type { Pod } from '../../cluster/pod.ts';
import {
  type Candidates,
  type ExplainedTerm,
  type Policy,
  type PolicyContext,
  type PolicyRun,
  type TieRule,
  WAIT,
} from '../policy.ts';
import { TieBreaker } from '../ties.ts';
import { ClusterPower } from './cluster-power.ts';
import { placementTerms } from './term-table.ts';
import { TermMatrix } from './terms.ts';
import { WaitDecision } from './wait-decision.ts';
import { scoreByTerms } from './weighted-sum.ts';

/** A point of the weight space. */
export interface WeightedRule {
  readonly name: string;
  /** One weight for each placement term; the node of the least weighted sum is taken. */
  readonly weights: Float64Array;
  /** One weight for each wait term; the pod waits where the sum is above 0. Left out: it never waits. */
  readonly waitWeights?: Float64Array;
  /** What the sum is told in: joules (relative energies times the pod's own), watts likewise, or points, less is worse. */
  readonly unit: ExplainedTerm['unit'];
}

/** The policy of a point. @throws KISIM_E_POLICY_NO_POWER at its start, where a node has no power curve */
export function weightedPolicy(rule: WeightedRule, ties: TieRule): Policy {
  return { name: rule.name, start: (context) => new WeightedRun(rule, ties, context) };
}

class WeightedRun implements PolicyRun {
  readonly #rule: WeightedRule;
  readonly #matrix: TermMatrix;
  /** Another matrix, so that an explanation leaves the last decision as it was. */
  readonly #explained: TermMatrix;
  readonly #wait: WaitDecision | undefined;
  readonly #ties: TieBreaker;
  readonly #scores: Float64Array;
  /** Positions and weights of the terms that weigh anything. */
  readonly #terms: Int32Array;
  readonly #weights: Float64Array;

  constructor(rule: WeightedRule, ties: TieRule, context: PolicyContext) {
    const { cluster } = context;
    const power = new ClusterPower(cluster.nodes);
    this.#rule = rule;
    this.#terms = Int32Array.from(rule.weights.keys()).filter((term) => rule.weights[term] !== 0);
    this.#weights = Float64Array.from(this.#terms, (term) => rule.weights[term]!);
    this.#matrix = new TermMatrix(cluster, power, this.#terms);
    this.#explained = new TermMatrix(cluster, power, this.#terms);
    this.#wait =
      rule.waitWeights === undefined ? undefined : new WaitDecision(cluster, power, rule.waitWeights);
    this.#ties = new TieBreaker(ties, context);
    this.#scores = new Float64Array(cluster.size);
  }

  choose(pod: Pod, candidates: Candidates): number {
    this.scores(pod, candidates, this.#scores);
    const node = this.#ties.greatest(this.#scores, candidates);
    if (this.#wait?.waits(pod, node, candidates.slackLeft ?? pod.slackSeconds)) return WAIT;
    return node;
  }

  scores(pod: Pod, candidates: Candidates, out: Float64Array): void {
    this.#matrix.fill(pod, candidates);
    scoreByTerms(this.#matrix.decision, this.#terms, this.#weights, out);
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    const { unit } = this.#rule;
    this.#explained.fill(pod, { nodes: Int32Array.of(node), count: 1 });
    const { ownJoules, ownWatts } = this.#explained.decision;
    const scale = unit === 'J' ? ownJoules : unit === 'W' ? ownWatts : -1;
    const terms: readonly ExplainedTerm[] = Array.from(this.#terms, (term, t) => {
      const amount = this.#weights[t]! * this.#explained.at(term, 0) * scale;
      return { term: placementTerms[term]!.name, amount, unit };
    });
    if (this.#wait === undefined || !(pod.slackSeconds > 0)) return terms;
    return [...terms, ...this.#wait.explain(pod, node, pod.slackSeconds)];
  }
}
