import type { Config } from '../../config/config.ts';
import { AdmissionLoop, type AdmissionSink } from '../../controller/admission/admission-loop.ts';
import { GangPlanner } from '../../controller/admission/gang-planner.ts';
import { JobNodes } from '../../controller/admission/job-nodes.ts';
import { JobQueue } from '../../controller/admission/job-queue.ts';
import type { QueueSource } from '../../controller/admission/queue-items.ts';
import { Decider } from '../../controller/decider.ts';
import { JobActor } from '../../controller/jobs/job-actor.ts';
import { JobBook } from '../../controller/jobs/job-book.ts';
import { JobPods } from '../../controller/jobs/job-pods.ts';
import { LiveCluster } from '../../controller/live-cluster.ts';
import { systemTime } from '../../controller/system-time.ts';
import { Actor } from '../../kubernetes/bind-decision.ts';
import { ClusterWatcher } from '../../kubernetes/cluster-watcher.ts';
import type { KueueVersion } from '../../kubernetes/kueue/version.ts';
import type { LeaseTimes } from '../../kubernetes/lease.ts';
import type { ListWatch } from '../../kubernetes/list-watch.ts';
import { QUEUE_LEASE_NAME } from '../../kubernetes/names.ts';
import { PauseConfigMap } from '../../kubernetes/pause-config-map.ts';
import { podHints } from '../../kubernetes/pod-hints.ts';
import { type QueuedJobObject, watchQueuedJobs } from '../../kubernetes/queued-job-watcher.ts';
import type { ServerFeatures } from '../../kubernetes/server-features.ts';
import { troubleLog } from '../../kubernetes/trouble-log.ts';
import type { Policy } from '../../policy/policy.ts';
import type { AdmissionPolicy } from '../../queueing/policy.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import { nodeDescriber } from '../placement/describe-nodes.ts';
import type { ClusterConnection } from '../placement/live-session.ts';
import { WatchTrouble } from '../placement/watch-trouble.ts';
import { KueueSide } from './kueue-side.ts';
import { LoopElection } from './loop-election.ts';

export interface LiveQueueOptions {
  readonly connection: ClusterConnection;
  readonly features: Pick<ServerFeatures, 'jobTemplates'>;
  readonly config: Config;
  /** Of the program itself, where its lease is. */
  readonly ownNamespace: string;
  readonly identity: string;
  readonly policy: AdmissionPolicy;
  readonly seed: number;
  /** Finds nodes for the pods of a job. */
  readonly placement: Policy;
  readonly strength: 'preferred' | 'required';
  /** Left out: Jobs alone. */
  readonly kueue?: KueueVersion | undefined;
  readonly mode: 'act' | 'dry-run';
  readonly intervalMilliseconds: Milliseconds;
  readonly sendBackMilliseconds: Milliseconds;
  readonly rejectsImpossible: boolean;
  readonly sink: AdmissionSink;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly leaseTimes?: LeaseTimes;
}

/** Admits jobs of a live cluster by a policy: a watch, a book and a lease of its own, beside a placement loop or without one. */
export class LiveQueue {
  readonly #o: LiveQueueOptions;
  readonly #watcher: ClusterWatcher;
  readonly #jobs: ListWatch<QueuedJobObject>;
  readonly #kueue: KueueSide | undefined;
  readonly #paused: PauseConfigMap;
  readonly #election: LoopElection;
  readonly #pods: JobPods;
  readonly #nodes = new JobNodes();
  readonly #book: JobBook;
  readonly #loop: AdmissionLoop;
  readonly #changed = new Set<() => void>();
  #isEnding = false;

