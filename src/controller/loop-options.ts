import type { DecisionMode } from '../history/decision-record.ts';
import type { Logger } from '../util/log.ts';
import type { RandomSource } from '../util/rng.ts';
import type { Milliseconds } from '../util/units.ts';
import type { Decider } from './decider.ts';
import type {
  Actor,
  ClusterBook,
  DecisionSink,
  Leadership,
  LoopTime,
  PauseSource,
  PendingPod,
  PendingPods,
  SleepingNodes,
} from './ports.ts';

/** Where a pod goes. */
export type PodDecider = Pick<Decider, 'decide' | 'policyName'>;

export interface PlacementLoopOptions {
  readonly pods: PendingPods;
  readonly book: ClusterBook;
  readonly decider: PodDecider;
  readonly actor: Actor;
  readonly leadership: Leadership;
  readonly paused: PauseSource;
  /** Left out: every node of the book is awake. */
  readonly sleeping?: SleepingNodes;
  /** The node that a pod is meant for by an earlier plan, where it can have it; left out: none is. */
  readonly intended?: (pod: PendingPod) => string | undefined;
  readonly sink: DecisionSink;
  readonly time: LoopTime;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly mode: DecisionMode;
  /** Where the program itself runs. */
  readonly ownNamespace: string;
  /** From creation until a pod without slack is freed unmodified. */
  readonly deadlineMilliseconds: Milliseconds;
  /** The most slack that a pod is given, whatever it says. */
  readonly longestSlackMilliseconds: Milliseconds;
  /** Writes on their way at a time; as many again for pods that have to be freed. */
  readonly mostInFlight: number;
}
