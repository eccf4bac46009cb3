export interface RolloutOptions {
  readonly steps: number;
  readonly environments: number;
  /** Numbers an observation of the policy holds. */
  readonly inputs: number;
  /** Numbers an observation of the value network holds, where it is another one; 0: both read the same. */
  readonly valueInputs: number;
  /** Options of each choice. */
  readonly actions: readonly number[];
}

/**
 * What on-policy algorithms gather: arrays over native memory, time-major [steps][environments][...], written by the
 * caller (`array.set` or by index) and read by the fused updates. Row of step t in environment e: t * environments + e.
 */
export interface NativeRollout {
  readonly rows: number;
  readonly observations: Float32Array;
  /** The same array as `observations` where valueInputs is 0. */
  readonly valueObservations: Float32Array;
  /** [rows][sum of options], 1 = valid; all 1 at first. */
  readonly masks: Uint8Array;
  /** [rows][choices] */
  readonly actions: Int32Array;
  readonly logProbabilities: Float32Array;
  readonly values: Float32Array;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** Value of the true final observation; read only where truncated. */
  readonly finalValues: Float32Array;
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
  /** GAE into `advantages` and `returns`; `lastValues` [environments] are those of the observation after the last step. */
  computeAdvantages(lastValues: Float32Array, gamma: number, lambda: number): void;
}
