import type { Environment, Step } from '../../learning/environment.ts';
import { errors as learningErrors } from '../../learning/errors.ts';
import { replayEpisode, savedEpisode } from '../../learning/replayed-episode.ts';
import type { SavedState, SavedValue } from '../../learning/saved-state.ts';
import { UNDECIDED } from '../../policy/policy.ts';
import type { Simulation } from '../../simulation/engine.ts';
import { RandomStream } from '../../util/rng.ts';
import { NONE, type QueueState } from '../policy.ts';
import type { Chooser, QueueRun } from '../simulated/queue-run.ts';
import { type QueueSituation, queueSimulation } from '../simulated/simulate-queue.ts';
import type { QueueReward } from './rewards.ts';
import type { QueueView } from './view.ts';

export interface QueueEnvironmentOptions {
  /** An episode: everything of it from a seed below 2^31. */
  readonly situation: (seed: number) => QueueSituation;
  readonly view: QueueView;
  readonly reward: () => QueueReward;
  /** An episode is cut off after so many decisions; left out: it goes on to its last job. */
  readonly mostSteps?: number;
}

const NOTHING_DECIDED = -2;

/**
 * Admission as an environment: one question at a time, with an option for each job that is shown and a last one for nobody. It is
 * asked wherever at least one job fits. What does not fit is masked, and so is nobody where nothing runs.
 */
export class QueueEnvironment implements Environment {
  readonly observationSize: number;
  readonly actions: readonly number[];
  readonly masked = true;
  readonly #options: QueueEnvironmentOptions;
  readonly #mask: Uint8Array;
  readonly #step = { reward: 0, terminated: false, truncated: false };
  #random = new RandomStream(0);
  #seed = 0;
  #taken: number[] = [];
  #simulation: Simulation | undefined;
  #run: QueueRun | undefined;
  #asked: AskedChooser | undefined;
  #reward: QueueReward | undefined;

  constructor(options: QueueEnvironmentOptions) {
    this.#options = options;
    this.observationSize = options.view.observationSize;
    this.actions = [options.view.options];
    this.#mask = new Uint8Array(options.view.options);
  }

  reset(observation: Float32Array, seed?: number): void {
    if (seed !== undefined) this.#random = new RandomStream(seed);
    // Without a decision there is nothing to learn from.
    while (!this.#begin(this.#random.integer(2 ** 31), observation));
  }

  step(action: Int32Array, observation: Float32Array): Step {
    const simulation = this.#simulation;
    const run = this.#run;
    const asked = this.#asked;
    const reward = this.#reward;
    if (simulation === undefined || run === undefined || asked === undefined || reward === undefined)
      throw learningErrors.KISIM_E_LEARNING_ENVIRONMENT('a step without an episode');
    const option = action[0]!;
    if (this.#mask[option] !== 1)
      throw learningErrors.KISIM_E_LEARNING_ENVIRONMENT(`action ${option}, which is masked`);
    this.#taken.push(option);
    asked.decide(option, this.#options.view, run);
    const terminated = simulation.advance();
    const step = this.#step;
    step.reward = reward.after(asked.decided, run, simulation.now);
    step.terminated = terminated;
    step.truncated =
      !terminated && this.#taken.length >= (this.#options.mostSteps ?? Number.POSITIVE_INFINITY);
    if (terminated) {
      observation.fill(0);
      this.#mask.fill(0);
    } else this.#options.view.read(run, observation, this.#mask);
    if (terminated || step.truncated) this.#simulation = undefined;
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
    replayEpisode(saved, 'queue', this.#random, {
      observationSize: this.observationSize,
      begin: (seed, observation) => this.#begin(seed, observation),
      step: (action, observation) => this.step(action, observation),
    });
  }

  /** False where the episode has no decision in it. */
  #begin(seed: number, observation: Float32Array): boolean {
    const asked = new AskedChooser();
    const { simulation, run } = queueSimulation(this.#options.situation(seed), asked, seed);
    this.#seed = seed;
    this.#taken = [];
    if (simulation.advance()) return false;
    this.#simulation = simulation;
    this.#run = run;
    this.#asked = asked;
    this.#reward = this.#options.reward();
    this.#reward.begin(run, simulation.now);
    this.#options.view.read(run, observation, this.#mask);
    return true;
  }
}

/** Holds the simulation up until it is told what to do. */
class AskedChooser implements Chooser {
  readonly name = 'learning';
  podsPerNode: Int32Array | undefined;
  /** What was decided last: the job's id, or NONE. */
  decided = NONE;
  #choice = NOTHING_DECIDED;

  decide(option: number, view: QueueView, state: QueueState): void {
    this.#choice = view.choiceOf(option);
    this.podsPerNode = view.podsPerNode(option, state);
    this.decided = this.#choice === NONE ? NONE : state.jobs[this.#choice]!.id;
  }

  choose(): number {
    const choice = this.#choice;
    this.#choice = NOTHING_DECIDED;
    return choice === NOTHING_DECIDED ? UNDECIDED : choice;
  }
}
