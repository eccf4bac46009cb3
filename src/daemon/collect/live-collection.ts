import type { NodeEnergyCounters } from '../../cluster/node-energy.ts';
import { Collector } from '../../controller/collect/collector.ts';
import { collectErrors } from '../../controller/collect/errors.ts';
import { JobMaker } from '../../controller/collect/job-maker.ts';
import { JobRecorder } from '../../controller/collect/job-recorder.ts';
import { NodePower } from '../../controller/collect/node-power.ts';
import { NodeUses } from '../../controller/collect/node-uses.ts';
import { QueriedMetrics } from '../../controller/collect/queried-metrics.ts';
import { LiveCluster } from '../../controller/live-cluster.ts';
import { PodUseBook } from '../../controller/pod-use-totals.ts';
import { RunRecorder } from '../../controller/run-recorder.ts';
import { systemTime } from '../../controller/system-time.ts';
import { listPods } from '../../kubernetes/cluster-snapshot.ts';
import { ClusterWatcher } from '../../kubernetes/cluster-watcher.ts';
import { collectNeeds, eventNeeds, workloadNeeds } from '../../kubernetes/collect/needs.ts';
import { WorkloadWriter } from '../../kubernetes/collect/workload-writer.ts';
import { PrometheusClient } from '../../kubernetes/energy/prometheus-client.ts';
import { podHints } from '../../kubernetes/pod-hints.ts';
import { serverFeatures } from '../../kubernetes/server-features.ts';
import { troubleLog } from '../../kubernetes/trouble-log.ts';
import { nodeDescriber } from '../placement/describe-nodes.ts';
import { NodeEnergy } from '../placement/node-energy.ts';
import { WatchTrouble } from '../placement/watch-trouble.ts';
import { checkAllowed, notAllowed } from './allowed.ts';
import type { CollectedLive, CollectedWorkload, LiveCollectionOptions } from './live-collection-options.ts';

/** A first list that takes longer than this is not coming. */
const SYNC_MILLISECONDS = 120_000;
/** A watch that hears nothing is opened anew long before. */
const SILENCE_NANOSECONDS = 300e9;
/** After all Jobs were deleted, so long it may take until the server tells of it. */
const GONE_MILLISECONDS = 30_000;

/**
 * Records a running cluster until the time is over or the signal comes, and makes the workload's Jobs meanwhile. What was recorded is
 * in the store whatever happens.
 *
 * @throws KISIM_E_COLLECT_..., KISIM_E_KUBE_...
 */
export class LiveCollection {
  readonly #o: LiveCollectionOptions;
  readonly #book = new LiveCluster();
  readonly #trouble: WatchTrouble;
  readonly #watcher: ClusterWatcher;
  readonly #jobs: JobRecorder;
  readonly #uses: NodeUses;
  readonly #power = new NodePower();
  readonly #podUse = new PodUseBook();
  readonly #metrics: QueriedMetrics;
  #reading: Promise<unknown> | undefined;

