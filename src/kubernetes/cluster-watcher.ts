import type { Labels } from '../cluster/labels.ts';
import type { Node } from '../cluster/node.ts';
import { type Clock, systemClock } from '../util/clock.ts';
import type { RandomSource } from '../util/rng.ts';
import type { Milliseconds } from '../util/units.ts';
import type { ClusterSink, PodFollower, WaitingPod, WaitingPodListener } from './cluster-listeners.ts';
import { isGated } from './gated-pod-patch.ts';
import type { KubeApi } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';
import { ListWatch, type ListWatchHandlers, type ListWatchOptions, type TroublePlace } from './list-watch.ts';
import { OPT_IN_LABEL, OPT_IN_VALUE, SKIP_LABEL } from './names.ts';
import { isUsable, NodeReader, sameForPlacement } from './node-reader.ts';
import { type Concerns, type OwnerKind, OwnerSelectors, type OwnerWatch } from './owner-selectors.ts';
import { type DescribePod, type ImaginedPods, PodReader, type WatchedPod } from './pod-reader.ts';

export type WatchedKind = 'nodes' | 'namespaces' | 'pods' | OwnerKind;

export interface ClusterWatcherOptions {
  readonly api: KubeApi;
  readonly sink: ClusterSink;
  readonly trouble: (kind: WatchedKind, place: TroublePlace, error: unknown) => void;
  readonly random: RandomSource;
  /** Adds power curves, sleep and the like to nodes. */
  readonly describeNode?: (node: Node) => Node;
  readonly describePod?: DescribePod;
  /**
   * Whether Services and controllers are watched, for the default spreading of the default scheduler. The program's role may
   * forbid it: that is told, and pods are then without.
   */
  readonly ownerSelectors?: boolean;
  readonly clock?: Clock;
  readonly wait?: NonNullable<ListWatchOptions<unknown>['wait']>;
  /** Calls once after some milliseconds; what is returned takes it back. */
  readonly after?: (milliseconds: Milliseconds, call: () => void) => () => void;
  readonly pageSize?: number;
  readonly reconcileSeconds?: number;
  readonly inactivityMilliseconds?: number;
}

/** Changes of nodes are told together: each of them makes the whole cluster anew. */
const NODES_SETTLE_MILLISECONDS = 100;
/** What has ended takes no room, and pods of Jobs stay for long after their end. */
const NOT_ENDED = 'status.phase!=Succeeded,status.phase!=Failed';

/**
 * Nodes, namespaces and pods of a live cluster in the vocabulary of `cluster/`: nodes and pods that run go to the sink, pods
 * that wait to those who subscribed. Pods are looked at only when nodes and namespaces are known.
 */
export class ClusterWatcher {
  readonly #options: ClusterWatcherOptions;
  readonly #nodes: ListWatch<Node>;
  readonly #namespaces: ListWatch<{ readonly name: string; readonly labels: Labels }>;
  readonly #pods: ListWatch<WatchedPod>;
  readonly #nodeReader = new NodeReader();
  readonly #podReader: PodReader;
  readonly #owners: OwnerSelectors | undefined;
  readonly #ownersTroubled = Promise.withResolvers<void>();
  /** The names that the nodes themselves hold: one string for all pods of a node. */
  readonly #nodeNames = new Map<string, string>();
  readonly #namespaceLabels = new Map<string, Labels>();
  readonly #waiting = new Map<string, WaitingPod>();
  readonly #listeners = new Set<WaitingPodListener>();
  readonly #followers = new Set<PodFollower>();
  #cancelTelling: (() => void) | undefined;
  #started: Promise<void> | undefined;

