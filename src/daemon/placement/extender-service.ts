import type { AddressInfo } from 'node:net';
import type { Node } from '../../cluster/node.ts';
import type { Config } from '../../config/config.ts';
import { Decider } from '../../controller/decider.ts';
import { ExtenderAdvice } from '../../controller/extender-advice.ts';
import { LiveCluster } from '../../controller/live-cluster.ts';
import { systemTime } from '../../controller/system-time.ts';
import { ClusterWatcher } from '../../kubernetes/cluster-watcher.ts';
import { ExtenderServer } from '../../kubernetes/extender-server.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { podHints } from '../../kubernetes/pod-hints.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { PlacementPolicies } from './policies.ts';
import { WatchTrouble } from './watch-trouble.ts';

export interface ExtenderServiceOptions {
  readonly api: KubeApi;
  readonly policies: Pick<PlacementPolicies, 'policy' | 'fallback'>;
  readonly describeNode: (node: Node) => Node;
  readonly strength: Config['placement']['strength'];
  /** Whether Services and controllers are read, by which pods belong together. */
  readonly ownerSelectors: boolean;
  readonly ownNamespace: string;
  readonly allNamespaces: boolean;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly timeLimitMilliseconds: Milliseconds;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** A scheduler extender with a watch of its own: it shares nothing with a placement loop and writes nothing. */
export class ExtenderService {
  readonly #log: Logger;
  readonly #watcher: ClusterWatcher;
  readonly #advice: ExtenderAdvice;
  readonly #server: ExtenderServer;
  #isReady = false;
  #syncing: Promise<void> | undefined;

  constructor(options: ExtenderServiceOptions) {
    const { api, policies, clock, random, log, host, port, timeLimitMilliseconds } = options;
    this.#log = log;
    const book = new LiveCluster();
    const trouble = new WatchTrouble(log, clock);
    this.#watcher = new ClusterWatcher({
      api,
      sink: book,
      random,
      clock,
      describeNode: options.describeNode,
      describePod: podHints,
      ownerSelectors: options.ownerSelectors,
      trouble: trouble.told,
    });
    const decider = new Decider({
      book,
      policy: policies.policy,
      // Nobody reads what another rule would have done.
      ...(policies.fallback === undefined ? {} : { fallback: policies.fallback }),
      seed: Math.floor(random.next() * 2 ** 32),
      log,
      monotonicMilliseconds: systemTime.monotonicMilliseconds,
    });
    const advice = new ExtenderAdvice({
      pods: this.#watcher,
      book,
      decider,
      time: systemTime,
      log,
      strength: options.strength,
      allNamespaces: options.allNamespaces,
      ownNamespace: options.ownNamespace,
      isReady: () => this.#isReady,
      unseenMilliseconds: timeLimitMilliseconds / 2,
    });
    this.#advice = advice;
    this.#server = new ExtenderServer({
      host,
      port,
      timeLimitMilliseconds,
      log,
      score: (pod, names) => advice.score(pod, names),
      refuse: (pod, names) => advice.refuse(pod, names),
    });
  }

  /**
   * Listens at once; what is asked before the cluster is known is answered with an error.
   *
   * @throws KISIM_E_EXTENDER_LISTEN
   */
  async start(): Promise<AddressInfo> {
    const address = await this.#server.start();
    this.#advice.start();
    this.#watcher.start();
    this.#syncing = this.#sync();
    return address;
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    this.#advice.stop();
    await this.#watcher.stop();
    await this.#syncing;
  }

  async #sync(): Promise<void> {
    this.#isReady = await this.#watcher.synced;
    if (!this.#isReady) return;
    this.#log.info('cluster-known', { nodes: this.#watcher.nodeCount, pods: this.#watcher.podCount });
  }
}
