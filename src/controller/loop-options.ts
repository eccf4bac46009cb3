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
  PendingPods,
} from './ports.ts';

export interface PlacementLoopOptions {
  readonly pods: PendingPods;
  readonly book: ClusterBook;
  readonly decider: Decider;
  readonly actor: Actor;
  readonly leadership: Leadership;
  readonly paused: PauseSource;
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
