import type { NativeCategorical, NativeLosses } from './losses.ts';
import type {
  InstructionSet,
  NativeNetwork,
  NativeNormaliser,
  NativeOptimiser,
  NativeRewardNormaliser,
  NetworkOptions,
  NormaliserOptions,
  OptimiserOptions,
  RewardNormaliserOptions,
} from './network.ts';
import type { NativeReplay, NativeTransitionBatch, ReplayOptions, TransitionBatchOptions } from './replay.ts';
import type { NativeRollout, RolloutOptions } from './rollout.ts';
import type {
  A2cUpdateOptions,
  DqnUpdateOptions,
  NativeA2cUpdate,
  NativeDqnUpdate,
  NativePpoUpdate,
  NativeSacUpdate,
  PpoUpdateOptions,
  SacUpdateOptions,
} from './updates.ts';

/** The learner's part of the addon. Nothing here calls back into JavaScript or allocates per step; objects belong to the thread that made them. */
export interface NativeLearner {
  /** Kernel sets that this processor runs, the narrowest first. */
  instructionSets(): readonly InstructionSet[];
  /**
   * Arithmetic peak of one core: runs a register-blocked loop of multiply-adds in the given set for about the time
   * asked for, and returns the operations (2 a multiply-add) a second of CPU time.
   */
  measurePeak(set: InstructionSet, seconds: number): number;
  readonly Network: new (options: NetworkOptions) => NativeNetwork;
  readonly Optimiser: new (options: OptimiserOptions) => NativeOptimiser;
  readonly Normaliser: new (options: NormaliserOptions) => NativeNormaliser;
  readonly RewardNormaliser: new (options: RewardNormaliserOptions) => NativeRewardNormaliser;
  readonly Categorical: new (options: { readonly actions: readonly number[] }) => NativeCategorical;
  readonly losses: NativeLosses;
  readonly TransitionBatch: new (options: TransitionBatchOptions) => NativeTransitionBatch;
  readonly Replay: new (options: ReplayOptions) => NativeReplay;
  readonly Rollout: new (options: RolloutOptions) => NativeRollout;
  readonly DqnUpdate: new (options: DqnUpdateOptions) => NativeDqnUpdate;
  readonly PpoUpdate: new (options: PpoUpdateOptions) => NativePpoUpdate;
  readonly A2cUpdate: new (options: A2cUpdateOptions) => NativeA2cUpdate;
  readonly SacUpdate: new (options: SacUpdateOptions) => NativeSacUpdate;
}
