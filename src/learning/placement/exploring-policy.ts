import type { Pod } from '../../cluster/pod.ts';
import { ClusterPower } from '../../policy/energy/cluster-power.ts';
import { RunOut } from '../../policy/energy/run-out.ts';
import { TERM, TERM_COUNT } from '../../policy/energy/term-table.ts';
import { TermMatrix } from '../../policy/energy/terms.ts';
import { WaitDecision } from '../../policy/energy/wait-decision.ts';
import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import {
  type Candidates,
  type ExplainedTerm,
  type Policy,
  type PolicyContext,
  type PolicyRun,
  WAIT,
} from '../../policy/policy.ts';
import { exp } from '../../util/portable-math.ts';
import type { RandomStream } from '../../util/rng.ts';
import type { DecisionCosts } from './decision-costs.ts';
import type { LinearQ } from './linear-q.ts';
import { STATE_FEATURES, writeStateFeatures } from './state-features.ts';

export interface Exploration {
  /** Chance that a pod goes where a draw says: the better the rule holds a node, the likelier. */
  readonly share: number;
  /** Of that draw, in the units of the rule's scores: exp(score / temperature). */
  readonly temperature: number;
  /** Chance that the choice between waiting and beginning is turned round. */
  readonly waitShare: number;
  /** Time within which the future counts. */
  readonly discountSeconds: number;
  /** Of the eligibility traces, from one placement to the next. */
  readonly lambda: number;
}

export interface ExploringOptions extends Exploration {
  readonly rule: WeightedRule;
  /** Positions of the scorer's space that are learned; wait terms lie behind the placement terms. */
  readonly learned: Int32Array;
  readonly costs: DecisionCosts;
  readonly q: LinearQ;
  readonly random: RandomStream;
  readonly windowSeconds: number;
  /** Joules of the cluster so far: decisions then cost what is burnt until the next one, and nothing else. */
  readonly rawJoules?: () => number;
}

export function featureCount(learned: Int32Array): number {
  return learned.length + STATE_FEATURES;
}

/** Does what a rule says, but now and then something else, and tells a learner what became of it. */
export function exploringPolicy(options: ExploringOptions): Policy {
  return { name: `${options.rule.name}+exploring`, start: (context) => new ExploringRun(options, context) };
}

