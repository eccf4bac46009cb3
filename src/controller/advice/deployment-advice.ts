import type { TemplateChoice } from '../../kubernetes/affinity.ts';
import type { ApiDeployment } from '../../kubernetes/api-objects.ts';
import { writtenPreferences } from '../../kubernetes/deployment-affinity.ts';
import type { AdvisedDeployment } from '../../kubernetes/deployment-watcher.ts';
import type { GuardedResult } from '../../kubernetes/guarded-patch.ts';
import { isRollingOut } from '../../kubernetes/rollout.ts';
import { TokenBucket } from '../../kubernetes/token-bucket.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import { errors } from '../errors.ts';
import type { Leadership, LoopTime, PauseSource } from '../ports.ts';
import { betterNodes } from './preferred-nodes.ts';
import { Rounds } from './rounds.ts';

const EVERY_MILLISECONDS: Milliseconds = 60_000;
/** Deployments whose pods are replaced for the sake of a preference, in an hour. */
const ROLLOUTS_PER_HOUR = 6;
/** A rollout of ours that does not end holds up the next one no longer. */
const ROLLOUT_MILLISECONDS: Milliseconds = 1_800_000;

export interface DeploymentWrites {
  /** Sets the preferences of a template, or takes them out. */
  prefer(
    deployment: ApiDeployment,
    nodes: TemplateChoice['nodes'] | undefined,
  ): Promise<GuardedResult<ApiDeployment>>;
}

export interface DeploymentAdviceOptions {
  readonly deployments: () => Iterable<AdvisedDeployment>;
  readonly writes: DeploymentWrites;
  /** What work costs on each node that could take the pods of a Deployment. */
  readonly costsFor: (deployment: AdvisedDeployment) => ReadonlyMap<string, number | undefined>;
  /** Where the program itself runs. */
  readonly ownNamespace: string;
  /** Told of every template that was changed. */
  readonly told: (deployment: AdvisedDeployment, nodes: readonly string[] | undefined) => void;
  readonly leadership: Leadership;
  readonly paused: PauseSource;
  readonly time: LoopTime;
  readonly log: Logger;
}

interface Rollout {
  readonly generation: number;
  readonly since: Milliseconds;
}

/**
 * Has Deployments that ask for it prefer the nodes that work costs least on. Each change replaces all of their pods: one
 * Deployment at a time, seldom, never while one is rolling out, and only where another node is really better. Who does not ask
 * any more gets the old template back.
 */
export class DeploymentAdvice {
  readonly name = 'deployment-advice';
  readonly #o: DeploymentAdviceOptions;
  readonly #rounds: Rounds;
  readonly #bucket: TokenBucket;
  /** Begun by this daemon and not seen to be through. */
  readonly #rollouts = new Map<string, Rollout>();
  /** Somebody else overwrites them: left alone until they stop asking. */
  readonly #contested = new Set<string>();

  constructor(options: DeploymentAdviceOptions) {
    this.#o = options;
    this.#bucket = new TokenBucket(1, ROLLOUTS_PER_HOUR / 3600, this.#nanoseconds);
    this.#rounds = new Rounds({
      ...options,
      everyMilliseconds: EVERY_MILLISECONDS,
      work: (isOver) => this.#round(isOver),
    });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  get #nanoseconds(): number {
    return this.#o.time.monotonicMilliseconds() * 1e6;
  }

  async #round(isOver: () => boolean): Promise<void> {
    const all = [...this.#o.deployments()].filter(({ namespace }) => !this.#isOurs(namespace));
    this.#forget(all);
    const undone = all.filter(({ isAsked, object }) => !isAsked && !isRollingOut(object));
    for (const deployment of undone) {
      if (isOver()) return;
      await this.#write(deployment, undefined);
    }
    for (const deployment of all) {
      // One at a time: what the last one has changed is to be seen first.
      if (isOver() || this.#rollouts.size > 0) return;
      if (!deployment.isAsked || isRollingOut(deployment.object) || this.#isContested(deployment)) continue;
      // Pods that wait are not to wait for this.
      await this.#turn();
      if (isOver()) return;
      const present = writtenPreferences(deployment.object)?.nodes;
      const nodes = betterNodes(this.#o.costsFor(deployment), present);
      if (nodes === undefined || !this.#bucket.take(this.#nanoseconds)) continue;
      await this.#write(deployment, nodes);
    }
  }

  #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#o.time.after(0, resolve);
    return promise;
  }

  /** Never touched, whatever they ask for. */
  #isOurs(namespace: string): boolean {
    return namespace === 'kube-system' || namespace === this.#o.ownNamespace;
  }

  /** Rollouts that are through, or take too long; contests of Deployments that do not ask any more. */
  #forget(all: readonly AdvisedDeployment[]): void {
    const now = this.#o.time.monotonicMilliseconds();
    const byUid = new Map(all.map((each) => [each.uid, each]));
    for (const [uid, { generation, since }] of this.#rollouts) {
      const object = byUid.get(uid)?.object;
      const isSeen = object !== undefined && (object.metadata?.generation ?? 0) >= generation;
      const isThrough = object === undefined || (isSeen && !isRollingOut(object));
      if (isThrough || now - since > ROLLOUT_MILLISECONDS) this.#rollouts.delete(uid);
    }
    for (const uid of this.#contested) if (byUid.get(uid)?.isAsked !== true) this.#contested.delete(uid);
  }

  /** A tool that applies its own manifest takes our terms out and leaves the annotation: nobody wins that by trying again. */
  #isContested({ uid, namespace, name, object }: AdvisedDeployment): boolean {
    if (this.#contested.has(uid)) return true;
    if (writtenPreferences(object)?.isThere !== false) return false;
    this.#contested.add(uid);
    const error = errors.KISIM_E_CONTROLLER_OVERWRITTEN(`${namespace}/${name}`);
    this.#o.log.warn('deployment-overwritten', { namespace, deployment: name, error });
    return true;
  }

  async #write(deployment: AdvisedDeployment, nodes: TemplateChoice['nodes'] | undefined): Promise<void> {
    const { writes, time, log, told } = this.#o;
    const { uid, namespace, name, object } = deployment;
    const result = await writes.prefer(object, nodes);
    if (result.outcome === 'failed')
      log.warn('deployment-not-written', { namespace, deployment: name, error: result.error });
    if (result.outcome !== 'written') return;
    const generation = result.object.metadata?.generation ?? 0;
    if (generation > (object.metadata?.generation ?? 0))
      this.#rollouts.set(uid, { generation, since: time.monotonicMilliseconds() });
    log.info('deployment-preference', { namespace, deployment: name, nodes: nodes ?? [] });
    told(deployment, nodes);
  }
}