  constructor(options: LiveCollectionOptions) {
    this.#o = options;
    const { api, store, clock, random, log, config, namespace } = options;
    this.#trouble = new WatchTrouble(log, clock);
    this.#uses = new NodeUses(store);
    this.#metrics = this.#queriedMetrics();
    this.#watcher = new ClusterWatcher({
      api,
      sink: this.#book,
      random,
      clock,
      describeNode: nodeDescriber(config.placement),
      describePod: podHints,
      trouble: this.#trouble.told,
    });
    const eventsTrouble = troubleLog(log, 'events-not-collected', clock);
    this.#jobs = new JobRecorder({
      api,
      namespace,
      ownNamespace: config.kubernetes.namespace,
      sink: store,
      random,
      clock,
      // Events are taken where they come: that they do not is told, and leaves no gap.
      trouble: (kind, place, error) =>
        kind === 'events' ? eventsTrouble(place, error) : this.#trouble.told(kind, place, error),
    });
  }

  async run(signal: AbortSignal): Promise<CollectedLive> {
    const { api, workload, config, log } = this.#o;
    const features = await serverFeatures(api);
    const namespace = workload?.namespace ?? config.kubernetes.namespace;
    const needs = [...collectNeeds, ...(workload === undefined ? [] : workloadNeeds)];
    await checkAllowed(api, needs, namespace);
    for (const need of await notAllowed(api, eventNeeds, namespace))
      this.#o.note(`not allowed, and left out: ${need}`);
    const writer = workload === undefined ? undefined : await this.#takeNamespace(workload, signal);
    const energy = new NodeEnergy({
      config,
      api,
      hasMetrics: features.metrics,
      host: undefined,
      nodes: () => this.#book.cluster?.nodes ?? [],
      podPlaces: () => this.#podPlaces(),
      readsOthers: () => true,
      clock: this.#o.clock,
      sleep: this.#o.sleep,
      random: this.#o.random,
      log,
    });
    const runs = this.#runRecorder(energy);
    try {
      if (!(await this.#sync(signal))) return this.#nothing();
      energy.start();
      energy.listen(this.#uses);
      energy.listen(this.#podUse);
      runs.start();
      return await this.#collect(energy, writer, signal);
    } finally {
      await this.#reading;
      await runs.stop();
      await energy.stop();
      await Promise.all([this.#watcher.stop(), this.#jobs.stop()]);
    }
  }

  async #collect(
    energy: NodeEnergy,
    writer: WorkloadWriter | undefined,
    signal: AbortSignal,
  ): Promise<CollectedLive> {
    const { store, clock, sleep, workload, before, onProgress, ...o } = this.#o;
    const reader = energy.reader();
    const ending = new AbortController();
    const both = AbortSignal.any([signal, ending.signal]);
    let collector: Collector;
    const maker =
      workload === undefined || writer === undefined
        ? undefined
        : new JobMaker({
            plan: workload.plan,
            made: before.createdJobs,
            writer,
            elapsed: () => before.elapsedMilliseconds + collector.elapsedMilliseconds,
            sleep,
          });
    const createdJobs = () => maker?.made ?? before.createdJobs;
    const seen = () => ({ jobs: this.#jobs.seen, createdJobs: createdJobs() });
    collector = new Collector({
      cluster: {
        nodes: () => this.#book.cluster?.nodes ?? [],
        pods: () => this.#watcher.pods(),
        jobs: () => this.#jobs.counts,
        use: (nodes, now) => this.#uses.total(nodes, now),
        watts: (nodes, now) => this.#power.total(nodes, now),
      },
      store,
      trouble: () => this.#wrong(),
      beforeSample: () => {
        this.#reading ??= this.#read(reader);
      },
      createdJobs: () => createdJobs() - before.createdJobs,
      intervalMilliseconds: o.intervalMilliseconds,
      forMilliseconds: o.forMilliseconds,
      record: o.record,
      onProgress: (progress) => onProgress({ ...progress, ...seen() }),
      clock,
      sleep,
      lastUnixMilliseconds: o.lastUnixMilliseconds,
    });
    let failure: unknown;
    const making = (maker?.run(both) ?? Promise.resolve()).catch((error: unknown) => {
      failure = error;
      ending.abort();
    });
    let ended: 'finished' | 'stopped' | 'failed' = 'failed';
    try {
      const how = await collector.run(both);
      ending.abort();
      await making;
      if (failure !== undefined) throw failure;
      if (how === 'finished' && writer !== undefined) await this.#clear(writer);
      ended = how;
      const leftJobs = workload !== undefined && this.#jobs.hasUnfinished(workload.namespace);
      return {
        samples: collector.samples,
        elapsedMilliseconds: collector.elapsedMilliseconds,
        trouble: this.#wrong(),
        ...seen(),
        ended: how,
        leftJobs,
      };
    } finally {
      ending.abort();
      await making;
      collector.end(ended);
    }
  }

  #nothing(): CollectedLive {
    const { createdJobs } = this.#o.before;
    return {
      samples: 0,
      elapsedMilliseconds: 0,
      trouble: this.#wrong(),
      jobs: 0,
      createdJobs,
      ended: 'stopped',
      leftJobs: false,
    };
  }

  /** Undefined where all that is watched was heard since the last trouble, and lately. */
  #wrong(): string | undefined {
    const heard = Math.min(this.#watcher.lastHeardNanoseconds, this.#jobs.lastHeardNanoseconds);
    const silence = this.#o.clock.monotonicNanoseconds() - heard;
    const says = this.#trouble.current(heard);
    if (says !== undefined || silence < SILENCE_NANOSECONDS) return says;
    return `the server was not heard for ${Math.round(silence / 1e9)} s`;
  }

  async #read(reader: NodeEnergyCounters): Promise<void> {
    // What takes longer than an interval is of no use for it.
    const signal = AbortSignal.timeout(this.#o.intervalMilliseconds);
    await Promise.all([this.#readPower(reader, signal), this.#metrics.read(signal)]);
    this.#reading = undefined;
  }

  async #readPower(reader: NodeEnergyCounters, signal: AbortSignal): Promise<void> {
    try {
      this.#power.take(await reader.read(signal));
    } catch (error) {
      this.#o.log.warn('node-power-not-read', { error });
    }
  }

  #queriedMetrics(): QueriedMetrics {
    const { metrics, store, log, clock, config } = this.#o;
    const { prometheusUrl: url, prometheusTokenFile, prometheusCaFile } = config.kubernetes;
    const client =
      url === undefined
        ? undefined
        : new PrometheusClient({ url, tokenFile: prometheusTokenFile, caFile: prometheusCaFile });
    const told = troubleLog(log, 'metric-not-collected', clock);
    return new QueriedMetrics({
      metrics,
      ask: (query, signal) => client!.queryInstant(query, signal),
      sink: store,
      trouble: (name, error) => told('list', error, { name }),
    });
  }

  #runRecorder(energy: NodeEnergy): RunRecorder {
    const { api, store, config, log } = this.#o;
    return new RunRecorder({
      cluster: 'live',
      pods: this.#watcher,
      nodes: () => this.#book.cluster?.nodes ?? [],
      isCurrent: () => this.#wrong() === undefined,
      sink: store,
      energy: energy.reader(),
      use: this.#podUse,
      wishes: (signal) => listPods(api, signal),
      ownNamespace: config.kubernetes.namespace,
      time: systemTime,
      log,
    });
  }

  /** False where it was stopped before all was known. */
  async #sync(signal: AbortSignal): Promise<boolean> {
    const { sleep } = this.#o;
    this.#watcher.start();
    this.#jobs.start();
    const limit = new AbortController();
    const late = sleep(SYNC_MILLISECONDS, AbortSignal.any([signal, limit.signal])).then(
      () => 'late' as const,
    );
    const synced = Promise.all([this.#watcher.synced, this.#jobs.synced()]);
    try {
      if ((await Promise.race([synced, late])) !== 'late') return true;
      if (signal.aborted) return false;
      throw collectErrors.KISIM_E_COLLECT_SERVER(
        this.#wrong() ?? `no whole list within ${SYNC_MILLISECONDS / 1000} s`,
      );
    } finally {
      limit.abort();
    }
  }

  async #takeNamespace(workload: CollectedWorkload, signal: AbortSignal): Promise<WorkloadWriter> {
    const { namespace, name, image, work, optIn } = workload;
    const writer = new WorkloadWriter({ api: this.#o.api, namespace, workload: name, image, work });
    if (!(await writer.takeNamespace(optIn, signal)))
      throw collectErrors.KISIM_E_COLLECT_NAMESPACE(`namespace ${namespace}`);
    return writer;
  }

  /** Takes the workload away, and waits until that has been seen: what is recorded of it then is whole. */
  async #clear(writer: WorkloadWriter): Promise<void> {
    const { namespace } = this.#o.workload!;
    const { signal } = new AbortController();
    const removed = await writer.remove(signal);
    const isSeen = () => removed.every((uid) => this.#jobs.hasSeen(uid)) && !this.#jobs.hasAny(namespace);
    for (let waited = 0; waited < GONE_MILLISECONDS && !isSeen(); waited += 100) await this.#o.sleep(100);
    await writer.removeNamespace(signal);
  }

  *#podPlaces() {
    for (const { uid, nodeName, pod } of this.#watcher.pods())
      if (nodeName !== undefined) yield { uid, node: nodeName, namespace: pod.namespace, name: pod.name };
  }
}