  constructor(options: LiveQueueOptions) {
    this.#o = options;
    const { connection, config, ownNamespace, identity, clock, sleep, random, log, strength, mode } = options;
    const { api } = connection;
    const cluster = new LiveCluster();
    const trouble = new WatchTrouble(log, clock);
    const changed = () => {
      for (const call of this.#changed) call();
    };
    const subscribe = (call: () => void) => {
      this.#changed.add(call);
      return () => void this.#changed.delete(call);
    };
    this.#watcher = new ClusterWatcher({
      api,
      sink: {
        setNodes: (nodes) => {
          cluster.setNodes(nodes);
          changed();
        },
        bound: (uid, pod, node) => cluster.bound(uid, pod, node),
        gone: (uid) => {
          cluster.gone(uid);
          changed();
        },
        namespaceChanged: (name, labels) => cluster.namespaceChanged(name, labels),
      },
      random,
      clock,
      describeNode: nodeDescriber(config.placement),
      describePod: podHints,
      ownerSelectors: config.placement.ownerSelectors,
      trouble: trouble.told,
    });
    this.#watcher.follow(this.#nodes);
    this.#election = new LoopElection({
      api: connection.electionApi,
      namespace: ownNamespace,
      lease: QUEUE_LEASE_NAME,
      identity,
      clock,
      sleep,
      random,
      log,
      times: options.leaseTimes,
    });
    const { leadership, decidedBy, stillLeader } = this.#election;
    const { imagined } = this.#watcher;
    this.#book = new JobBook({ book: cluster, imagined, time: systemTime, ran: () => undefined });
    this.#pods = new JobPods(this.#watcher, this.#book);
    const decider = new Decider({
      book: cluster,
      policy: options.placement,
      seed: options.seed,
      log,
      monotonicMilliseconds: systemTime.monotonicMilliseconds,
    });
    const jobTrouble = troubleLog(log, 'watch-trouble', clock, { kind: 'jobs' });
    const { jobTemplates } = options.features;
    this.#jobs = watchQueuedJobs({ api, random, clock, trouble: jobTrouble }, jobTemplates, changed);
    const writer = new Actor({ api, sleep, random, stillLeader, decidedBy });
    const actor = new JobActor({
      writer,
      book: this.#book,
      objectOf: (uid) => this.#jobs.get(uid)?.object,
      rule: options.features.jobTemplates,
      strength,
    });
    const jobs = new JobQueue({
      jobs: this.#jobs,
      actor,
      subscribe,
      unread: ({ object: { metadata } }, error) =>
        log.error('job-not-read', { namespace: metadata.namespace, job: metadata.name, error }),
    });
    const sources: QueueSource[] = [jobs];
    if (options.kueue !== undefined) {
      this.#kueue = new KueueSide({
        api,
        version: options.kueue,
        book: this.#book,
        strength,
        labelsOf: (node) => cluster.cluster?.nodes.find(({ name }) => name === node)?.labels,
        mode,
        leadership,
        decidedBy,
        subscribe,
        changed,
        clock,
        random,
        log,
      });
      sources.push(this.#kueue.queue);
    }
    this.#paused = new PauseConfigMap({ api, namespace: ownNamespace, random, clock, log });
    this.#loop = new AdmissionLoop({
      policy: options.policy,
      seed: options.seed,
      sources,
      planner: new GangPlanner({ decider, book: this.#book, imagined }),
      book: this.#book,
      nodesOf: (uid) => this.#nodes.nodesOf(uid),
      leadership,
      paused: this.#paused,
      sink: options.sink,
      time: systemTime,
      log,
      mode,
      bindsNodes: strength === 'required',
      intervalMilliseconds: options.intervalMilliseconds,
      sendBackMilliseconds: options.sendBackMilliseconds,
      rejectsImpossible: options.rejectsImpossible,
    });
  }

  get admitted(): number {
    return this.#loop.admitted;
  }

  get isLeader(): boolean {
    return this.#election.leadership.isLeader;
  }

  /** True once all that is there is known and jobs are admitted; false where it was stopped before. */
  async start(): Promise<boolean> {
    const { log, mode } = this.#o;
    this.#paused.start();
    this.#watcher.start();
    this.#jobs.start();
    this.#kueue?.start();
    await this.#paused.known;
    const known = await Promise.all([this.#watcher.synced, this.#jobs.synced, this.#kueue?.synced ?? true]);
    if (!known.every(Boolean) || this.#isEnding) return false;
    log.info('cluster-known', { nodes: this.#watcher.nodeCount, pods: this.#watcher.podCount });
    this.#pods.start();
    this.#loop.start();
    // In a dry run nothing is written, the lease included.
    if (mode === 'act') this.#election.start();
    return true;
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#loop.stop();
    await this.#election.stop();
    this.#pods.stop();
    await Promise.all([this.#watcher.stop(), this.#jobs.stop(), this.#kueue?.stop(), this.#paused.stop()]);
    this.#book.stop();
    this.#o.connection.close();
  }
}
