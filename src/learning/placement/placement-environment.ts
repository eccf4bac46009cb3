import type { Pod } from '../../cluster/pod.ts';
import { ClusterPower } from '../../policy/energy/cluster-power.ts';
import { RunOut } from '../../policy/energy/run-out.ts';
import { TERM } from '../../policy/energy/term-table.ts';
import { TermMatrix } from '../../policy/energy/terms.ts';
import {
  type Candidates,
  type ExplainedTerm,
  type Policy,
  type PolicyContext,
  type PolicyRun,
  UNDECIDED,
  WAIT,
} from '../../policy/policy.ts';
import { Simulation } from '../../simulation/engine.ts';
import type { SimulationResult, Situation } from '../../simulation/simulation.ts';
import { RandomStream } from '../../util/rng.ts';
import type { Environment, Step } from '../environment.ts';
import { errors } from '../errors.ts';
import { replayEpisode, savedEpisode } from '../replayed-episode.ts';
import type { SavedState, SavedValue } from '../saved-state.ts';
import { DecisionCosts } from './decision-costs.ts';
import { FEATURE_TERMS, ROW_FEATURES, writeRows } from './node-features.ts';
import { aboutJoules } from './situation-energy.ts';

export interface PlacementOptions {
  /** An episode: hardware, workload and predictions drawn by a seed below 2^31. */
  readonly situation: (seed: number) => Situation;
  /** No cluster of an episode has more. */
  readonly mostNodes: number;
  /**
   * What a decision earns: less its own run-out energy beyond what the pod needs anywhere, or less all that the cluster burns until
   * the next decision, which says next to nothing of the decision. The second is there to show that.
   */
  readonly reward?: 'run-out' | 'raw-power';
}

const NOTHING_DECIDED = -4;

/**
 * Placement as an environment: one pod at a time, an action for every node and a last one for waiting. What the pod does not fit,
 * and waiting without slack, is masked. An observation is one row of `ROW_FEATURES` for each action, so that one network can be
 * shared over the rows (`entities` of the algorithms) and a policy does not depend on how nodes are numbered or how many there are.
 * The episode ends with the last decision.
 */
export class PlacementEnvironment implements Environment {
  readonly observationSize: number;
  readonly actions: readonly number[];
  readonly masked = true;
  /** Of the last episode that came to its end. */
  lastResult: SimulationResult | undefined;
  readonly #options: PlacementOptions;
  readonly #rows: number;
  readonly #mask: Uint8Array;
  readonly #step = { reward: 0, terminated: false, truncated: false };
  #random = new RandomStream(0);
  #seed = 0;
  #taken: number[] = [];
  #simulation: Simulation | undefined;
  #asked: AskedRun | undefined;
  #burnt = 0;

