import { type Environment, type EnvironmentShape, optionsOf, type Step } from './environment.ts';
import type { SavedValue } from './saved-state.ts';

/** Options of one choice of all combinations of several. */
export function combinationsOf(actions: readonly number[]): number {
  return actions.reduce((product, options) => product * options, 1);
}

/** The choices [choices] that a combination stands for; the last choice counts fastest. */
export function combinationToChoices(
  combination: number,
  actions: readonly number[],
  choices: Int32Array,
): void {
  let left = combination;
  for (let choice = actions.length - 1; choice >= 0; choice--) {
    const options = actions[choice]!;
    choices[choice] = left % options;
    left = Math.floor(left / options);
  }
}

/** Writes 1 for each combination of valid options, else 0: [product of options]. @param mask [sum of options] */
export function writeCombinationMask(
  mask: ArrayLike<number>,
  actions: readonly number[],
  choices: Int32Array,
  to: Uint8Array,
): void {
  for (let combination = 0; combination < to.length; combination++) {
    combinationToChoices(combination, actions, choices);
    let at = 0;
    let valid = 1;
    for (let choice = 0; choice < actions.length; choice++) {
      valid &= mask[at + choices[choice]!]!;
      at += actions[choice]!;
    }
    to[combination] = valid;
  }
}

/**
 * An environment of several independent choices as one of a single choice of all their combinations, which Q-learning asks for:
 * MultiDiscrete [5, 5, 3] becomes Discrete(75).
 */
export class FlattenedActions implements Environment {
  readonly observationSize: number;
  readonly actions: readonly number[];
  readonly masked: boolean;
  readonly writeMask?: (mask: Uint8Array) => void;
  readonly #inner: Environment;
  readonly #choices: Int32Array;

  constructor(inner: Environment) {
    const { observationSize, actions, masked }: EnvironmentShape = inner;
    this.#inner = inner;
    this.observationSize = observationSize;
    this.actions = [combinationsOf(actions)];
    this.masked = masked;
    this.#choices = new Int32Array(actions.length);
    if (!masked) return;
    const mask = new Uint8Array(optionsOf(actions));
    const choices = new Int32Array(actions.length);
    this.writeMask = (to) => {
      inner.writeMask!(mask);
      writeCombinationMask(mask, actions, choices, to);
    };
  }

  reset(observation: Float32Array, seed?: number): void {
    this.#inner.reset(observation, seed);
  }

  step(action: Int32Array, observation: Float32Array): Step {
    combinationToChoices(action[0]!, this.#inner.actions, this.#choices);
    return this.#inner.step(this.#choices, observation);
  }

  save(): SavedValue {
    return this.#inner.save();
  }

  restore(saved: SavedValue): void {
    this.#inner.restore(saved);
  }
}