class ExploringRun implements PolicyRun {
  readonly #options: ExploringOptions;
  readonly #context: PolicyContext;
  readonly #inner: PolicyRun;
  readonly #wait: WaitDecision | undefined;
  readonly #matrix: TermMatrix;
  readonly #runOut: RunOut;
  readonly #features: Float64Array;
  readonly #chances: Float64Array;
  readonly #surroundings: {
    cluster: PolicyContext['cluster'];
    totals: TermMatrix['totals'];
    pod: Pod;
    energy: number;
    seconds: number;
    secondsLeft: number;
    discountSeconds: number;
  };
  /** When the decision before was made, whether it placed a pod, and what the cluster had burnt by then. */
  #before = 0;
  #decay = 1;
  #burnt = 0;
  #waitChance = 0;

  constructor(options: ExploringOptions, context: PolicyContext) {
    const { rule, learned } = options;
    const { cluster } = context;
    const power = new ClusterPower(cluster.nodes);
    this.#options = options;
    this.#context = context;
    // Waiting is decided here, where it can be turned round.
    const { waitWeights, ...placing } = rule;
    this.#inner = weightedPolicy(placing, 'first').start(context);
    this.#wait = waitWeights === undefined ? undefined : new WaitDecision(cluster, power, waitWeights);
    const read = [TERM.activeEnergy, ...learned.filter((position) => position < TERM_COUNT)];
    this.#matrix = new TermMatrix(cluster, power, read);
    this.#chances = new Float64Array(cluster.size);
    this.#runOut = new RunOut(cluster, power);
    this.#features = new Float64Array(featureCount(learned));
    this.#surroundings = {
      cluster,
      totals: this.#matrix.totals,
      pod: undefined as unknown as Pod,
      energy: 0,
      seconds: 0,
      secondsLeft: 0,
      discountSeconds: options.discountSeconds,
    };
    options.costs.begin();
    options.q.beginEpisode();
  }

  choose(pod: Pod, candidates: Candidates): number {
    const { random, waitShare } = this.#options;
    this.#findChances(pod, candidates);
    let index = 0;
    for (let left = random.next() - this.#chances[0]!; left >= 0 && index < candidates.count - 1; )
      left -= this.#chances[++index]!;
    const node = candidates.nodes[index]!;
    const slackLeft = candidates.slackLeft ?? pod.slackSeconds;
    const wait = this.#wait;
    let waits = false;
    this.#waitChance = 0;
    if (wait !== undefined && slackLeft > 0) {
      waits = wait.waits(pod, node, slackLeft);
      this.#waitChance = waits ? 1 - waitShare : waitShare;
      if (random.next() < waitShare) waits = !waits;
    }
    this.#tell(pod, candidates, index, waits);
    return waits ? WAIT : node;
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return this.#inner.explain(pod, node);
  }

  /** Of each candidate: the one that the rule takes, or one drawn as Boltzmann does. */
  #findChances(pod: Pod, candidates: Candidates): void {
    const { share, temperature } = this.#options;
    const chances = this.#chances;
    const { count } = candidates;
    this.#inner.scores!(pod, candidates, chances);
    let best = 0;
    for (let i = 1; i < count; i++) if (chances[i]! > chances[best]!) best = i;
    const greatest = chances[best]!;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      chances[i] = exp((chances[i]! - greatest) / temperature);
      sum += chances[i]!;
    }
    for (let i = 0; i < count; i++) chances[i]! *= share / sum;
    chances[best]! += 1 - share;
  }

  /**
   * Terms of what was done less their mean over what might have been done: whatever else makes a moment dear is then no matter of
   * the choice (compatible features, Sutton and others, "Policy gradient methods", NIPS 1999).
   */
  #tell(pod: Pod, candidates: Candidates, index: number, waits: boolean): void {
    const { costs, learned, q, discountSeconds, lambda, windowSeconds, rawJoules } = this.#options;
    const { cluster } = this.#context;
    const features = this.#features;
    const matrix = this.#matrix;
    matrix.fill(pod, candidates);
    matrix.totals.renew();
    const { ownJoules, seconds, columns, stride } = matrix.decision;
    const { count } = candidates;
    const chances = this.#chances;
    const energy = ownJoules / costs.meanJoules;
    const node = candidates.nodes[index]!;
    for (let i = 0; i < learned.length; i++) {
      const position = learned[i]!;
      if (position < TERM_COUNT) {
        const from = position * stride;
        let mean = 0;
        for (let k = 0; k < count; k++) mean += chances[k]! * columns[from + k]!;
        features[i] = energy * (columns[from + index]! - mean);
      } else if (this.#waitChance === 0) features[i] = 0;
      else
        features[i] =
          energy * this.#wait!.terms[position - TERM_COUNT]! * ((waits ? 1 : 0) - this.#waitChance);
    }
    const s = this.#surroundings;
    s.pod = pod;
    s.energy = energy;
    s.seconds = seconds;
    s.secondsLeft = windowSeconds - cluster.now;
    writeStateFeatures(s, features, learned.length);
    const passed = cluster.now - this.#before;
    const discount = passed === 0 ? 1 : exp(-passed / discountSeconds);
    let cost: number;
    if (rawJoules === undefined) {
      const active = matrix.at(TERM.activeEnergy, index) * ownJoules;
      const joules = active + this.#runOut.idleJoules(node, seconds);
      cost = waits ? costs.waiting(pod, cluster.now) : costs.placing(pod, node, cluster, ownJoules, joules);
    } else {
      const burnt = rawJoules();
      q.earn((burnt - this.#burnt) / costs.meanJoules);
      this.#burnt = burnt;
      cost = 0;
    }
    q.add(features, cost, discount, this.#decay);
    this.#before = cluster.now;
    this.#decay = waits ? 1 : lambda;
  }
}
