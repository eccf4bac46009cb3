import { randomInt, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Node } from '../../cluster/node.ts';
import type { Config } from '../../config/config.ts';
import type { DecisionSink } from '../../controller/ports.ts';
import type { ViewedDecision } from '../../export/placement-view.ts';
import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import { missingVerbs } from '../../kubernetes/access-review.ts';
import { Backoff } from '../../kubernetes/backoff.ts';
import { ClientNodeApi } from '../../kubernetes/client-node-api.ts';
import { permissionsOf } from '../../kubernetes/permissions.ts';
import { serverFeatures } from '../../kubernetes/server-features.ts';
import type { ModelChanges } from '../../policy/learned/learned-for-cluster.ts';
import type { Clock } from '../../util/clock.ts';
import { keepHeapSmall } from '../../util/heap-growth.ts';
import type { Logger } from '../../util/log.ts';
import { type RandomSource, seededRandom } from '../../util/rng.ts';
import { type Sleep, systemSleep } from '../../util/sleep.ts';
import { daemonErrors } from '../errors.ts';
import type { Service } from '../supervisor.ts';
import { nodeDescriber } from './describe-nodes.ts';
import { liveExtras } from './extras.ts';
import type { Extra, LiveParts } from './live-parts.ts';
import { type ClusterConnection, LiveSession } from './live-session.ts';
import type { HostEnergy } from './node-energy.ts';
import type { PlacementStatus } from './placement-status.ts';
import {
  liveModels,
  livePolicy,
  type PlacementPolicies,
  placementPolicies,
  policyStatus,
} from './policies.ts';
import { RecentDecisions } from './recent-decisions.ts';

export interface LivePlacementOptions {
  readonly config: Config;
  readonly sink: DecisionSink;
  /** Keeps pods' lives and nodes' energy. */
  readonly records?: ClusterRecordSink | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How a cluster is reached; by the configuration where left out. */
  readonly connect?: () => Promise<ClusterConnection>;
  readonly extras?: readonly Extra[];
  /** What this process meters itself. */
  readonly host?: HostEnergy;
  readonly random?: RandomSource;
  readonly sleep?: Sleep;
  /** Whose count grows when another model is put to use, and that counts learned decisions. */
  readonly modelChanges?: ModelChanges;
}

const RETRY = { firstMilliseconds: 1_000, mostMilliseconds: 60_000 };

/**
 * The placement loop on a live cluster, as a service. Whatever is wrong with the cluster, the daemon goes on: it is told with its
 * code and tried again.
 */
export class LivePlacement implements Service {
  readonly name = 'placement';
  /** True once the cluster is known and the loop runs; false where it was stopped before. */
  readonly synced: Promise<boolean>;
  readonly #options: LivePlacementOptions;
  readonly #random: RandomSource;
  readonly #recent: RecentDecisions;
  readonly #describeNode: (node: Node) => Node;
  readonly #ending = new AbortController();
  readonly #settleSynced: (synced: boolean) => void;
  #policies: PlacementPolicies;
  #session: LiveSession | undefined;
  #isRunning = false;
  #server: string | undefined;
  #trouble: string | undefined;
  #serving: Promise<void> | undefined;

