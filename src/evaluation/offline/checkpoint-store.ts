import type { ReplayState } from './replay-state.ts';

/** Pods of a list between two checkpoints. */
export const STRIDE = 16;

const FIELDS = 16;

/** States of one node along a replay: number i, from 1, is as the pod at place i x STRIDE of the list arrives. */
export class CheckpointStore {
  count = 0;
  #fields = new Float64Array(8 * FIELDS);
  /** Where the running pods of each checkpoint begin; one more than checkpoints. */
  #offsets = new Int32Array(9);
  #pods = new Int32Array(256);
  #ends = new Float64Array(256);
  #late = new Int32Array(256);

  clear(): void {
    this.count = 0;
  }

  record(state: ReplayState, burnt: number): void {
    const { running, heap, ends, late } = state;
    if ((this.count + 1) * FIELDS > this.#fields.length) this.#grow();
    const from = this.#offsets[this.count]!;
    while (from + running > this.#pods.length) this.#growPods();
    for (let i = 0; i < running; i++) {
      const pod = heap[i + 1]!;
      this.#pods[from + i] = pod;
      this.#ends[from + i] = ends[pod]!;
      this.#late[from + i] = late[pod]!;
    }
    const at = this.count * FIELDS;
    const fields = this.#fields;
    fields[at] = state.freeCpu;
    fields[at + 1] = state.freeMemory;
    fields[at + 2] = state.use;
    fields[at + 3] = state.bookedUse;
    fields[at + 4] = state.watts;
    fields[at + 5] = state.active;
    fields[at + 6] = state.since;
    fields[at + 7] = state.awakeAt;
    fields[at + 8] = state.emptySince;
    fields[at + 9] = state.onSeconds;
    fields[at + 10] = state.sleepSeconds;
    fields[at + 11] = state.wakeSeconds;
    fields[at + 12] = state.isFresh ? 1 : 0;
    fields[at + 13] = state.markA;
    fields[at + 14] = state.markB;
    fields[at + 15] = burnt;
    this.#offsets[++this.count] = from + running;
  }

  load(index: number, state: ReplayState): void {
    const from = this.#offsets[index - 1]!;
    const running = this.#offsets[index]! - from;
    for (let i = 0; i < running; i++) {
      const pod = this.#pods[from + i]!;
      state.heap[i + 1] = pod;
      state.ends[pod] = this.#ends[from + i]!;
      state.late[pod] = this.#late[from + i]!;
    }
    const at = (index - 1) * FIELDS;
    const fields = this.#fields;
    state.running = running;
    state.freeCpu = fields[at]!;
    state.freeMemory = fields[at + 1]!;
    state.use = fields[at + 2]!;
    state.bookedUse = fields[at + 3]!;
    state.watts = fields[at + 4]!;
    state.active = fields[at + 5]!;
    state.since = fields[at + 6]!;
    state.awakeAt = fields[at + 7]!;
    state.emptySince = fields[at + 8]!;
    state.onSeconds = fields[at + 9]!;
    state.sleepSeconds = fields[at + 10]!;
    state.wakeSeconds = fields[at + 11]!;
    state.isFresh = fields[at + 12] === 1;
    state.markA = fields[at + 13]!;
    state.markB = fields[at + 14]!;
  }

  /** Whether what follows is the same as after the checkpoint. */
  equals(index: number, state: ReplayState): boolean {
    const at = (index - 1) * FIELDS;
    const fields = this.#fields;
    return (
      state.markA === fields[at + 13] &&
      state.markB === fields[at + 14] &&
      state.running === this.#offsets[index]! - this.#offsets[index - 1]! &&
      state.awakeAt === fields[at + 7] &&
      state.isFresh === (fields[at + 12] === 1) &&
      (state.running > 0 || state.emptySince === fields[at + 8])
    );
  }

  /** Joules up to a checkpoint. */
  burnt(index: number): number {
    return this.#fields[(index - 1) * FIELDS + 15]!;
  }

  #grow(): void {
    const fields = new Float64Array(2 * this.#fields.length);
    fields.set(this.#fields);
    this.#fields = fields;
    const offsets = new Int32Array(2 * this.#offsets.length);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }

  #growPods(): void {
    const pods = new Int32Array(2 * this.#pods.length);
    pods.set(this.#pods);
    this.#pods = pods;
    const ends = new Float64Array(2 * this.#ends.length);
    ends.set(this.#ends);
    this.#ends = ends;
    const late = new Int32Array(2 * this.#late.length);
    late.set(this.#late);
    this.#late = late;
  }
}
