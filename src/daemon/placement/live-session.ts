import type { Node } from '../../cluster/node.ts';
import type { Config } from '../../config/config.ts';
import { Decider } from '../../controller/decider.ts';
import { KubeActor } from '../../controller/kube-actor.ts';
import { LeaseLeadership } from '../../controller/lease-leadership.ts';
import { LiveCluster } from '../../controller/live-cluster.ts';
import { PauseFile, pauseFilePath } from '../../controller/pause-file.ts';
import { Paused } from '../../controller/paused.ts';
import { PlacementLoop } from '../../controller/placement-loop.ts';
import type { DecisionSink } from '../../controller/ports.ts';
import { Intentions } from '../../controller/replacement/intentions.ts';
import { WakeRequests } from '../../controller/sleep/wake-requests.ts';
import { systemTime } from '../../controller/system-time.ts';
import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import { Actor } from '../../kubernetes/bind-decision.ts';
import { ClusterWatcher } from '../../kubernetes/cluster-watcher.ts';
import { controllerUid } from '../../kubernetes/controller-uid.ts';
import { EventRecorder } from '../../kubernetes/event-recorder.ts';
import type { GuardedWrites } from '../../kubernetes/guarded-patch.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { LeaderElector } from '../../kubernetes/lease.ts';
import { LEASE_NAME } from '../../kubernetes/names.ts';
import { PauseConfigMap } from '../../kubernetes/pause-config-map.ts';
import { podHints } from '../../kubernetes/pod-hints.ts';
import type { ServerFeatures } from '../../kubernetes/server-features.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import { systemSleep } from '../../util/sleep.ts';
import type { Service } from '../supervisor.ts';
import { DecisionEvents } from './decision-events.ts';
import type { Extra, LiveParts } from './live-parts.ts';
import { type HostEnergy, type NamedPodPlace, NodeEnergy, sleepingNodes } from './node-energy.ts';
import type { PlacementPolicies } from './policies.ts';
import { WatchTrouble } from './watch-trouble.ts';

/** Connections to one API server. */
export interface ClusterConnection {
  readonly api: KubeApi;
  /** The election's own: behind a burst of patches a renewal would wait for a connection. */
  readonly electionApi: KubeApi;
  close(): void;
}

export interface LiveSessionOptions {
  readonly config: Config;
  readonly connection: ClusterConnection;
  readonly features: ServerFeatures;
  readonly policies: PlacementPolicies;
  readonly describeNode: (node: Node) => Node;
  readonly extras: readonly Extra[];
  /** What this process meters itself; left out where it meters nothing. */
  readonly host?: HostEnergy | undefined;
  readonly sink: DecisionSink;
  readonly records: ClusterRecordSink | undefined;
  readonly identity: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** After the last event was recorded, so long it may take to write those that wait. */
const FLUSH_MILLISECONDS = 2_000;

/** One cluster served, from the first list to the release of the lease. */
export class LiveSession {
  readonly parts: LiveParts;
  readonly loop: PlacementLoop;
  readonly #options: LiveSessionOptions;
  readonly #leadership: LeaseLeadership;
  readonly #elector: LeaderElector;
  readonly #pauseFile: PauseFile;
  readonly #pauseConfigMap: PauseConfigMap;
  readonly #trouble: WatchTrouble;
  readonly #ending = new AbortController();
  readonly #running: Service[] = [];
  #election: Promise<void> | undefined;
  #starting: Promise<boolean> | undefined;
  #isEnding = false;

