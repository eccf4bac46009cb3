import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import type { SimulationInput, SimulationResult } from '../../simulation/simulation.ts';
import { mean } from '../../util/statistics/mean.ts';
import { estimateMean, type MeanEstimate } from '../../util/statistics/mean-interval.ts';
import { errors } from '../errors.ts';
import { choosePolicy } from '../portfolio.ts';
import type { Episode, EpisodeRunner } from './episodes.ts';
import { ScorerSpace } from './scorer-space.ts';
import { startingPoints } from './starting-points.ts';
import type { Twin } from './twin.ts';

/** Blocks of workload seeds that have nothing in common. */
export const CHOICE = 0;
export const TRAINING = 1_000_000;
const VALIDATION = 2_000_000;
const REPORT = 3_000_000;
const ACCEPTANCE = 5_000_000;

/** Whether a workload is one that training alone looks at: nothing is chosen or accepted by it. */
export function isForTraining(seed: number): boolean {
  return seed >= TRAINING && seed < VALIDATION;
}
export const CHOICE_SEEDS = 12;
/** Of workloads that a beginning other than the rule is chosen by; the rule itself is chosen by the first of the block. */
const BEGINNING = CHOICE + CHOICE_SEEDS;
const BEGINNING_SEEDS = 36;
/** All are tried on the first few, the best of them on all. */
const FIRST_BEGINNING_SEEDS = 6;
const BEGINNING_FINALISTS = 6;

export interface Validation {
  /** Step of the training that was looked at. */
  readonly generation: number;
  /** Of the price against that of the rule that training began at: -0.01 is one percent less. */
  readonly change: number;
  /** Upper end of the 95 % interval of the change, over workloads. */
  readonly upper: number;
}

/** What came out of a training. */
export interface TrainedScorer {
  /** The best rule of the cluster, by simulation: what training began at, and the fallback. */
  readonly start: WeightedRule;
  /** The best point on the way, where it was accepted; otherwise the rule. */
  readonly policy: WeightedRule;
  readonly isAccepted: boolean;
  /** Of the best point, on the workloads of acceptance; of the rule where no point was better. */
  readonly validation: Validation;
}

export interface SavedGate {
  readonly start: string;
  readonly validations: readonly Validation[];
  readonly best: { readonly point: readonly number[]; readonly validation: Validation };
}

export interface GateOptions {
  /** A twin that remembers its situations. */
  readonly twin: Twin;
  readonly simulate: (input: SimulationInput) => SimulationResult;
  readonly episodes: EpisodeRunner;
  /** Workloads that the best point is found by. */
  readonly validationSeeds: number;
  /** Workloads that the best point alone is accepted by. */
  readonly acceptanceSeeds: number;
  readonly saved?: SavedGate;
}

/**
 * What every training of the scorer on a twin has in common, whatever moves its weights: it begins at the rule that
 * simulation finds best there; points on the way are validated on workloads of their own, the rule being the first of
 * them; and the best one is accepted only if the upper 95 % bound of its price against the rule's, workload by workload,
 * is below zero on workloads that it was not chosen by. Else the rule stays.
 */
export class AcceptanceGate {
  readonly space: ScorerSpace;
  readonly start: WeightedRule;
  readonly #twin: Twin;
  readonly #simulate: (input: SimulationInput) => SimulationResult;
  readonly #episodes: EpisodeRunner;
  readonly #validationSeeds: number;
  readonly #acceptanceSeeds: number;
  readonly #finalists: WeightedRule[] = [];
  readonly #validations: Validation[] = [];
  readonly #startCosts = new Map<number, number>();
  #best: { point: Float64Array; validation: Validation };
  #accepted: { readonly point: Float64Array; readonly validation: Validation } | undefined;
  #decisions = 0;

