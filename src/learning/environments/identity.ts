import { RandomStream } from '../../util/rng.ts';
import { type Environment, optionsOf, type Step } from '../environment.ts';
import { SavedFields, type SavedState, type SavedValue } from '../saved-state.ts';

/*
 * The identity environment of Stable-Baselines3's tests (stable_baselines3/common/envs/identity_env.py): the state is
 * drawn anew at every step, and the action that names it earns 1. Whoever does not learn this learns nothing.
 *
 * Differences: the observation is the one-hot code that SB3's preprocessing makes of the state.
 */

export interface IdentityOptions {
  /** Options of each choice; all of them must be right. */
  readonly actions: readonly number[];
  /** Of an episode, which is then truncated; 100 as in SB3. */
  readonly episodeSteps?: number;
}

export class Identity implements Environment {
  readonly observationSize: number;
  readonly actions: readonly number[];
  readonly masked = false;
  readonly #episodeSteps: number;
  readonly #random = new RandomStream(0);
  readonly #state: Int32Array;
  #elapsed = 0;
  readonly #step = { reward: 0, terminated: false, truncated: false };

  constructor({ actions, episodeSteps = 100 }: IdentityOptions) {
    this.actions = actions;
    this.observationSize = optionsOf(actions);
    this.#episodeSteps = episodeSteps;
    this.#state = new Int32Array(actions.length);
  }

  reset(observation: Float32Array, seed?: number): void {
    if (seed !== undefined) this.#random.restore(new RandomStream(seed).state);
    this.#elapsed = 0;
    this.#next(observation);
  }

  step(action: Int32Array, observation: Float32Array): Step {
    const step = this.#step;
    step.reward = this.#state.every((state, choice) => action[choice] === state) ? 1 : 0;
    step.truncated = ++this.#elapsed >= this.#episodeSteps;
    this.#next(observation);
    return step;
  }

  save(): SavedState {
    return { random: this.#random.state, state: this.#state.slice(), elapsed: this.#elapsed };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'identity.');
    this.#random.restore(fields.random('random'));
    fields.into('state', this.#state);
    this.#elapsed = fields.number('elapsed');
  }

  #next(observation: Float32Array): void {
    observation.fill(0);
    let at = 0;
    for (let choice = 0; choice < this.actions.length; choice++) {
      const options = this.actions[choice]!;
      const state = this.#random.integer(options);
      this.#state[choice] = state;
      observation[at + state] = 1;
      at += options;
    }
  }
}
