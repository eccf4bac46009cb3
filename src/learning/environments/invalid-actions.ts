import { RandomStream } from '../../util/rng.ts';
import { type Environment, optionsOf, type Step } from '../environment.ts';
import { SavedFields, type SavedState, type SavedValue } from '../saved-state.ts';

/*
 * The identity environment with invalid options of sb3-contrib's tests (sb3_contrib/common/envs/invalid_actions_env.py):
 * at every step all but some options of each choice are invalid, the right one never. With 70 options and 55 of them
 * invalid a random choice among the valid ones earns 6.7 of 100; whoever ignores the mask needs far longer to learn it.
 *
 * Differences: the observation is the one-hot code of the state; an invalid action throws, as it must never get here.
 */

export interface InvalidActionsOptions {
  readonly actions: readonly number[];
  /** Invalid options of each choice, fewer than it has. */
  readonly invalid: readonly number[];
  readonly episodeSteps?: number;
}

export class InvalidActions implements Environment {
  readonly observationSize: number;
  readonly actions: readonly number[];
  readonly masked = true;
  readonly #invalid: readonly number[];
  readonly #episodeSteps: number;
  readonly #random = new RandomStream(0);
  readonly #state: Int32Array;
  readonly #mask: Uint8Array;
  #elapsed = 0;
  readonly #step = { reward: 0, terminated: false, truncated: false };

  constructor({ actions, invalid, episodeSteps = 100 }: InvalidActionsOptions) {
    if (invalid.length !== actions.length || invalid.some((count, choice) => count >= actions[choice]!))
      throw new RangeError(`${invalid} invalid options of ${actions}`);
    this.actions = actions;
    this.observationSize = optionsOf(actions);
    this.#invalid = invalid;
    this.#episodeSteps = episodeSteps;
    this.#state = new Int32Array(actions.length);
    this.#mask = new Uint8Array(this.observationSize);
  }

  reset(observation: Float32Array, seed?: number): void {
    if (seed !== undefined) this.#random.restore(new RandomStream(seed).state);
    this.#elapsed = 0;
    this.#next(observation);
  }

  step(action: Int32Array, observation: Float32Array): Step {
    const step = this.#step;
    let at = 0;
    step.reward = 1;
    for (let choice = 0; choice < this.actions.length; choice++) {
      if (this.#mask[at + action[choice]!] !== 1)
        throw new RangeError(`option ${action[choice]} of choice ${choice} is not valid`);
      if (action[choice] !== this.#state[choice]) step.reward = 0;
      at += this.actions[choice]!;
    }
    step.truncated = ++this.#elapsed >= this.#episodeSteps;
    this.#next(observation);
    return step;
  }

  writeMask(mask: Uint8Array): void {
    mask.set(this.#mask);
  }

  save(): SavedState {
    return {
      random: this.#random.state,
      state: this.#state.slice(),
      mask: this.#mask.slice(),
      elapsed: this.#elapsed,
    };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'invalidActions.');
    this.#random.restore(fields.random('random'));
    fields.into('state', this.#state);
    fields.into('mask', this.#mask);
    this.#elapsed = fields.number('elapsed');
  }

  #next(observation: Float32Array): void {
    observation.fill(0);
    this.#mask.fill(1);
    let at = 0;
    for (let choice = 0; choice < this.actions.length; choice++) {
      const options = this.actions[choice]!;
      const state = this.#random.integer(options);
      this.#state[choice] = state;
      observation[at + state] = 1;
      for (let left = this.#invalid[choice]!; left > 0; ) {
        const option = this.#random.integer(options);
        if (option === state || this.#mask[at + option] === 0) continue;
        this.#mask[at + option] = 0;
        left--;
      }
      at += options;
    }
  }
}