  /** @throws KISIM_E_POLICY_UNKNOWN, KISIM_E_INPUT_NODE_TABLE, KISIM_E_INPUT_UNREADABLE */
  constructor(options: LivePlacementOptions) {
    this.#options = options;
    this.#random = options.random ?? seededRandom(randomInt(2 ** 32));
    this.#recent = new RecentDecisions(options.sink);
    this.#policies = placementPolicies(
      options.config.placement,
      options.config.sleep.enabled,
      liveModels(options.config, options.modelChanges),
    );
    this.#describeNode = nodeDescriber(options.config.placement);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.synced = promise;
    this.#settleSynced = resolve;
  }

  start(): void {
    // API objects are large and short-lived beside the little that is kept of them.
    keepHeapSmall();
    this.#serving = this.#serve();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    // A start that waits for the first list ends when its session is stopped.
    await this.#session?.stop();
    await this.#serving;
    this.#isRunning = false;
    this.#settleSynced(false);
  }

  /** What runs beside the loop is made of it; undefined until `synced`. */
  get parts(): LiveParts | undefined {
    return this.#isRunning ? this.#session?.parts : undefined;
  }

  /** Decides by another policy from now on; `default` leaves pods to the cluster's scheduler. @throws KISIM_E_POLICY_UNKNOWN */
  usePolicy(name: string): void {
    const policy = livePolicy(
      name,
      this.#options.config.sleep.enabled,
      liveModels(this.#options.config, this.#options.modelChanges),
    );
    this.#policies = { ...this.#policies, policy };
    this.#session?.parts.decider.usePolicy(policy);
  }

  /** Newest first. */
  get recent(): readonly ViewedDecision[] {
    return this.#recent.newest;
  }

  get status(): PlacementStatus {
    const { placement } = this.#options.config;
    const session = this.#session;
    const parts = session?.parts;
    return {
      cluster: 'live',
      server: this.#server,
      state: this.#state(),
      trouble: this.#trouble ?? session?.trouble,
      mode: placement.mode,
      ...policyStatus(parts?.decider.policyName ?? placement.policy, this.#options.modelChanges),
      paused: parts?.paused.reason,
      nodes: parts?.watcher.nodeCount ?? 0,
      pods: parts?.watcher.podCount ?? 0,
      counts: session?.loop.counts,
      gauges: session?.loop.gauges,
      decider: parts?.decider.counts,
    };
  }

  #state(): PlacementStatus['state'] {
    if (this.#ending.signal.aborted) return 'stopped';
    if (!this.#isRunning) return 'connecting';
    return this.#session?.parts.leadership.isLeader === true ? 'leading' : 'following';
  }

  async #serve(): Promise<void> {
    const { log, sleep = systemSleep } = this.#options;
    const { signal } = this.#ending;
    const backoff = new Backoff(RETRY, this.#random);
    while (!signal.aborted) {
      try {
        await this.#open();
        return;
      } catch (error) {
        const wait = backoff.failed();
        this.#trouble = error instanceof Error ? error.message : String(error);
        log.error('placement-not-started', { error, retrySeconds: Math.round(wait / 1000) });
        await sleep(wait, signal);
      }
    }
  }

  async #open(): Promise<void> {
    const { config, clock, log, extras = liveExtras } = this.#options;
    const connection = await this.#connect();
    try {
      this.#server = connection.api.name;
      const features = await serverFeatures(connection.api);
      log.info('cluster-found', { server: connection.api.name, version: features.version.gitVersion });
      await this.#tellMissingVerbs(connection);
      if (this.#ending.signal.aborted) {
        connection.close();
        return;
      }
      this.#session = new LiveSession({
        config,
        connection,
        features,
        policies: this.#policies,
        describeNode: this.#describeNode,
        extras,
        host: this.#options.host,
        sink: this.#recent,
        records: this.#options.records,
        identity: `${hostname()}_${randomUUID()}`,
        clock,
        random: this.#random,
        log,
      });
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#trouble = undefined;
    try {
      this.#isRunning = await this.#session.start();
    } catch (error) {
      await this.#session.stop();
      this.#session = undefined;
      throw error;
    }
    if (this.#isRunning) this.#settleSynced(true);
  }

  async #connect(): Promise<ClusterConnection> {
    const { config, env, clock, connect } = this.#options;
    if (connect !== undefined) return await connect();
    const { kubeconfig, context } = config.kubernetes;
    const options = {
      environment: env,
      clock,
      ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    };
    const api = await ClientNodeApi.fromKubeconfig(options);
    const electionApi = await ClientNodeApi.fromKubeconfig({ ...options, maxConnections: 2 });
    return {
      api,
      electionApi,
      close: () => {
        api.close();
        electionApi.close();
      },
    };
  }

  /** A permission that is missing shows itself late otherwise: at the first conflict, the first event. */
  async #tellMissingVerbs({ api }: ClusterConnection): Promise<void> {
    const { config, log } = this.#options;
    const { placement, sleep, replacement, kubernetes } = config;
    if (placement.mode === 'dry-run') return;
    const features = [
      ...(placement.jobs ? (['jobs'] as const) : []),
      ...(placement.deployments ? (['deployments'] as const) : []),
      ...(placement.nodeAdvice ? (['node-advice'] as const) : []),
      ...(sleep.enabled || replacement.enabled ? (['eviction'] as const) : []),
      ...(kubernetes.podUse === 'kubelet' ? (['kubelet-use'] as const) : []),
      ...(kubernetes.podUse === 'metrics' ? (['metrics-use'] as const) : []),
    ];
    const wanted = [...permissionsOf(features, 'cluster'), ...permissionsOf(features, 'own')];
    for (const { verb, permission } of await missingVerbs(api, wanted, kubernetes.namespace)) {
      const { apiGroup, resource, why } = permission;
      const what = `${verb} ${apiGroup === '' ? resource : `${resource}.${apiGroup}`}, needed ${why}`;
      log.error('permission-missing', { error: daemonErrors.KISIM_E_PLACEMENT_PERMISSION(what) });
    }
  }
}
