/** A minibatch of transitions over native memory, filled by a replay (or by hand) and read by the fused updates. */
export interface NativeTransitionBatch {
  readonly rows: number;
  /** [rows][inputs] */
  readonly observations: Float32Array;
  /** [rows][actions], 1 = valid. All 1 at first, and left so by a replay without masks. */
  readonly masks: Uint8Array;
  readonly actions: Int32Array;
  /** Of n steps, discounted. */
  readonly rewards: Float32Array;
  /** gamma^k with the k steps really summed; 0 where the last of them terminated. */
  readonly discounts: Float32Array;
  readonly nextObservations: Float32Array;
  readonly nextMasks: Uint8Array;
  /** Importance weights; 1 from uniform sampling. */
  readonly weights: Float32Array;
  /** Place of each row in the replay. */
  readonly indices: Int32Array;
  /** prediction - target of each row, written by an update. */
  readonly errors: Float32Array;
}

export interface TransitionBatchOptions {
  readonly rows: number;
  /** Numbers an observation holds. */
  readonly inputs: number;
  readonly actions: number;
}

export interface ReplayOptions {
  /** Transitions kept; the oldest is overwritten. */
  readonly capacity: number;
  readonly inputs: number;
  readonly actions: number;
  /** Whether masks are stored. */
  readonly masks: boolean;
  /** Environments that are stepped together: `add` takes one row of each. */
  readonly environments: number;
  /** n of the n-step return, at least 1. */
  readonly steps: number;
  readonly gamma: number;
  /** Left out: uniform sampling. */
  readonly prioritised?: {
    /** priority = (|error| + epsilon)^alpha */
    readonly alpha: number;
    readonly epsilon: number;
  };
}

/**
 * Ring buffer of n-step transitions. A transition is stored once its n-step return is known: after n steps, or at the
 * first terminated or truncated step, with gamma to the steps really summed. Truncation keeps the bootstrap (from the
 * observation passed as next, so pass the true final one, not that of the new episode), termination does not.
 */
export interface NativeReplay {
  /** Transitions that can be sampled. */
  readonly size: number;
  /** One step of every environment; arrays [environments][...]. Masks must be given if and only if masks are stored. */
  add(
    observations: Float32Array,
    masks: Uint8Array | undefined,
    actions: Int32Array,
    rewards: Float32Array,
    nextObservations: Float32Array,
    nextMasks: Uint8Array | undefined,
    terminated: Uint8Array,
    truncated: Uint8Array,
  ): void;
  /** Stores what still waits for its n steps, cut where the data ends (as at a truncation). */
  flush(): void;
  /**
   * Fills the batch. `uniforms` (one a row, in [0, 1)) choose the rows: uniform over what is stored, or stratified over
   * the sum tree with weights (size * P)^-beta divided by the greatest of the batch. Throws where it is empty.
   */
  sample(batch: NativeTransitionBatch, uniforms: Float64Array, beta: number): void;
  /** Sets the priorities of the batch's rows from its errors. Throws where the replay is not prioritised. */
  prioritise(batch: NativeTransitionBatch): void;
  /** Priority (already to the power of alpha) of one place, for tests and reports. */
  priority(index: number): number;
  /** Everything, to go on bit-identically from; only for a replay of the same options on the same byte order. */
  save(): Uint8Array;
  /** Throws where the bytes are not those of a replay of the same options; the replay is unchanged then. */
  restore(saved: Uint8Array): void;
}