  /**
   * Chooses the rule to begin at, unless it goes on from a saved gate.
   *
   * @throws KISIM_E_LEARNING_CHECKPOINT
   */
  constructor({ twin, simulate, episodes, validationSeeds, acceptanceSeeds, saved }: GateOptions) {
    this.#twin = twin;
    this.#simulate = simulate;
    this.#episodes = episodes;
    this.#validationSeeds = validationSeeds;
    this.#acceptanceSeeds = acceptanceSeeds;
    this.space = new ScorerSpace(twin.waits);
    this.start = saved === undefined ? this.#chooseStart() : this.#savedStart(saved.start);
    const nothing = { generation: 0, change: 0, upper: 0 };
    this.#best = { point: this.space.encode(this.start), validation: nothing };
    if (saved === undefined) return;
    const { point, validation } = saved.best;
    if (point.length !== this.space.size)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${point.length} weights, not ${this.space.size}`);
    this.#validations.push(...saved.validations);
    this.#best = { point: Float64Array.from(point), validation };
  }

  get validations(): readonly Validation[] {
    return this.#validations;
  }

  /** Of the best point so far; generation 0 is the rule. */
  get best(): Validation {
    return this.#best.validation;
  }

  /** Placements decided since the beginning, or since it was resumed. */
  get decisions(): number {
    return this.#decisions;
  }

  /**
   * The rule with the least price on more workloads than it was chosen by, of those that came into the last round of that
   * choice, or one of the others given: where a training begins. What everything is held against stays the rule of the choice.
   */
  bestBeginning<T extends { readonly rule: WeightedRule }>(others: readonly T[]): T | { rule: WeightedRule } {
    const seeds = Array.from({ length: BEGINNING_SEEDS }, (_, i) => BEGINNING + i);
    const changes = (candidates: readonly { rule: WeightedRule }[], some: readonly number[]) => {
      const starts = this.startCosts(some);
      const costs = this.costs(candidates.flatMap(({ rule }) => some.map((seed) => ({ rule, seed }))));
      return candidates.map((_, i) => mean(starts.map((start, j) => costs[i * some.length + j]! / start)));
    };
    const best = (candidates: readonly (T | { rule: WeightedRule })[], some: readonly number[]) => {
      const found = changes(candidates, some);
      return [...candidates.keys()].sort((a, b) => found[a]! - found[b]! || a - b).map((i) => candidates[i]!);
    };
    const all = [{ rule: this.start }, ...this.#finalists.map((rule) => ({ rule })), ...others];
    const few = best(all, seeds.slice(0, FIRST_BEGINNING_SEEDS)).slice(0, BEGINNING_FINALISTS);
    // The rule first: of equal ones it stays.
    return best([{ rule: this.start }, ...few], seeds)[0]!;
  }

  /** Compares points with the rule, and remembers the best of them if it is the best so far. */
  validate(generation: number, points: readonly Float64Array[]): Validation {
    const seen = points.map((point) => {
      const rule = this.space.decode('candidate', point);
      const { mean: change, interval } = estimateMean(this.#changes(rule, VALIDATION, this.#validationSeeds));
      return { point: point.slice(), validation: { generation, change, upper: interval!.high } };
    });
    const better = seen.reduce((a, b) => (b.validation.change < a.validation.change ? b : a));
    this.#validations.push(better.validation);
    if (better.validation.change < this.#best.validation.change) this.#best = better;
    return better.validation;
  }

  /** Simulates the workloads of acceptance once for every best point that it is asked about. */
  result(): TrainedScorer {
    const { point } = this.#best;
    const validation = this.#acceptance();
    const isAccepted = validation.generation > 0 && validation.upper < 0;
    const policy = isAccepted ? this.space.decode('own-cluster', point) : this.start;
    return { start: this.start, policy, isAccepted, validation };
  }

  /** The change of the price against the starting rule on workloads that nothing was chosen by. */
  report(rule: WeightedRule, workloads: number): MeanEstimate {
    return estimateMean(this.#changes(rule, REPORT, workloads));
  }

  /** Priced kilowatt-hours of episodes, in their order. */
  costs(episodes: readonly Episode[]): Float64Array {
    const { costs, decisions } = this.#episodes.run(episodes);
    this.#decisions += decisions;
    return costs;
  }

  /** Priced kilowatt-hours of the starting rule on workloads; each is simulated once. */
  startCosts(seeds: readonly number[]): readonly number[] {
    const missing = seeds.filter((seed) => !this.#startCosts.has(seed));
    const costs = this.costs(missing.map((seed) => ({ rule: this.start, seed })));
    for (const [i, seed] of missing.entries()) this.#startCosts.set(seed, costs[i]!);
    return seeds.map((seed) => this.#startCosts.get(seed)!);
  }

  save(): SavedGate {
    const { point, validation } = this.#best;
    return {
      start: this.start.name,
      validations: [...this.#validations],
      best: { point: [...point], validation },
    };
  }

  #acceptance(): Validation {
    const { point, validation } = this.#best;
    if (validation.generation === 0) return validation;
    if (this.#accepted?.point !== point) {
      const rule = this.space.decode('candidate', point);
      const { mean: change, interval } = estimateMean(this.#changes(rule, ACCEPTANCE, this.#acceptanceSeeds));
      const { generation } = validation;
      this.#accepted = { point, validation: { generation, change, upper: interval!.high } };
    }
    return this.#accepted.validation;
  }

  #changes(rule: WeightedRule, block: number, count: number): Float64Array {
    const seeds = Array.from({ length: count }, (_, i) => block + i);
    const starts = this.startCosts(seeds);
    return this.costs(seeds.map((seed) => ({ rule, seed }))).map((cost, i) => cost / starts[i]! - 1);
  }

  #chooseStart(): WeightedRule {
    const rules = startingPoints(this.#twin);
    const policies = rules.map((rule) => weightedPolicy(rule, 'first'));
    const { policy, standings } = choosePolicy(policies, {
      situations: Array.from({ length: CHOICE_SEEDS }, (_, i) => this.#twin.situation(CHOICE + i)),
      simulate: this.#simulate,
      // Wait rules make the list long, and more of them are alike.
      ...(this.#twin.waits ? { firstSituations: 1, finalists: 16 } : {}),
    });
    const ruleOf = (each: Policy) => rules[policies.indexOf(each)]!;
    for (const each of standings)
      if (each.situations === CHOICE_SEEDS && each.policy !== policy)
        this.#finalists.push(ruleOf(each.policy));
    return ruleOf(policy);
  }

  #savedStart(name: string): WeightedRule {
    const rule = startingPoints(this.#twin).find((each) => each.name === name);
    if (rule === undefined) throw errors.KISIM_E_LEARNING_CHECKPOINT(`it began at '${name}'`);
    return rule;
  }
}
