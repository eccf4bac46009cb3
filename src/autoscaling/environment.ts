import type { Environment, Step } from '../learning/environment.ts';
import { SavedFields, type SavedState, type SavedValue } from '../learning/saved-state.ts';
import type { LoadPattern } from '../load/pattern/load-pattern.ts';
import { RandomStream } from '../util/rng.ts';
import { type Baselines, measureBaselines } from './baselines.ts';
import { AutoscalingEpisode } from './episode.ts';
import { OBSERVATION_SIZE, type VectorForm, writeObservation } from './observation-vector.ts';
import { patternOf } from './patterns.ts';
import { placements, type ReplicaRange } from './policy.ts';
import { type AutoscalingProblem, actionShape, replicaChanges, type TrainedPattern } from './problem.ts';
import { KisimReward, ownReward } from './rewards.ts';

/** Of the runs that KISim's reward compares with: no episode's. */
export const BASELINE_SEED = 20_250_709;

/** How a network is to be given the observations of a problem. */
export function vectorFormOf(problem: AutoscalingProblem): VectorForm {
  const { observation, limits, objectiveSeconds, load } = problem;
  return { form: observation, limits, objectiveSeconds, highestLoad: load.high };
}

/** Writes which of the five changes stay within a range, or only lead back to it; staying always may. */
export function writeChangeMask(
  replicas: number,
  { min, max }: ReplicaRange,
  mask: Uint8Array,
  at: number,
): void {
  for (let option = 0; option < replicaChanges.length; option++) {
    const change = replicaChanges[option]!;
    const after = replicas + change;
    const isWithin = after >= min && after <= max;
    const leadsBack = (replicas > max && change < 0) || (replicas < min && change > 0);
    mask[at + option] = change === 0 || isWithin || leadsBack ? 1 : 0;
  }
}

/**
 * KISim's environment on the simulated backends: ten numbers, MultiDiscrete [5, 5, 3], patterns in rotation, random twice. Changes that would
 * leave the limits are masked. An episode is cut off by its time, not ended: the service goes on. What an environment draws is
 * the seed of each episode.
 */
export class AutoscalingEnvironment implements Environment {
  readonly observationSize = OBSERVATION_SIZE;
  readonly actions = actionShape;
  readonly masked = true;
  readonly problem: AutoscalingProblem;
  readonly #episode: AutoscalingEpisode;
  readonly #form: VectorForm;
  readonly #kisim: KisimReward | undefined;
  readonly #baselines: Baselines | undefined;
  readonly #random = new RandomStream(0);
  /** Random comes twice: what nobody can know takes most to learn. */
  readonly #rotation: readonly TrainedPattern[];
  /** Of the rotation. */
  #turn = 0;
  #patternSeed = 0;
  #pattern: LoadPattern | undefined;
  readonly #step = { reward: 0, terminated: false, truncated: false };

  /** @param baselines for KISim's reward, where they have been measured already */
  constructor(problem: AutoscalingProblem, baselines?: Baselines) {
    this.problem = problem;
    this.#episode = new AutoscalingEpisode(problem);
    this.#form = vectorFormOf(problem);
    this.#rotation = problem.patterns.flatMap((name) => (name === 'random' ? [name, name] : [name]));
    if (problem.reward === 'own') return;
    this.#kisim = new KisimReward(problem);
    this.#baselines = baselines ?? measureBaselines(problem, BASELINE_SEED);
  }

  reset(observation: Float32Array, seed?: number): void {
    if (seed !== undefined) {
      this.#random.restore(new RandomStream(seed).state);
      // Environments beside each other begin at different patterns.
      this.#turn = seed % this.#rotation.length;
    } else this.#turn = (this.#turn + 1) % this.#rotation.length;
    this.#patternSeed = this.#random.bits32();
    this.#pattern = patternOf(this.problem, this.#patternName, this.#patternSeed);
    this.#kisim?.clear();
    this.#episode.begin(this.#pattern, this.#random.bits32());
    writeObservation(this.#episode.observation, this.#form, observation);
  }

  step(action: Int32Array, observation: Float32Array): Step {
    const episode = this.#episode;
    const { gpu, cpu } = episode.simulation.stations;
    const outcome = episode.step(
      gpu.replicas + replicaChanges[action[0]!]!,
      cpu.replicas + replicaChanges[action[1]!]!,
      placements[action[2]!]!,
    );
    writeObservation(episode.observation, this.#form, observation);
    const step = this.#step;
    step.reward =
      this.#kisim === undefined
        ? ownReward(this.problem, outcome)
        : this.#kisim.of(
            this.#patternName,
            this.#baselines![this.#patternName],
            episode.observation,
            outcome,
          );
    step.truncated = episode.isOver;
    return step;
  }

  writeMask(mask: Uint8Array): void {
    const { gpu, cpu } = this.#episode.simulation.stations;
    const { limits } = this.problem;
    writeChangeMask(gpu.replicas, limits.gpu, mask, 0);
    writeChangeMask(cpu.replicas, limits.cpu, mask, replicaChanges.length);
    mask.fill(1, 2 * replicaChanges.length);
  }

  save(): SavedState {
    return {
      random: this.#random.state,
      turn: this.#turn,
      patternSeed: this.#patternSeed,
      changes: this.#kisim?.state ?? [],
      episode: this.#episode.save(),
    };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'autoscaling.');
    this.#random.restore(fields.random('random'));
    this.#turn = fields.number('turn');
    this.#patternSeed = fields.number('patternSeed');
    this.#kisim?.restore(fields.list('changes') as readonly boolean[]);
    this.#pattern = patternOf(this.problem, this.#patternName, this.#patternSeed);
    this.#episode.restore(fields.value('episode'), this.#pattern);
  }

  get #patternName() {
    return this.#rotation[this.#turn]!;
  }
}