  constructor(options: ClusterWatcherOptions) {
    this.#options = options;
    this.#owners = options.ownerSelectors === true ? this.#watchOwners() : undefined;
    this.#podReader = new PodReader(options.describePod, (metadata) => this.#owners?.selectorFor(metadata));
    this.#nodes = this.#watch('nodes', '/api/v1/nodes', (object) => this.#nodeReader.read(object), {
      applied: (node, before) => this.#nodeApplied(node, before),
      deleted: ({ name }) => this.#nodeDeleted(name),
      listed: () => this.#nodesListed(),
    });
    this.#namespaces = this.#watch('namespaces', '/api/v1/namespaces', readNamespace, {
      applied: ({ name, labels }) => this.#namespaceChanged(name, labels),
      deleted: ({ name }) => this.#namespaceChanged(name, undefined),
    });
    this.#pods = this.#watch(
      'pods',
      '/api/v1/pods',
      (object) => this.#readPod(object),
      {
        applied: (pod, before) => this.#podApplied(pod, before),
        deleted: (pod) => this.#podDeleted(pod),
        listed: () => this.#sweepPods(),
      },
      NOT_ENDED,
    );
  }

  start(): void {
    this.#started ??= this.#start();
  }

  /** True once all that is there has been told; false where it was stopped before. */
  get synced(): Promise<boolean> {
    return this.#pods.synced;
  }

  async stop(): Promise<void> {
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    await Promise.all([this.#nodes.stop(), this.#namespaces.stop(), this.#owners?.stop(), this.#pods.stop()]);
    await this.#started;
  }

  /** For pods that are to be made: they share ids and shapes with those that are there. */
  get imagined(): ImaginedPods {
    return this.#podReader;
  }

  /** Labels by namespace. */
  get namespaces(): ReadonlyMap<string, Labels> {
    return this.#namespaceLabels;
  }

  /** Monotonic nanoseconds when the server was last heard, of the kind that it was heard of least. */
  get lastHeardNanoseconds(): number {
    return Math.min(
      this.#nodes.lastHeardNanoseconds,
      this.#namespaces.lastHeardNanoseconds,
      this.#pods.lastHeardNanoseconds,
    );
  }

  get podCount(): number {
    return this.#pods.size;
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  pod(uid: string): WatchedPod | undefined {
    return this.#pods.get(uid);
  }

  pods(): IterableIterator<WatchedPod> {
    return this.#pods.values();
  }

  /** Pods without a node. */
  list(): IterableIterator<WaitingPod> {
    return this.#waiting.values();
  }

  /** Returns what ends it. */
  subscribe(listener: WaitingPodListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells of all pods from now on; returns what ends it. */
  follow(follower: PodFollower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Tells the nodes anew, where `describeNode` would say something else now. */
  redescribeNodes(): void {
    const { describeNode = (node) => node, sink } = this.#options;
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    const usable = [...this.#nodes.values()].filter(isUsable);
    usable.sort((a, b) => (a.name < b.name ? -1 : 1));
    sink.setNodes(usable.map(describeNode));
  }

  /** One kind after the other, so that only one long list is taken in at a time. */
  async #start(): Promise<void> {
    this.#nodes.start();
    this.#namespaces.start();
    const known = await Promise.all([this.#nodes.synced, this.#namespaces.synced]);
    if (!known.every((synced) => synced)) return;
    if (this.#owners !== undefined) {
      this.#owners.start();
      await Promise.race([this.#owners.synced, this.#ownersTroubled.promise]);
    }
    this.#pods.start();
  }

  #watchOwners(): OwnerSelectors {
    const watch: OwnerWatch = (kind, path, trim, handlers) =>
      this.#watch(kind, path, trim, handlers, undefined, () => this.#ownersTroubled.resolve());
    return new OwnerSelectors(watch, (namespace, concerns) => this.#ownersChanged(namespace, concerns));
  }

  #watch<T>(
    kind: WatchedKind,
    path: string,
    trim: (object: KubeObject) => T | undefined,
    handlers: ListWatchHandlers<T>,
    fieldSelector?: string,
    troubled: () => void = () => undefined,
  ): ListWatch<T> {
    const { api, random, clock = systemClock, trouble, wait } = this.#options;
    const { pageSize, reconcileSeconds, inactivityMilliseconds } = this.#options;
    return new ListWatch<T>({
      api,
      path,
      trim,
      handlers,
      random,
      clock,
      trouble: (place, error) => {
        trouble(kind, place, error);
        troubled();
      },
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(wait === undefined ? {} : { wait }),
      ...(pageSize === undefined ? {} : { pageSize }),
      ...(reconcileSeconds === undefined ? {} : { reconcileSeconds }),
      ...(inactivityMilliseconds === undefined ? {} : { inactivityMilliseconds }),
    });
  }

  #nodeApplied(node: Node, before: Node | undefined): void {
    if (!this.#nodeNames.has(node.name)) this.#nodeNames.set(node.name, node.name);
    if (before === undefined || !sameForPlacement(node, before)) this.#tellNodesSoon();
  }

  #nodeDeleted(name: string): void {
    this.#nodeNames.delete(name);
    this.#tellNodesSoon();
  }

  /** The first nodes are told before the first pod. */
  #nodesListed(): void {
    this.#nodeReader.sweep(this.#nodes.values());
    if (this.#cancelTelling !== undefined) this.redescribeNodes();
  }

  #tellNodesSoon(): void {
    const { after = afterMilliseconds } = this.#options;
    this.#cancelTelling ??= after(NODES_SETTLE_MILLISECONDS, () => this.redescribeNodes());
  }

  #namespaceChanged(name: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#namespaceLabels.delete(name);
    else this.#namespaceLabels.set(name, labels);
    this.#options.sink.namespaceChanged?.(name, labels);
    for (const pod of [...this.#waiting.values()]) {
      if (pod.namespace === name && this.#isOptedIn(pod) !== pod.isOptedIn) this.#waits(pod);
    }
  }

  /** Pods come by another stream, and may be there before what they belong to. */
  #ownersChanged(namespace: string, concerns: Concerns): void {
    for (const pod of [...this.#waiting.values()]) {
      const { object } = pod;
      if (pod.namespace !== namespace || object === undefined || !concerns(object)) continue;
      const read = this.#podReader.read(object as KubeObject, undefined, pod);
      if (read.pod.scheduling !== pod.pod.scheduling) this.#waits(read);
    }
  }

  #readPod(object: KubeObject): WatchedPod {
    const { nodeName } = object['spec'] as { readonly nodeName?: string };
    const node = nodeName === undefined || nodeName === '' ? undefined : nodeName;
    const before = this.#pods.get(object.metadata.uid);
    return this.#podReader.read(object, node && (this.#nodeNames.get(node) ?? node), before);
  }

  #podApplied(pod: WatchedPod, before: WatchedPod | undefined): void {
    // While a list is taken in, pods that are read already are not all there yet.
    if (this.#podReader.needsSweep && this.#pods.state === 'watching') this.#sweepPods();
    for (const follower of this.#followers) follower.applied(pod, before);
    const { uid, nodeName } = pod;
    if (nodeName === undefined) {
      this.#waits(pod);
      return;
    }
    if (before?.pod !== pod.pod || before.nodeName !== nodeName)
      this.#options.sink.bound(uid, pod.pod, nodeName);
    if (this.#waiting.delete(uid)) this.#settled(uid, nodeName);
  }

  #podDeleted(pod: WatchedPod): void {
    const { uid } = pod;
    for (const follower of this.#followers) follower.gone(pod);
    this.#podReader.forget(uid);
    this.#options.sink.gone(uid);
    if (this.#waiting.delete(uid)) this.#settled(uid, undefined);
  }

  #waits(pod: WatchedPod): void {
    const { name, namespace } = pod.pod;
    const waiting: WaitingPod = {
      ...pod,
      name,
      namespace,
      isGated: isGated(pod.object!),
      isOptedIn: this.#isOptedIn(pod),
    };
    this.#waiting.set(pod.uid, waiting);
    for (const listener of this.#listeners) listener.pending(waiting);
  }

  #settled(uid: string, node: string | undefined): void {
    for (const listener of this.#listeners) listener.settled(uid, node);
  }

  #isOptedIn({ pod }: WatchedPod): boolean {
    const isIn = this.#namespaceLabels.get(pod.namespace)?.[OPT_IN_LABEL] === OPT_IN_VALUE;
    return isIn && pod.scheduling?.labels[SKIP_LABEL] === undefined;
  }

  #sweepPods(): void {
    this.#podReader.sweep((uid) => this.#pods.get(uid) !== undefined, this.#pods.values());
  }
}

function readNamespace({ metadata }: KubeObject): { readonly name: string; readonly labels: Labels } {
  return { name: metadata.name, labels: (metadata['labels'] ?? {}) as Labels };
}

function afterMilliseconds(milliseconds: Milliseconds, call: () => void): () => void {
  const timer = setTimeout(call, milliseconds);
  return () => clearTimeout(timer);
}
