import type { Pod } from '../../cluster/pod.ts';
import { ClusterPower } from '../energy/cluster-power.ts';
import { TERM, WAIT_TERM_COUNT } from '../energy/term-table.ts';
import { ALL_TERMS, TermMatrix } from '../energy/terms.ts';
import { WaitDecision } from '../energy/wait-decision.ts';
import { weightedPolicy } from '../energy/weighted-policy.ts';
import { scoreByTerms } from '../energy/weighted-sum.ts';
import {
  type Candidates,
  type ExplainedTerm,
  type Policy,
  type PolicyContext,
  type PolicyRun,
  WAIT,
} from '../policy.ts';
import type { LoadedModel } from './load-model.ts';
import type { NoAnswer, ScorerEngine } from './scorer-engine.ts';

/** What became of the decisions of a learned policy. */
export interface LearnedCounts {
  /** Of all. */
  decisions: number;
  /** The model had a say, and it was followed. */
  followed: number;
  /** Of those, as the rule would have decided. */
  asRule: number;
  /** The model's node was too dear: the rule's was taken. */
  replaced: number;
  /** The model gave no answer, by why: the rule decided. */
  readonly unanswered: Record<NoAnswer, number>;
}

export function newLearnedCounts(): LearnedCounts {
  return {
    decisions: 0,
    followed: 0,
    asRule: 0,
    replaced: 0,
    unanswered: { starting: 0, late: 0, failed: 0, 'not-a-number': 0 },
  };
}

export interface LearnedPolicyOptions {
  readonly name: string;
  readonly model: Pick<LoadedModel, 'start' | 'point'>;
  readonly engine: ScorerEngine;
  /**
   * By what share the predicted energy of the model's node may exceed that of the rule's; 0.1 is ten percent. Infinity: the
   * model is never overruled.
   */
  readonly guardShare: number;
  /** Where decisions are counted, where others count there too. */
  readonly counts?: LearnedCounts;
}

export interface LearnedPolicy extends Policy {
  readonly counts: Readonly<LearnedCounts>;
}

/**
 * A trained model, greedily: the node of its greatest score, the first among equals. The rule that its training began at
 * runs in its shadow: where the model gives no answer in time, and where its node would cost more than the rule's by more
 * than a set share (active energy, and idle energy or a wake, until the pods there end), the rule decides, and that is counted.
 */
export function learnedPolicy(options: LearnedPolicyOptions): LearnedPolicy {
  const counts = options.counts ?? newLearnedCounts();
  return {
    name: options.name,
    counts,
    start: (context) => new LearnedRun(options, counts, context),
  };
}

class LearnedRun implements PolicyRun {
  readonly #engine: ScorerEngine;
  readonly #counts: LearnedCounts;
  readonly #most: number;
  /** Of the rule: positions and weights of the terms that weigh anything. */
  readonly #ruleTerms: Int32Array;
  readonly #ruleWeights: Float64Array;
  readonly #ruleWait: WaitDecision | undefined;
  readonly #ruleScores: Float64Array;
  /** Tells why, where the model is a point of the scorer's space. */
  readonly #explaining: PolicyRun;
  readonly #isPoint: boolean;
  readonly #matrix: TermMatrix;
  readonly #wait: WaitDecision;
  readonly #scores: Float64Array;

  constructor(
    { model, engine, guardShare }: LearnedPolicyOptions,
    counts: LearnedCounts,
    context: PolicyContext,
  ) {
    const { cluster } = context;
    const power = new ClusterPower(cluster.nodes);
    this.#engine = engine;
    this.#counts = counts;
    this.#most = 1 + guardShare;
    const { start, point } = model;
    this.#ruleTerms = Int32Array.from(start.weights.keys()).filter((term) => start.weights[term] !== 0);
    this.#ruleWeights = Float64Array.from(this.#ruleTerms, (term) => start.weights[term]!);
    this.#ruleWait =
      start.waitWeights === undefined ? undefined : new WaitDecision(cluster, power, start.waitWeights);
    this.#ruleScores = new Float64Array(cluster.size);
    this.#isPoint = point !== undefined;
    this.#explaining = weightedPolicy(point ?? start, 'first').start(context);
    this.#matrix = new TermMatrix(cluster, power, neededTerms(start.weights, point?.weights));
    // Only its terms are asked for; that every weight is 1 makes it find them all.
    this.#wait = new WaitDecision(cluster, power, new Float64Array(WAIT_TERM_COUNT).fill(1));
    this.#scores = new Float64Array(cluster.size);
  }

