import { type Environment, type EnvironmentBatch, optionsOf } from './environment.ts';
import { errors } from './errors.ts';
import { SavedFields, type SavedState, type SavedValue } from './saved-state.ts';

/**
 * Environments of one shape, stepped one after the other in this thread.
 *
 * Every value that comes out of them is looked at: a reward or an observation that is not finite throws
 * KISIM_E_LEARNING_ENVIRONMENT, as does a choice without any valid option; a learner would carry it into its weights.
 *
 * @example
 * const environments = new VectorEnvironment(Array.from({ length: 8 }, () => new CartPole()));
 * environments.reset(1);
 * environments.step(new Int32Array(8)); // all push to the left
 * environments.rewards; // eight times 1
 */
export class VectorEnvironment implements EnvironmentBatch {
  readonly count: number;
  readonly observationSize: number;
  readonly actions: readonly number[];
  readonly masked: boolean;
  readonly observations: Float32Array;
  readonly masks: Uint8Array;
  readonly nextObservations: Float32Array;
  readonly nextMasks: Uint8Array;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly endedReturns: Float64Array;
  readonly endedLengths: Int32Array;
  readonly #environments: readonly Environment[];
  readonly #returns: Float64Array;
  readonly #lengths: Int32Array;
  /** Windows on one row each, made once: no allocation in a step. */
  readonly #observationRows: readonly Float32Array[];
  readonly #maskRows: readonly Uint8Array[];
  readonly #nextObservationRows: readonly Float32Array[];
  readonly #nextMaskRows: readonly Uint8Array[];
  readonly #action: Int32Array;

  constructor(environments: readonly Environment[]) {
    const [first] = environments;
    if (first === undefined) throw new RangeError('no environment');
    const { observationSize, actions, masked } = first;
    for (const other of environments)
      if (
        other.observationSize !== observationSize ||
        other.masked !== masked ||
        JSON.stringify(other.actions) !== JSON.stringify(actions)
      )
        throw new RangeError('environments of one batch must have one shape');
    const count = environments.length;
    const options = optionsOf(actions);
    this.#environments = environments;
    this.count = count;
    this.observationSize = observationSize;
    this.actions = actions;
    this.masked = masked;
    this.observations = new Float32Array(count * observationSize);
    this.nextObservations = new Float32Array(count * observationSize);
    this.masks = new Uint8Array(count * options).fill(1);
    this.nextMasks = new Uint8Array(count * options).fill(1);
    this.rewards = new Float32Array(count);
    this.terminated = new Uint8Array(count);
    this.truncated = new Uint8Array(count);
    this.endedReturns = new Float64Array(count);
    this.endedLengths = new Int32Array(count);
    this.#returns = new Float64Array(count);
    this.#lengths = new Int32Array(count);
    this.#observationRows = rows(this.observations, count, observationSize);
    this.#nextObservationRows = rows(this.nextObservations, count, observationSize);
    this.#maskRows = rows(this.masks, count, options);
    this.#nextMaskRows = rows(this.nextMasks, count, options);
    this.#action = new Int32Array(actions.length);
  }

  /** Begins anew in all of them, environment i from seed + i. */
  reset(seed: number): void {
    for (let i = 0; i < this.count; i++) {
      this.#environments[i]!.reset(this.#observationRows[i]!, seed + i);
      this.#look(i, this.#observationRows[i]!, this.#maskRows[i]!);
    }
    this.nextObservations.set(this.observations);
    this.nextMasks.set(this.masks);
    for (const array of [this.rewards, this.terminated, this.truncated]) array.fill(0);
    for (const array of [this.endedReturns, this.endedLengths, this.#returns, this.#lengths]) array.fill(0);
  }

  step(actions: Int32Array): void {
    const choices = this.actions.length;
    for (let i = 0; i < this.count; i++) {
      const environment = this.#environments[i]!;
      for (let c = 0; c < choices; c++) this.#action[c] = actions[i * choices + c]!;
      const { reward, terminated, truncated } = environment.step(this.#action, this.#nextObservationRows[i]!);
      if (!Number.isFinite(reward))
        throw errors.KISIM_E_LEARNING_ENVIRONMENT(`a reward of ${reward} in environment ${i}`);
      this.rewards[i] = reward;
      this.terminated[i] = terminated ? 1 : 0;
      this.truncated[i] = truncated && !terminated ? 1 : 0;
      this.#returns[i]! += reward;
      this.#lengths[i]!++;
      this.#look(i, this.#nextObservationRows[i]!, this.#nextMaskRows[i]!, terminated);
      if (terminated || truncated) {
        this.endedReturns[i] = this.#returns[i]!;
        this.endedLengths[i] = this.#lengths[i]!;
        this.#returns[i] = 0;
        this.#lengths[i] = 0;
        environment.reset(this.#observationRows[i]!);
        this.#look(i, this.#observationRows[i]!, this.#maskRows[i]!);
      }
    }
    this.#carryOn();
  }

  save(): SavedState {
    return {
      environments: this.#environments.map((environment) => environment.save()),
      observations: this.observations.slice(),
      masks: this.masks.slice(),
      returns: this.#returns.slice(),
      lengths: this.#lengths.slice(),
    };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'environments.');
    const states = fields.list('environments');
    if (states.length !== this.count)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${states.length} environments saved, ${this.count} here`);
    this.#environments.forEach((environment, i) => {
      environment.restore(states[i]!);
    });
    fields.into('observations', this.observations);
    fields.into('masks', this.masks);
    fields.into('returns', this.#returns);
    fields.into('lengths', this.#lengths);
    this.nextObservations.set(this.observations);
    this.nextMasks.set(this.masks);
  }

  /** Where no episode ended, what the step led to is what to act on next. */
  #carryOn(): void {
    const { count, observationSize: size, masked } = this;
    const options = this.masks.length / count;
    for (let i = 0; i < count; i++) {
      if (this.terminated[i] === 1 || this.truncated[i] === 1) continue;
      for (let j = i * size; j < (i + 1) * size; j++) this.observations[j] = this.nextObservations[j]!;
      if (!masked) continue;
      for (let j = i * options; j < (i + 1) * options; j++) this.masks[j] = this.nextMasks[j]!;
    }
  }

  /** Reads the mask and refuses what must not reach a learner. After the end of a task no option needs to be valid. */
  #look(i: number, observation: Float32Array, mask: Uint8Array, over = false): void {
    for (let j = 0; j < observation.length; j++)
      if (!Number.isFinite(observation[j]!))
        throw errors.KISIM_E_LEARNING_ENVIRONMENT(
          `an observation with ${observation[j]} at place ${j} in environment ${i}`,
        );
    if (!this.masked) return;
    const environment = this.#environments[i]!;
    if (environment.writeMask === undefined)
      throw errors.KISIM_E_LEARNING_ENVIRONMENT(`environment ${i} is masked and has no mask`);
    environment.writeMask(mask);
    if (over) return;
    let at = 0;
    for (let c = 0; c < this.actions.length; c++) {
      const end = at + this.actions[c]!;
      let valid = 0;
      for (; at < end; at++) valid += mask[at]!;
      if (valid === 0)
        throw errors.KISIM_E_LEARNING_ENVIRONMENT(`no valid option for choice ${c} in environment ${i}`);
    }
  }
}

function rows<T extends Float32Array | Uint8Array>(array: T, count: number, size: number): readonly T[] {
  return Array.from({ length: count }, (_, i) => array.subarray(i * size, (i + 1) * size) as T);
}