  constructor(options: PlacementOptions) {
    this.#options = options;
    this.#rows = options.mostNodes + 1;
    this.observationSize = this.#rows * ROW_FEATURES;
    this.actions = [this.#rows];
    this.#mask = new Uint8Array(this.#rows);
  }

  reset(observation: Float32Array, seed?: number): void {
    if (seed !== undefined) this.#random = new RandomStream(seed);
    // Without a decision there is nothing to learn from.
    while (!this.#begin(this.#random.integer(2 ** 31), observation));
  }

  step(action: Int32Array, observation: Float32Array): Step {
    const simulation = this.#simulation;
    const asked = this.#asked;
    if (simulation === undefined || asked === undefined)
      throw errors.KISIM_E_LEARNING_ENVIRONMENT('a step without an episode');
    const choice = action[0]!;
    if (this.#mask[choice] !== 1)
      throw errors.KISIM_E_LEARNING_ENVIRONMENT(`action ${choice}, which is masked`);
    this.#taken.push(choice);
    asked.decided = choice === this.#rows - 1 ? WAIT : choice;
    const terminated = simulation.advance();
    const step = this.#step;
    if (this.#options.reward === 'raw-power') {
      const burnt = simulation.energyJoules;
      step.reward = -(burnt - this.#burnt) / asked.meanJoules;
      this.#burnt = burnt;
    } else step.reward = -asked.cost;
    step.terminated = terminated;
    if (terminated) {
      this.lastResult = simulation.result();
      observation.fill(0);
      this.#mask.fill(0);
      this.#simulation = undefined;
      this.#asked = undefined;
    } else asked.write(observation, this.#mask);
    return step;
  }

  writeMask(mask: Uint8Array): void {
    mask.set(this.#mask);
  }

  /** The seed of the episode and all that was done in it. */
  save(): SavedState {
    const isOver = this.#simulation === undefined;
    return savedEpisode(this.#random, { seed: this.#seed, taken: this.#taken, isOver });
  }

  restore(saved: SavedValue): void {
    this.#simulation = undefined;
    this.#asked = undefined;
    replayEpisode(saved, 'placement', this.#random, {
      observationSize: this.observationSize,
      begin: (seed, observation) => this.#begin(seed, observation),
      step: (action, observation) => this.step(action, observation),
    });
  }

  /** False where the episode has no decision in it. */
  #begin(seed: number, observation: Float32Array): boolean {
    const situation = this.#options.situation(seed);
    const { mostNodes } = this.#options;
    if (situation.nodes.length > mostNodes)
      throw errors.KISIM_E_LEARNING_ENVIRONMENT(`${situation.nodes.length} nodes, ${mostNodes} expected`);
    let asked: AskedRun | undefined;
    const policy: Policy = {
      name: 'learning',
      start: (context) => {
        asked = new AskedRun(context, situation, this.#rows);
        return asked;
      },
    };
    const simulation = new Simulation({ ...situation, policy, seed });
    this.#seed = seed;
    this.#taken = [];
    this.#burnt = 0;
    if (simulation.advance()) return false;
    this.#simulation = simulation;
    this.#asked = asked!;
    this.#asked.write(observation, this.#mask);
    return true;
  }
}

/** Holds the simulation up until it is told what to do. */
class AskedRun implements PolicyRun {
  /** A node, WAIT or nothing. */
  decided = NOTHING_DECIDED;
  /** Of what was decided last, in mean pod energies. */
  cost = 0;
  readonly #context: PolicyContext;
  readonly #costs: DecisionCosts;
  readonly #matrix: TermMatrix;
  readonly #runOut: RunOut;
  readonly #rows: number;
  readonly #common = new Float64Array(16);
  #pod: Pod | undefined;
  #slackLeft = 0;

  constructor(context: PolicyContext, situation: Situation, rows: number) {
    const power = new ClusterPower(context.cluster.nodes);
    this.#context = context;
    this.#costs = new DecisionCosts(situation, aboutJoules(situation));
    this.#costs.begin();
    this.#matrix = new TermMatrix(context.cluster, power, [TERM.activeEnergy, ...FEATURE_TERMS]);
    this.#runOut = new RunOut(context.cluster, power);
    this.#rows = rows;
  }

  get meanJoules(): number {
    return this.#costs.meanJoules;
  }

  choose(pod: Pod, candidates: Candidates): number {
    const { decided } = this;
    const matrix = this.#matrix;
    if (decided === NOTHING_DECIDED) {
      matrix.fill(pod, candidates);
      matrix.totals.renew();
      this.#pod = pod;
      this.#slackLeft = candidates.slackLeft ?? pod.slackSeconds;
      return UNDECIDED;
    }
    this.decided = NOTHING_DECIDED;
    const { cluster } = this.#context;
    if (decided === WAIT) {
      this.cost = this.#costs.waiting(pod, cluster.now);
      return WAIT;
    }
    const { nodes, count, ownJoules, seconds } = matrix.decision;
    let i = 0;
    while (i < count && nodes[i] !== decided) i++;
    const joules = matrix.at(TERM.activeEnergy, i) * ownJoules + this.#runOut.idleJoules(decided, seconds);
    this.cost = this.#costs.placing(pod, decided, cluster, ownJoules, joules);
    return decided;
  }

  write(observation: Float32Array, mask: Uint8Array): void {
    const { nodes, count, ownJoules } = this.#matrix.decision;
    writeRows(
      this.#matrix,
      this.#pod!,
      ownJoules / this.#costs.meanJoules,
      this.#slackLeft / 3600,
      this.#context.cluster.pending,
      this.#common,
      observation,
      this.#rows,
    );
    mask.fill(0);
    for (let i = 0; i < count; i++) mask[nodes[i]!] = 1;
    mask[this.#rows - 1] = this.#slackLeft > 0 ? 1 : 0;
  }

  explain(): readonly ExplainedTerm[] {
    return [];
  }
}
