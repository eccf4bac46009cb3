import type { Config } from '../../config/config.ts';
import type { Decider } from '../../controller/decider.ts';
import type { LiveCluster } from '../../controller/live-cluster.ts';
import type { DecisionSink, Leadership, LoopTime, PauseSource } from '../../controller/ports.ts';
import type { Intentions } from '../../controller/replacement/intentions.ts';
import type { WakeRequests } from '../../controller/sleep/wake-requests.ts';
import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import type { Actor } from '../../kubernetes/bind-decision.ts';
import type { ClusterWatcher } from '../../kubernetes/cluster-watcher.ts';
import type { EventRecorder } from '../../kubernetes/event-recorder.ts';
import type { GuardedWrites } from '../../kubernetes/guarded-patch.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { ServerFeatures } from '../../kubernetes/server-features.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Service } from '../supervisor.ts';
import type { NodeEnergy } from './node-energy.ts';

/** What serves one live cluster: what runs beside the placement loop is made from it. */
export interface LiveParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly time: LoopTime;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  /** Of this process alone, as the lease names it. */
  readonly identity: string;
  /** `IDENTITY#FENCING-TOKEN` of the present term. */
  readonly decidedBy: () => string;
  readonly api: KubeApi;
  readonly features: ServerFeatures;
  /** Has told all that there is. */
  readonly watcher: ClusterWatcher;
  readonly book: LiveCluster;
  readonly decider: Decider;
  /** Where the loop asks for nodes that sleep. */
  readonly wakeRequests: WakeRequests;
  /** Where pods are meant to go that come in place of evicted ones. */
  readonly intentions: Intentions;
  readonly leadership: Leadership;
  readonly paused: PauseSource;
  /** Writes that stop when the lease is lost. */
  readonly guard: GuardedWrites;
  readonly writer: Actor;
  readonly events: EventRecorder;
  /** Keeps decisions, and tells of those that were acted on by events. */
  readonly sink: DecisionSink;
  /** Keeps pods' lives and nodes' energy; undefined where there is no history. */
  readonly records: ClusterRecordSink | undefined;
  /** Joules of the nodes, CPU use of the pods. */
  readonly energy: NodeEnergy;
}

/** Makes what runs beside the loop, or undefined where the configuration does not ask for it. Starts nothing. */
export type Extra = (parts: LiveParts) => Service | undefined;
