import type { GuestPodsSink } from '../../attribution/guest-pods-sink.ts';
import type { NodeUse, NodeUseSink } from '../../attribution/node-use.ts';
import { type ClusterState, NODE_ASLEEP, NODE_WAKING } from '../../cluster/cluster-state.ts';
import type { Node } from '../../cluster/node.ts';
import type { NodeEnergyCounters } from '../../cluster/node-energy.ts';
import type { Config } from '../../config/config.ts';
import { CombinedCounters, type CombinedSource } from '../../kubernetes/energy/combined-counters.ts';
import {
  EnergyReader,
  type EpochCounters,
  type EpochReading,
} from '../../kubernetes/energy/epoch-counters.ts';
import { ModelledCounters } from '../../kubernetes/energy/modelled-counters.ts';
import { NodeIdentities } from '../../kubernetes/energy/node-identity.ts';
import { type PodPlace, PodUseReader } from '../../kubernetes/energy/pod-use.ts';
import { PrometheusClient } from '../../kubernetes/energy/prometheus-client.ts';
import { PrometheusCounters } from '../../kubernetes/energy/prometheus-counters.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { troubleLog } from '../../kubernetes/trouble-log.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Watts } from '../../util/units.ts';
import type { Service } from '../supervisor.ts';
import type { MeteredCounters } from './metered-counters.ts';

/** What this process meters itself, where it does. */
export interface HostEnergy {
  readonly counters: MeteredCounters;
  readonly guestPods: GuestPodsSink;
}

/** A pod with the node that it is on. */
export interface NamedPodPlace extends PodPlace {
  readonly namespace: string;
  readonly name: string;
}

export interface NodeEnergyOptions {
  readonly config: Pick<Config, 'kubernetes'>;
  readonly api: KubeApi;
  readonly hasMetrics: boolean;
  readonly host: HostEnergy | undefined;
  /** With their power curves, as they are now. */
  readonly nodes: () => readonly Node[];
  /** What the nodes take that sleep or wake just now, where that is known (undefined: it is not). */
  readonly sleeping?: () => ReadonlyMap<string, Watts | undefined>;
  readonly podPlaces: () => Iterable<NamedPodPlace>;
  /** Whether this process is to read also what its host does not meter: one in a cluster is enough. */
  readonly readsOthers: () => boolean;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  readonly log: Logger;
}

/**
 * The energy of a live cluster's nodes from the best source there is for each: this host's meter, Prometheus, or a power curve
 * and the CPU use that was read. Reads pods' use of the guests of this host, too, so that their energy is split over them.
 */
export class NodeEnergy implements Service {
  readonly name = 'node-energy';
  readonly #options: NodeEnergyOptions;
  readonly #identities: NodeIdentities;
  readonly #podUse: PodUseReader | undefined;
  readonly #counters: CombinedCounters;
  readonly #modelled: ModelledCounters;
  /** Nodes that Prometheus told of last; undefined before it was asked. */
  #inPrometheus: ReadonlySet<string> | undefined;
  readonly #listeners = new Set<NodeUseSink>();
  #sleeping: ReadonlyMap<string, Watts | undefined> = new Map();
  #sleepAt = Number.NEGATIVE_INFINITY;
  #placesAt = Number.NEGATIVE_INFINITY;
  #places = new Map<string, PodPlace>();

