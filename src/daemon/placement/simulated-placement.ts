import { randomInt } from 'node:crypto';
import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { NodeEnergyCounters } from '../../cluster/node-energy.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { Config } from '../../config/config.ts';
import { Decider } from '../../controller/decider.ts';
import { PauseFile, pauseFilePath } from '../../controller/pause-file.ts';
import { PlacementLoop } from '../../controller/placement-loop.ts';
import type { DecisionSink, Leadership, LoopTime } from '../../controller/ports.ts';
import { RunRecorder } from '../../controller/run-recorder.ts';
import { SimulatedCluster } from '../../controller/simulated/simulated-cluster.ts';
import { simulatedNodes } from '../../controller/simulated/simulated-nodes.ts';
import { systemTime } from '../../controller/system-time.ts';
import type { SimulatedView, ViewedDecision } from '../../export/placement-view.ts';
import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import type { DecisionRecord } from '../../history/decision-record.ts';
import type { ModelChanges } from '../../policy/learned/learned-for-cluster.ts';
import { policyByName } from '../../policy/registry.ts';
import type { Logger } from '../../util/log.ts';
import { seededRandom } from '../../util/rng.ts';
import type { Joules, Milliseconds } from '../../util/units.ts';
import type { Service } from '../supervisor.ts';
import type { PlacementStatus } from './placement-status.ts';
import { liveModels, livePolicy, placementPolicies, policyStatus } from './policies.ts';
import { RecentDecisions } from './recent-decisions.ts';

export interface SimulatedPlacementOptions {
  readonly config: Config;
  readonly sink: DecisionSink;
  /** Keeps pods' lives and nodes' energy; undefined: nobody does. */
  readonly records?: ClusterRecordSink | undefined;
  readonly log: Logger;
  readonly time?: LoopTime;
  /** Everything that is drawn follows from it; drawn itself, and told in the log, where left out. */
  readonly seed?: number;
  /** Whose count grows when another model is put to use, and that counts learned decisions. */
  readonly modelChanges?: ModelChanges;
}

/** What pods are compared with where the configuration names no other rule: Kubernetes' own scheduler. */
const DEFAULT_TWIN = 'kube-scheduler';
/** Nothing real waits for a pause: a process that wakes seldom costs little. */
const PAUSE_LOOK_MILLISECONDS: Milliseconds = 2_000;
/** Nobody else is there. */
const always: Leadership = { isLeader: true, subscribe: () => () => undefined };

/**
 * The placement loop on a simulated cluster, for where there is no real one: the same loop, policies, records and pause file, and
 * `simulated` written on all that comes of it.
 */
export class SimulatedPlacement implements Service {
  readonly name = 'placement';
  /** There is nothing to wait for. */
  readonly synced: Promise<boolean> = Promise.resolve(true);
  readonly #config: Config;
  readonly #modelChanges: ModelChanges | undefined;
  readonly #log: Logger;
  readonly #seed: number;
  readonly #cluster: SimulatedCluster;
  readonly #decider: Decider;
  readonly #loop: PlacementLoop;
  readonly #pauseFile: PauseFile;
  readonly #recent: RecentDecisions;
  readonly #recorder: RunRecorder | undefined;
  #isOnePolicy = true;
  /** By the name of the last decision; `auto` may come to another one at any time. */
  #policyName: string | undefined;
  #state: 'connecting' | 'leading' | 'stopped' = 'connecting';

