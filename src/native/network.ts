/** Names of the compiled kernel sets. `loadAddon().instructionSets()` tells which of them this processor runs. */
export type InstructionSet = 'baseline' | 'avx2' | 'avx512';

export interface NetworkOptions {
  /** Numbers a row of the input holds. */
  readonly inputs: number;
  /** Width of each hidden layer; may be empty (one linear layer). */
  readonly hidden: readonly number[];
  readonly outputs: number;
  /** Of the hidden layers; the output layer is linear. */
  readonly activation: 'relu' | 'tanh';
  /** Kernels to use; the widest that the processor has where left out. */
  readonly instructionSet?: InstructionSet;
}

/**
 * A dense network in float32. Every array here is over native memory, 64-byte aligned, and lives as long as somebody
 * holds it. Layer by layer `parameters` holds the weights, row-major [inputs of the layer][outputs of the layer]
 * (y = x W + b), then the bias; `gradients` has the same layout.
 *
 * One sum is always taken in the same order, so results are the same bits from `avx2` and `avx512`; `baseline` has
 * no fused multiply-add and differs in the last bits.
 *
 * Arguments of the wrong type or too short throw a TypeError ("expected ..., got ..."); nothing is changed then.
 */
export interface NativeNetwork {
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** The first `rows` rows of `inputs` [rows][inputs] to `outputs` [rows][outputs]. `rows` may be 0. */
  forward(inputs: Float32Array, rows: number, outputs: Float32Array): void;
  /**
   * Writes (or adds to, where `accumulate`) `gradients`; must follow a `forward` of the same inputs and rows, with the
   * same parameters, else an Error is thrown (rows) or the result is meaningless (inputs). `outputGradients` is
   * [rows][outputs]; `inputGradients` [rows][inputs] is written where given.
   */
  backward(
    inputs: Float32Array,
    outputGradients: Float32Array,
    rows: number,
    inputGradients?: Float32Array,
    accumulate?: boolean,
  ): void;
  /** parameters = share * other + (1 - share) * parameters; share 1, the default, copies. Shapes must be equal. */
  copyFrom(other: NativeNetwork, share?: number): void;
}

export type OptimiserOptions = {
  /** All of them are stepped together; the norm that is clipped is over all their gradients. */
  readonly networks: readonly NativeNetwork[];
} & (
  | {
      readonly kind: 'adam';
      /** Default 0.9. */
      readonly beta1?: number;
      /** Default 0.999. */
      readonly beta2?: number;
      /** Outside the root, after the bias correction; default 1e-8. */
      readonly epsilon?: number;
    }
  | {
      readonly kind: 'rmsprop';
      /** 'torch': state from 0, g / (sqrt(s) + eps). 'tensorflow': state from 1, g / sqrt(s + eps). */
      readonly style: 'torch' | 'tensorflow';
      /** Default 0.99. */
      readonly alpha?: number;
      /** Default 1e-5. */
      readonly epsilon?: number;
    }
);

export interface NativeOptimiser {
  /** Adam: the first moments of all networks, one after the other. RMSprop: empty. */
  readonly firstMoments: Float32Array;
  /** Adam: the second moments. RMSprop: the running mean of squares. */
  readonly secondMoments: Float32Array;
  /** Steps taken; settable, to go on from a checkpoint. */
  steps: number;
  /** Scales the gradients by min(1, maxNorm / (norm + 1e-6)); returns the norm before that. */
  clip(maxNorm: number): number;
  /**
   * One step along the gradients, clipped first where `maxNorm` is given. Returns the norm before the clip, NaN
   * where `maxNorm` is not given (it is not computed then).
   */
  step(learningRate: number, maxNorm?: number): number;
}

/** Running mean and variance of rows (Welford, batches joined by Chan's rule), in float64. */
export interface NativeNormaliser {
  /** [rows seen, mean of each column, sum of squared deviations of each column]; write it to restore a checkpoint. */
  readonly state: Float64Array;
  /** Takes `rows` rows of `values` [rows][size] into the statistics. */
  update(values: Float32Array, rows: number): void;
  /** to = clamp((from - mean) / sqrt(variance + epsilon), -clip, clip), variance over all rows seen; may be in place. */
  apply(from: Float32Array, to: Float32Array, rows: number): void;
}

export interface NormaliserOptions {
  readonly size: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Default 10. */
  readonly clip?: number;
}

/** Divides rewards by the running standard deviation of the discounted return, as VecNormalize does. */
export interface NativeRewardNormaliser {
  /** [count, mean, sum of squared deviations, discounted return of each environment]. */
  readonly state: Float64Array;
  /**
   * One step of all environments, in place: return = gamma * return + reward; statistics; reward / sqrt(variance +
   * epsilon), clamped; the return of an environment whose `ended` is not 0 starts anew.
   */
  apply(rewards: Float32Array, ended: Uint8Array): void;
}

export interface RewardNormaliserOptions {
  readonly environments: number;
  readonly gamma: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Default 10. */
  readonly clip?: number;
}