  constructor(options: NodeEnergyOptions) {
    this.#options = options;
    const { api, random, clock, log, host, config } = options;
    const { podUse, prometheusUrl } = config.kubernetes;
    this.#identities = new NodeIdentities({
      api,
      random,
      clock,
      trouble: troubleLog(log, 'node-identities-not-read', clock),
      changed: () => host?.counters.setNodes(this.#identities.all),
    });
    this.#modelled = new ModelledCounters({
      nodes: options.nodes,
      clock,
      staleMilliseconds: () => 90_000 + 3 * (this.#podUse?.periodMilliseconds ?? 0),
    });
    const sources: CombinedSource[] = [];
    if (host !== undefined) sources.push({ name: 'metered', counters: host.counters });
    if (prometheusUrl !== undefined)
      sources.push({ name: 'prometheus', counters: this.#prometheus(prometheusUrl) });
    if (podUse !== 'off') sources.push({ name: 'modelled', counters: this.#modelled });
    this.#counters = new CombinedCounters({
      sources,
      names: () => this.#identities.all.map(({ name }) => name),
      switched: (node, from, to) => log.warn('node-energy-from-another-source', { node, from, to }),
    });
    this.#podUse =
      podUse === 'off'
        ? undefined
        : new PodUseReader({
            api,
            mode: podUse,
            hasMetrics: options.hasMetrics,
            nodes: () => this.#nodesToRead(),
            wantsPods: () => this.#listeners.size > 0 || (host?.counters.guestNodes.length ?? 0) > 0,
            podPlace: (namespace, name) => this.#placeOf(namespace, name),
            sinks: [
              this.#modelled,
              ...(host === undefined ? [] : [host.guestPods]),
              { take: (use) => this.#tell(use) },
            ],
            clock,
            random,
            sleep: options.sleep,
            log,
          });
  }

  start(): void {
    this.#identities.start();
    this.#podUse?.start();
  }

  async stop(): Promise<void> {
    await this.#podUse?.stop();
    await this.#identities.stop();
    // This host goes on metering, but of what cluster it would not know.
    this.#options.host?.counters.setNodes([]);
  }

  /** True once the nodes are known; false where it was stopped before. */
  get synced(): Promise<boolean> {
    return this.#identities.synced;
  }

  /** Counters for one reader: each sees every break once. */
  reader(): NodeEnergyCounters {
    return new EnergyReader(this.#counters);
  }

  /** Tells also what is read of pods, of all nodes from now on. Returns what ends it. */
  listen(sink: NodeUseSink): () => void {
    this.#listeners.add(sink);
    return () => this.#listeners.delete(sink);
  }

  #tell(use: NodeUse): void {
    for (const listener of this.#listeners) listener.take(use);
  }

  #prometheus(url: string): EpochCounters {
    const { config, clock, log, readsOthers } = this.#options;
    const { prometheusQuery, prometheusTokenFile, prometheusCaFile, prometheusScrapeSeconds } =
      config.kubernetes;
    const counters = new PrometheusCounters({
      client: new PrometheusClient({ url, tokenFile: prometheusTokenFile, caFile: prometheusCaFile }),
      query: prometheusQuery,
      scrapeSeconds: prometheusScrapeSeconds,
      nodes: () => this.#identities.all,
      clock,
      trouble: (error) => {
        if (error === undefined) log.info('prometheus-works-again', {});
        else log.warn('prometheus-not-read', { error });
      },
    });
    return {
      read: async (signal) => {
        if (!readsOthers()) return this.#nobodyReads();
        const reading = await counters.read(signal);
        this.#inPrometheus = new Set(reading.nodes.keys());
        return reading;
      },
    };
  }

  #nobodyReads(): EpochReading {
    const reason = 'another instance of kisimd leads, and reads it';
    const missing = new Map(this.#identities.all.map(({ name }) => [name, reason]));
    return { unixMilliseconds: this.#options.clock.unixMilliseconds(), nodes: new Map(), missing };
  }

  /** Guests of this host always; others only where nothing better tells of them. */
  #nodesToRead(): readonly string[] {
    const sleeping = this.#followSleep();
    return this.#nodesOfInterest().filter((name) => !sleeping.has(name));
  }

  /** Nodes that sleep have no kubelet that answers. */
  #followSleep(): ReadonlyMap<string, Watts | undefined> {
    const now = this.#options.clock.monotonicNanoseconds() / 1e6;
    if (now - this.#sleepAt < 1000) return this.#sleeping;
    this.#sleepAt = now;
    this.#sleeping = this.#options.sleeping?.() ?? new Map();
    const known = [...this.#sleeping].flatMap(([node, watts]) =>
      watts === undefined ? [] : [[node, watts] as const],
    );
    this.#modelled.still(new Map(known));
    return this.#sleeping;
  }

  #nodesOfInterest(): readonly string[] {
    const { host, config, readsOthers } = this.#options;
    const guests = host?.counters.guestNodes ?? [];
    if (this.#listeners.size > 0) return this.#identities.all.map(({ name }) => name);
    const waitsForPrometheus =
      config.kubernetes.prometheusUrl !== undefined && this.#inPrometheus === undefined;
    if (!readsOthers() || waitsForPrometheus) return guests;
    const others = this.#identities.all.flatMap(({ name }) =>
      host?.counters.has(name) === true || this.#inPrometheus?.has(name) === true ? [] : [name],
    );
    return [...guests, ...others];
  }

  /** Looked up in a table that is made at most once for each list of metrics. */
  #placeOf(namespace: string, name: string): PodPlace | undefined {
    const now = this.#options.clock.monotonicNanoseconds() / 1e6;
    if (now - this.#placesAt > 5000) {
      this.#placesAt = now;
      this.#places = new Map();
      for (const place of this.#options.podPlaces())
        this.#places.set(`${place.namespace}/${place.name}`, place);
    }
    return this.#places.get(`${namespace}/${name}`);
  }
}

/** The nodes of a cluster that sleep or wake, with what they take meanwhile. */
export function sleepingNodes(cluster: ClusterState | undefined): ReadonlyMap<string, Watts | undefined> {
  const sleeping = new Map<string, Watts | undefined>();
  cluster?.nodes.forEach(({ name, sleep }, at) => {
    if (cluster.power[at] === NODE_ASLEEP) sleeping.set(name, sleep?.sleepWatts);
    if (cluster.power[at] === NODE_WAKING) sleeping.set(name, sleep?.wakeWatts);
  });
  return sleeping;
}