  choose(pod: Pod, candidates: Candidates): number {
    const counts = this.#counts;
    counts.decisions++;
    const slackLeft = candidates.slackLeft ?? pod.slackSeconds;
    const { count } = candidates;
    this.#matrix.fill(pod, candidates);
    this.#scoreByRule(this.#ruleScores);
    const rules = greatest(this.#ruleScores, count);
    const rulesNode = candidates.nodes[rules]!;
    const byRule = this.#ruleWait?.waits(pod, rulesNode, slackLeft) === true ? WAIT : rulesNode;
    const failure = this.#ask(count, this.#scores);
    if (failure !== undefined) {
      counts.unanswered[failure]++;
      return byRule;
    }
    const best = greatest(this.#scores, count);
    const node = candidates.nodes[best]!;
    if (slackLeft > 0) {
      this.#wait.waits(pod, node, slackLeft);
      const wait = this.#engine.wait(this.#wait.terms);
      if (typeof wait !== 'number') {
        counts.unanswered[wait]++;
        return byRule;
      }
      // Waiting costs nothing now, and its end is set: the guard has nothing to hold against it.
      if (wait > 0) return this.#follow(WAIT, byRule);
    }
    if (byRule === WAIT || byRule === node) return this.#follow(node, byRule);
    if (!(this.#energy(best) > this.#most * this.#energy(rules))) return this.#follow(node, byRule);
    counts.replaced++;
    return byRule;
  }

  scores(pod: Pod, candidates: Candidates, out: Float64Array): void {
    this.#matrix.fill(pod, candidates);
    const failure = this.#ask(candidates.count, out);
    if (failure === undefined) return;
    this.#counts.unanswered[failure]++;
    this.#scoreByRule(out);
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    if (this.#isPoint) return this.#explaining.explain(pod, node);
    const out = new Float64Array(1);
    this.#matrix.fill(pod, { nodes: Int32Array.of(node), count: 1 });
    const failure = this.#ask(1, out);
    if (failure === undefined) return [{ term: 'score of the model', amount: out[0]!, unit: 'points' }];
    return this.#explaining.explain(pod, node);
  }

  #follow(choice: number, byRule: number): number {
    this.#counts.followed++;
    if (choice === byRule) this.#counts.asRule++;
    return choice;
  }

  /** About the terms that were found last. */
  #ask(count: number, out: Float64Array): NoAnswer | undefined {
    const { columns, stride } = this.#matrix.decision;
    return this.#engine.score(columns, stride, count, out);
  }

  /** As the rule itself would, from the same terms. */
  #scoreByRule(out: Float64Array): void {
    scoreByTerms(this.#matrix.decision, this.#ruleTerms, this.#ruleWeights, out);
  }

  /** Predicted joules of candidate i until its pods end, against what the pod needs anyway. */
  #energy(candidate: number): number {
    return this.#matrix.at(TERM.activeEnergy, candidate) + this.#matrix.at(TERM.idleEnergy, candidate);
  }
}

/** Those that the rule and the point weigh, and the two that the guard looks at. */
function neededTerms(rule: Float64Array, point: Float64Array | undefined): readonly number[] {
  if (point === undefined) return ALL_TERMS;
  const weighed = ALL_TERMS.filter((term) => rule[term] !== 0 || point[term] !== 0);
  return [...new Set([TERM.activeEnergy, TERM.idleEnergy, ...weighed])];
}

function greatest(scores: Float64Array, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}
