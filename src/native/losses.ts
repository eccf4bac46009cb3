/**
 * One or several independent categorical choices ("MultiDiscrete") over one row of logits: `actions` holds the number
 * of options of each choice; a row has as many logits and mask entries as their sum, and as many actions as choices.
 * Masks hold 0 for what may not be chosen; left out (undefined), everything may. A choice without any valid option
 * throws a RangeError that names its row. Log-probability and entropy of a row are sums over its choices.
 */
export interface NativeCategorical {
  /** Draws by inversion: `uniforms` [rows][choices], each in [0, 1). Fills actions and log-probabilities. */
  sample(
    logits: Float32Array,
    masks: Uint8Array | undefined,
    rows: number,
    uniforms: Float64Array,
    actions: Int32Array,
    logProbabilities: Float32Array,
  ): void;
  /** The most probable valid option of each choice (the first of equals). */
  greedy(logits: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void;
  /** log p of every option [rows][sum of options]; -Infinity where masked. */
  logProbabilities(
    logits: Float32Array,
    masks: Uint8Array | undefined,
    rows: number,
    result: Float32Array,
  ): void;
  /** log p of given actions, and the entropy, one a row. */
  evaluate(
    logits: Float32Array,
    masks: Uint8Array | undefined,
    rows: number,
    actions: Int32Array,
    logProbabilities: Float32Array,
    entropies: Float32Array,
  ): void;
  /** Gradient with respect to the logits of sum over rows of (forLogProbability * log p + forEntropy * entropy). */
  gradient(
    logits: Float32Array,
    masks: Uint8Array | undefined,
    rows: number,
    actions: Int32Array,
    forLogProbability: Float32Array,
    forEntropy: Float32Array,
    result: Float32Array,
  ): void;
}

/** Losses on plain arrays. Each returns the loss and writes its gradient. float32 arrays, sums in float64. */
export interface NativeLosses {
  /** mean of w * smooth-L1(prediction - target); beta * smooth-L1 is the Huber loss. */
  smoothL1(
    predictions: Float32Array,
    targets: Float32Array,
    weights: Float32Array | undefined,
    count: number,
    beta: number,
    gradients: Float32Array,
  ): number;
  /** mean of w * (prediction - target)^2. */
  meanSquared(
    predictions: Float32Array,
    targets: Float32Array,
    weights: Float32Array | undefined,
    count: number,
    gradients: Float32Array,
  ): number;
  /**
   * QR-DQN: abs(tau_i - [u < 0]) * huber1(u), u = target_j - current_i, tau_i = (i + 0.5) / quantiles; mean over targets
   * and rows, sum over i (`sumOverQuantiles`) or mean. `current` [rows][quantiles], `targets` [rows][targetQuantiles].
   */
  quantileHuber(
    current: Float32Array,
    targets: Float32Array,
    weights: Float32Array | undefined,
    rows: number,
    quantiles: number,
    targetQuantiles: number,
    sumOverQuantiles: boolean,
    gradients: Float32Array,
  ): number;
  /**
   * Q = V + A - mean(A). `streams` [rows][1 + actions][quantiles], V first; `values` [rows][actions][quantiles]. The mean
   * is over all actions, masked or not, as it must be the same function whatever the mask.
   */
  duelingForward(
    streams: Float32Array,
    rows: number,
    actions: number,
    quantiles: number,
    values: Float32Array,
  ): void;
  duelingBackward(
    valueGradients: Float32Array,
    rows: number,
    actions: number,
    quantiles: number,
    streamGradients: Float32Array,
  ): void;
  /**
   * target = reward + discount * targetNext[argmax over valid of onlineNext]; `discounts` holds gamma^k and 0 where the
   * episode terminated. Give the same array twice for the plain target. Without a valid action the bootstrap is 0
   * and the argmax -1. All next values are [rows][actions].
   */
  dqnTargets(
    onlineNext: Float32Array,
    targetNext: Float32Array,
    nextMasks: Uint8Array | undefined,
    rewards: Float32Array,
    discounts: Float32Array,
    rows: number,
    actions: number,
    targets: Float32Array,
    chosen: Int32Array,
  ): void;
  ppo(options: PpoLossOptions): PpoLoss;
  sacDiscrete(options: SacLossOptions): SacLoss;
}

/** 'squared': mean (v-R)^2. 'clipped': mean (clipped v-R)^2 (SB3). 'greatest': 1/2 mean max of both (baselines, CleanRL). */
export type ValueLoss = 'squared' | 'clipped' | 'greatest';

export interface PpoLossOptions {
  readonly rows: number;
  /** Options of each choice. */
  readonly actions: readonly number[];
  readonly logits: Float32Array;
  readonly masks?: Uint8Array;
  readonly chosen: Int32Array;
  readonly oldLogProbabilities: Float32Array;
  readonly advantages: Float32Array;
  readonly values: Float32Array;
  readonly oldValues: Float32Array;
  readonly returns: Float32Array;
  readonly normaliseAdvantages: boolean;
  readonly valueLoss: ValueLoss;
  readonly clip: number;
  readonly valueClip: number;
  readonly valueCoefficient: number;
  readonly entropyCoefficient: number;
  /** Written. */
  readonly logitGradients: Float32Array;
  /** Written. */
  readonly valueGradients: Float32Array;
}

export interface PpoLoss {
  readonly loss: number;
  readonly policyLoss: number;
  readonly valueLoss: number;
  readonly entropy: number;
  /** mean((r - 1) - log r). */
  readonly approximateKl: number;
  readonly clipFraction: number;
}

export interface SacLossOptions {
  readonly rows: number;
  readonly actions: number;
  readonly logits: Float32Array;
  readonly masks?: Uint8Array;
  readonly nextLogits: Float32Array;
  readonly nextMasks?: Uint8Array;
  readonly critic1: Float32Array;
  readonly critic2: Float32Array;
  readonly nextTarget1: Float32Array;
  readonly nextTarget2: Float32Array;
  readonly rewards: Float32Array;
  /** gamma^k, 0 where terminated. */
  readonly discounts: Float32Array;
  readonly chosen: Int32Array;
  readonly logTemperature: number;
  /** Times the logarithm of the number of valid actions; 0.98 is usual. */
  readonly targetEntropyShare: number;
  /** Written, [rows][actions] each; `targets` [rows]. */
  readonly targets: Float32Array;
  readonly critic1Gradients: Float32Array;
  readonly critic2Gradients: Float32Array;
  readonly logitGradients: Float32Array;
}

export interface SacLoss {
  readonly criticLoss: number;
  readonly actorLoss: number;
  readonly entropy: number;
  /** alpha * mean(entropy - target entropy); its gradient with respect to log alpha is the same number. */
  readonly temperatureLoss: number;
}