  constructor(options: LiveSessionOptions) {
    this.#options = options;
    const { config, connection, clock, random, log, identity } = options;
    const { placement, kubernetes } = config;
    const { api } = connection;
    const time = systemTime;
    this.#trouble = new WatchTrouble(log, clock);
    const book = new LiveCluster();
    const watcher = new ClusterWatcher({
      api,
      sink: book,
      random,
      clock,
      describeNode: options.describeNode,
      describePod: podHints,
      ownerSelectors: placement.ownerSelectors,
      trouble: this.#trouble.told,
    });
    this.#elector = new LeaderElector({
      api: connection.electionApi,
      namespace: kubernetes.namespace,
      name: LEASE_NAME,
      identity,
      clock,
      random,
      log,
      sleep: systemSleep,
      started: () => this.#leadership.started(),
      ended: () => this.#leadership.ended(),
    });
    this.#leadership = new LeaseLeadership(() => this.#elector.stillLeader());
    const guard: GuardedWrites = {
      api,
      random,
      sleep: systemSleep,
      stillLeader: () => this.#leadership.isLeader,
    };
    const decidedBy = () => `${identity}#${this.#elector.term?.fencingToken ?? 0}`;
    const writer = new Actor({ ...guard, decidedBy });
    const wakeRequests = new WakeRequests();
    const intentions = new Intentions(time.monotonicMilliseconds);
    const events = new EventRecorder({ api, identity, clock, random, log, sleep: systemSleep });
    this.#pauseFile = new PauseFile({ path: pauseFilePath(config.history.path), time, log });
    const decider = new Decider({
      book,
      ...options.policies,
      seed: Math.floor(random.next() * 2 ** 32),
      log,
      monotonicMilliseconds: time.monotonicMilliseconds,
    });
    const { namespace } = kubernetes;
    this.#pauseConfigMap = new PauseConfigMap({ api, namespace, random, clock, log });
    const paused = new Paused([this.#pauseFile, this.#pauseConfigMap]);
    const sink = new DecisionEvents(options.sink, events);
    const energy = new NodeEnergy({
      config,
      api,
      hasMetrics: options.features.metrics,
      host: options.host,
      nodes: () => book.cluster?.nodes ?? [],
      sleeping: () => sleepingNodes(book.cluster),
      podPlaces: () => placesOf(watcher),
      // In dry-run nobody leads.
      readsOthers: () => this.#leadership.isLeader || placement.mode === 'dry-run',
      clock,
      sleep: systemSleep,
      random,
      log,
    });
    this.parts = {
      energy,
      config,
      log,
      clock,
      time,
      sleep: systemSleep,
      random,
      identity,
      decidedBy,
      api,
      features: options.features,
      watcher,
      book,
      decider,
      wakeRequests,
      intentions,
      leadership: this.#leadership,
      paused,
      guard,
      writer,
      events,
      sink,
      records: options.records,
    };
    this.loop = new PlacementLoop({
      pods: watcher,
      book,
      decider,
      actor: new KubeActor({
        writer,
        objectOf: ({ uid }) => watcher.pod(uid)?.object,
        strength: placement.strength,
      }),
      leadership: this.#leadership,
      paused,
      sleeping: wakeRequests,
      intended: ({ uid }) => intentions.nodeFor(uid, controllerUid(watcher.pod(uid)?.object)),
      sink,
      time,
      random,
      log,
      mode: placement.mode,
      ownNamespace: kubernetes.namespace,
      deadlineMilliseconds: placement.deadlineSeconds * 1000,
      longestSlackMilliseconds: placement.longestSlackSeconds * 1000,
      mostInFlight: placement.mostInFlight,
    });
  }

  /** What is wrong with the watch; undefined where the server was heard since. */
  get trouble(): string | undefined {
    return this.#trouble.current(this.parts.watcher.lastHeardNanoseconds);
  }

  /**
   * Resolves once all that is there is known and the loop runs; false where it was stopped before. Rejects where something beside
   * the loop does not start; `stop` is to be called then too.
   */
  start(): Promise<boolean> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<boolean> {
    const { watcher, log } = this.parts;
    this.#pauseFile.start();
    this.#pauseConfigMap.start();
    watcher.start();
    await this.#pauseConfigMap.known;
    if (!(await watcher.synced) || this.#isEnding) return false;
    log.info('cluster-known', { nodes: watcher.nodeCount, pods: watcher.podCount });
    this.loop.start();
    this.parts.energy.start();
    this.#running.push(this.parts.energy);
    for (const extra of this.#options.extras) {
      const service = extra(this.parts);
      if (service === undefined) continue;
      await service.start();
      this.#running.push(service);
      if (this.#isEnding) return false;
    }
    // In dry-run nothing is written, the lease included.
    if (this.#options.config.placement.mode !== 'dry-run')
      this.#election = this.#elector.run(this.#ending.signal);
    return true;
  }

  /** Frees what is held, while the lease is held, then lets go of everything. */
  async stop(): Promise<void> {
    const { watcher, events, log } = this.parts;
    this.#isEnding = true;
    // A first list that never ends would hold up the start, and with it the stop.
    if (this.#election === undefined) await Promise.all([watcher.stop(), this.#pauseConfigMap.stop()]);
    // Its error belongs to whoever called `start`.
    await this.#starting?.catch(() => undefined);
    for (let service = this.#running.pop(); service !== undefined; service = this.#running.pop()) {
      try {
        await service.stop();
      } catch (error) {
        log.error('service-stop-failed', { service: service.name, error });
      }
    }
    await this.loop.stop();
    this.#ending.abort();
    await this.#election;
    const limit = new AbortController();
    await Promise.race([events.flushed(), systemSleep(FLUSH_MILLISECONDS, limit.signal)]);
    limit.abort();
    await watcher.stop();
    this.#pauseFile.stop();
    await this.#pauseConfigMap.stop();
    this.#options.connection.close();
  }
}

function* placesOf(watcher: ClusterWatcher): Iterable<NamedPodPlace> {
  for (const { uid, nodeName, pod } of watcher.pods())
    if (nodeName !== undefined) yield { uid, node: nodeName, namespace: pod.namespace, name: pod.name };
}