  /** @throws KISIM_E_POLICY_UNKNOWN, KISIM_E_CURVE_TABLE */
  constructor({
    config,
    sink,
    records,
    log,
    time = systemTime,
    seed = randomInt(2 ** 32),
    modelChanges,
  }: SimulatedPlacementOptions) {
    const { placement, history, kubernetes } = config;
    this.#config = config;
    this.#modelChanges = modelChanges;
    this.#log = log;
    this.#seed = seed;
    const policies = placementPolicies(placement, false, liveModels(config, modelChanges));
    const twins = new Set([placement.reference ?? DEFAULT_TWIN, DEFAULT_TWIN]);
    this.#cluster = new SimulatedCluster({
      time,
      nodes: simulatedNodes(),
      seed,
      isGated: placement.mode === 'act',
      twins: [...twins].map((name) => policyByName(name)),
      twinFailed: (policy, error) => log.error('simulated-twin-lost', { policy, error }),
    });
    const { book } = this.#cluster;
    this.#recent = new RecentDecisions(
      {
        record: (decision) => {
          this.#watchPolicy();
          sink.record({ ...decision, cluster: 'simulated' });
        },
        bound: (uid, node) => sink.bound(uid, node),
      },
      (decision, node) => this.#predictJoules(decision, node),
    );
    this.#decider = new Decider({
      book,
      ...policies,
      seed,
      log,
      monotonicMilliseconds: () => time.monotonicMilliseconds(),
    });
    this.#pauseFile = new PauseFile({
      path: pauseFilePath(history.path),
      time,
      log,
      everyMilliseconds: PAUSE_LOOK_MILLISECONDS,
    });
    this.#recorder =
      records === undefined
        ? undefined
        : new RunRecorder({
            cluster: 'simulated',
            pods: this.#cluster,
            nodes: () => book.cluster?.nodes ?? [],
            isCurrent: () => true,
            sink: records,
            energy: this.#cluster,
            use: this.#cluster.use,
            ownNamespace: kubernetes.namespace,
            time,
            log,
          });
    this.#loop = new PlacementLoop({
      pods: this.#cluster,
      book,
      decider: this.#decider,
      actor: this.#cluster,
      leadership: always,
      paused: this.#pauseFile,
      sink: this.#recent,
      time,
      random: seededRandom(seed),
      log,
      mode: placement.mode,
      ownNamespace: kubernetes.namespace,
      deadlineMilliseconds: placement.deadlineSeconds * 1000,
      longestSlackMilliseconds: placement.longestSlackSeconds * 1000,
      mostInFlight: placement.mostInFlight,
    });
  }

  start(): void {
    const { mode, policy } = this.#config.placement;
    this.#log.info('simulated-cluster', { cluster: 'simulated', seed: this.#seed, mode, policy });
    this.#pauseFile.start();
    this.#cluster.start();
    this.#recorder?.start();
    this.#loop.start();
    this.#state = 'leading';
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#recorder?.stop();
    this.#cluster.stop();
    this.#pauseFile.stop();
    this.#state = 'stopped';
  }

  /** Decides by another policy from now on; `default` leaves pods to the cluster's scheduler. @throws KISIM_E_POLICY_UNKNOWN */
  usePolicy(name: string): void {
    if (name === this.#decider.policyName) return;
    this.#decider.usePolicy(livePolicy(name, false, liveModels(this.#config, this.#modelChanges)));
    this.#isOnePolicy = false;
  }

  get energy(): NodeEnergyCounters {
    return this.#cluster;
  }

  get status(): PlacementStatus {
    const { nodes, running, waiting } = this.#cluster.situation;
    return {
      cluster: 'simulated',
      server: undefined,
      state: this.#state,
      trouble: undefined,
      mode: this.#config.placement.mode,
      ...policyStatus(this.#decider.policyName, this.#modelChanges),
      paused: this.#pauseFile.reason,
      nodes,
      pods: running + waiting,
      counts: this.#loop.counts,
      gauges: this.#loop.gauges,
      decider: this.#decider.counts,
    };
  }

  /** Newest first. */
  get recent(): readonly ViewedDecision[] {
    return this.#recent.newest;
  }

  get simulated(): SimulatedView {
    const { seconds, created, running, waiting, energy, twins } = this.#cluster.situation;
    return {
      seed: this.#seed,
      seconds,
      created,
      running,
      waiting,
      isOnePolicy: this.#isOnePolicy,
      placed: { policy: this.#decider.policyName, ...energy },
      twins,
    };
  }

  #watchPolicy(): void {
    const { policyName } = this.#decider;
    if (this.#policyName !== undefined && this.#policyName !== policyName) this.#isOnePolicy = false;
    this.#policyName = policyName;
  }

  #predictJoules({ uid }: DecisionRecord, node: string): Joules | undefined {
    const pod = this.#cluster.podOf(uid);
    const { cluster } = this.#cluster.book;
    return pod === undefined || cluster === undefined ? undefined : extraJoules(cluster, pod, node);
  }
}

/** What the predicted use of a pod adds to the power of a node, for as long as it is predicted to run. */
function extraJoules(cluster: ClusterState, pod: Pod, name: string): Joules | undefined {
  const node = cluster.nodes.findIndex((each) => each.name === name);
  const power = cluster.nodes[node]?.power;
  if (power === undefined) return undefined;
  const capacity = cluster.cpuCapacity[node]!;
  const isThere = cluster.nodeOf(pod.id) === node;
  const without = cluster.predictedUse[node]! - (isThere ? pod.predictedCpuMilli : 0);
  const watts = power.watts((without + pod.predictedCpuMilli) / capacity) - power.watts(without / capacity);
  return watts * pod.predictedSeconds;
}
