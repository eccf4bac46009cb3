import type { EnvironmentBatch } from '../environment.ts';
import { SavedFields, type SavedState, type SavedValue } from '../saved-state.ts';

/**
 * Gives a value network something to read where the policy network is shared over rows: the mean of the rows that may be chosen,
 * and the least and greatest of each number in them. Whatever order the rows are in, it is the same.
 */
export class PooledValues implements EnvironmentBatch {
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
  readonly valueObservations: Float32Array;
  readonly nextValueObservations: Float32Array;
  readonly #inner: EnvironmentBatch;
  readonly #rows: number;
  readonly #width: number;

  /** @param rows of an observation; one for each action */
  constructor(inner: EnvironmentBatch, rows: number) {
    this.#inner = inner;
    this.#rows = rows;
    this.#width = inner.observationSize / rows;
    this.count = inner.count;
    this.observationSize = inner.observationSize;
    this.actions = inner.actions;
    this.masked = inner.masked;
    this.observations = inner.observations;
    this.masks = inner.masks;
    this.nextObservations = inner.nextObservations;
    this.nextMasks = inner.nextMasks;
    this.rewards = inner.rewards;
    this.terminated = inner.terminated;
    this.truncated = inner.truncated;
    this.endedReturns = inner.endedReturns;
    this.endedLengths = inner.endedLengths;
    this.valueObservations = new Float32Array(this.count * 3 * this.#width);
    this.nextValueObservations = new Float32Array(this.count * 3 * this.#width);
  }

  reset(seed: number): void {
    this.#inner.reset(seed);
    this.#pool(this.observations, this.masks, this.valueObservations);
    this.nextValueObservations.set(this.valueObservations);
  }

  step(actions: Int32Array): void {
    this.#inner.step(actions);
    this.#pool(this.nextObservations, this.nextMasks, this.nextValueObservations);
    this.valueObservations.set(this.nextValueObservations);
    for (let i = 0; i < this.count; i++)
      if (this.terminated[i] === 1 || this.truncated[i] === 1)
        this.#poolOne(this.observations, this.masks, this.valueObservations, i);
  }

  save(): SavedState {
    return { inner: this.#inner.save() };
  }

  restore(saved: SavedValue): void {
    this.#inner.restore(new SavedFields(saved, 'pooled.').value('inner'));
    this.#pool(this.observations, this.masks, this.valueObservations);
    this.nextValueObservations.set(this.valueObservations);
  }

  #pool(observations: Float32Array, masks: Uint8Array, out: Float32Array): void {
    for (let i = 0; i < this.count; i++) this.#poolOne(observations, masks, out, i);
  }

  #poolOne(observations: Float32Array, masks: Uint8Array, out: Float32Array, i: number): void {
    const rows = this.#rows;
    const width = this.#width;
    const to = i * 3 * width;
    out.fill(0, to, to + 3 * width);
    let count = 0;
    for (let row = 0; row < rows; row++) {
      if (masks[i * rows + row] !== 1) continue;
      const from = i * this.observationSize + row * width;
      const isFirst = count++ === 0;
      for (let k = 0; k < width; k++) {
        const value = observations[from + k]!;
        out[to + k]! += value;
        if (isFirst || value < out[to + width + k]!) out[to + width + k] = value;
        if (isFirst || value > out[to + 2 * width + k]!) out[to + 2 * width + k] = value;
      }
    }
    if (count > 1) for (let k = 0; k < width; k++) out[to + k]! /= count;
  }
}
