import type { LabelSelector } from '../cluster/labels.ts';
import type { Pod, PodGpuRequest, PodScheduling } from '../cluster/pod.ts';
import { sharedGpuRequest } from '../simulation/inputs/manifests/gpu-share.ts';
import { Located } from '../simulation/inputs/manifests/located.ts';
import { type PodSurroundings, readPodSpec } from '../simulation/inputs/manifests/pod-manifest.ts';
import { effectiveRequests } from '../simulation/inputs/manifests/resources.ts';
import type { Milliseconds } from '../util/units.ts';
import type { ApiPod, ObjectMeta } from './api-objects.ts';
import type { KubeObject } from './kube-object.ts';
import { podParts } from './pod-parts.ts';
import { type PodTraits, podTraits } from './pod-traits.ts';

/** A pod of a live cluster, in little memory: what placement needs of it and nothing else. */
export interface WatchedPod {
  readonly uid: string;
  readonly pod: Pod;
  readonly nodeName: string | undefined;
  /** By the API server's clock. */
  readonly createdUnixMilliseconds: Milliseconds;
  /** When the first of its containers that still is known ran, by the clock of its node; undefined: none has. */
  readonly startedUnixMilliseconds: Milliseconds | undefined;
  /** Of all its containers together. */
  readonly restarts: number;
  readonly isDeleting: boolean;
  /** Kinds of its owners; one list for all pods with the same. */
  readonly ownerKinds: readonly string[];
  /** Whether it may be evicted; one object for all pods with the same. */
  readonly traits: PodTraits;
  /** The object without status and managed fields, while it has no node: what a patch is made from. */
  readonly object: ApiPod | undefined;
}

/** Adds to a pod what its requests do not say: predicted use and end, slack. */
export type DescribePod = (pod: Pod, object: ApiPod) => Pod;

/** The selector of what a waiting pod belongs to; equal ones are one object. */
export type OwnerSelectorOf = (metadata: ObjectMeta) => LabelSelector | undefined;

/** Pods that do not exist yet, for who plans ahead: read as they will be, with ids that no other pod has meanwhile. */
export interface ImaginedPods {
  /**
   * The pod that an object describes. Its id stays taken until `forget`.
   *
   * @throws KISIM_E_MANIFEST_... naming the object and the field
   */
  imagine(object: KubeObject): Pod;
  /** Another pod of the same shape. */
  copy(pod: Pod, uid: string, name: string): Pod;
  /** Its id may be given to another pod. */
  forget(uid: string): void;
}

/** Pods that are alike share all of this. */
interface Shape {
  readonly id: number;
  readonly namespace: string;
  readonly scheduling: PodScheduling;
  readonly gpu: PodGpuRequest | undefined;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly extended: Readonly<Record<string, number>> | undefined;
}

// Everything that classes stand for the API server has written into the pods themselves.
const around: PodSurroundings = { runtimeClasses: new Map(), priorityClasses: new Map(), defaultPriority: 0 };

/** An id is used again only when so many others were freed after it: whoever still holds its pod has forgotten it by then. */
const IDS_AT_REST = 1024;
/** Shapes are looked through for ones without pods when there are so many more than after the last time. */
const SWEEP_AFTER = 1000;

/**
 * Makes `cluster/` pods from API objects. Pods that are alike for every policy share one shape, read once; ids are dense and
 * used again after their pods are gone.
 */
export class PodReader implements ImaginedPods {
  readonly #describe: DescribePod;
  readonly #ownerSelectorOf: OwnerSelectorOf;
  readonly #shapes = new Map<string, Shape>();
  readonly #owners = new Map<string, readonly string[]>();
  readonly #ids = new Map<string, number>();
  readonly #freeIds: number[] = [];
  /** Uids of pods that no watch tells of. */
  readonly #imagined = new Set<string>();
  #nextId = 0;
  #nextShape = 0;
  #sweepAt = SWEEP_AFTER;

  constructor(describe: DescribePod = (pod) => pod, ownerSelectorOf: OwnerSelectorOf = () => undefined) {
    this.#describe = describe;
    this.#ownerSelectorOf = ownerSelectorOf;
  }

  get shapeCount(): number {
    return this.#shapes.size;
  }

  /**
   * @param nodeName the string to hold for the pod's node: one for all of its pods
   * @throws KISIM_E_MANIFEST_... naming the pod and the field
   */
  read(object: KubeObject, nodeName: string | undefined, before: WatchedPod | undefined): WatchedPod {
    const { uid, name } = object.metadata;
    const shape = this.#shapeOf(object, nodeName !== undefined);
    const slim: ApiPod = { metadata: object.metadata, spec: object['spec'] as NonNullable<ApiPod['spec']> };
    const same =
      before !== undefined && before.pod.scheduling === shape.scheduling && before.nodeName === nodeName;
    return {
      uid,
      // The same pod to whoever holds it, where nothing of it has changed; while it waits its annotations count too.
      pod: same && nodeName !== undefined ? before.pod : this.#describe(this.#podOf(uid, name, shape), slim),
      nodeName,
      createdUnixMilliseconds: Date.parse(String(object.metadata['creationTimestamp'])),
      ...lifeOf(object),
      isDeleting: object.metadata['deletionTimestamp'] !== undefined,
      ownerKinds: this.#ownerKindsOf(object),
      traits: podTraits(object),
      object: nodeName === undefined ? slim : undefined,
    };
  }

  imagine(object: KubeObject): Pod {
    const { uid, name } = object.metadata;
    this.#imagined.add(uid);
    const slim: ApiPod = { metadata: object.metadata, spec: object['spec'] as NonNullable<ApiPod['spec']> };
    return this.#describe(this.#podOf(uid, name, this.#shapeOf(object, false)), slim);
  }

  copy(pod: Pod, uid: string, name: string): Pod {
    this.#imagined.add(uid);
    return { ...pod, id: this.#idOf(uid), name };
  }

  /** The pod is gone: its id may be given to another one. */
  forget(uid: string): void {
    this.#imagined.delete(uid);
    const id = this.#ids.get(uid);
    if (id === undefined) return;
    this.#ids.delete(uid);
    this.#freeIds.push(id);
  }

  /** Drops what no pod uses any more. @param has whether a uid is that of a pod that is there; @param pods all of them */
  sweep(has: (uid: string) => boolean, pods: Iterable<WatchedPod>): void {
    for (const uid of [...this.#ids.keys()]) if (!has(uid) && !this.#imagined.has(uid)) this.forget(uid);
    const used = new Set<PodScheduling | undefined>();
    for (const { pod } of pods) used.add(pod.scheduling);
    for (const [key, { scheduling }] of this.#shapes) if (!used.has(scheduling)) this.#shapes.delete(key);
    this.#sweepAt = this.#shapes.size * 2 + SWEEP_AFTER;
  }

  get needsSweep(): boolean {
    return this.#shapes.size > this.#sweepAt;
  }

  #podOf(uid: string, name: string, shape: Shape): Pod {
    const { namespace, cpuMilli, memoryBytes, gpu, extended, scheduling } = shape;
    return {
      id: this.#idOf(uid),
      name,
      namespace,
      cpuMilli,
      memoryBytes,
      ...(gpu === undefined ? {} : { gpu }),
      ...(extended === undefined ? {} : { extended }),
      // The object says nothing of use and of ends: what is asked for, and for good.
      predictedCpuMilli: cpuMilli,
      predictedSeconds: Number.POSITIVE_INFINITY,
      slackSeconds: 0,
      shape: shape.id,
      scheduling,
    };
  }

  #idOf(uid: string): number {
    const known = this.#ids.get(uid);
    if (known !== undefined) return known;
    const id = this.#freeIds.length > IDS_AT_REST ? this.#freeIds.shift()! : this.#nextId++;
    this.#ids.set(uid, id);
    return id;
  }

  #shapeOf(object: KubeObject, isBound: boolean): Shape {
    const parts = podParts(object, isBound);
    const selector = isBound ? undefined : this.#selectorOf(object);
    const key = JSON.stringify(selector === undefined ? parts : [parts, selector]);
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const { namespace = '', name } = object.metadata;
    const at = new Located(`pod ${namespace}/${name}`, parts);
    const labels = at.get('metadata').get('labels').textMap();
    const read = readPodSpec(at.get('spec'), labels, around);
    const scheduling = selector === undefined ? read : { ...read, ownerSelector: selector };
    const amounts = effectiveRequests(
      scheduling.containers,
      scheduling.initContainers,
      scheduling.podRequests,
      scheduling.overhead,
    );
    const others = [...amounts].filter(([resource]) => resource !== 'cpu' && resource !== 'memory');
    const shape: Shape = {
      id: this.#nextShape++,
      namespace,
      scheduling,
      gpu: sharedGpuRequest(at),
      cpuMilli: amounts.get('cpu') ?? 0,
      memoryBytes: amounts.get('memory') ?? 0,
      extended: others.length === 0 ? undefined : Object.fromEntries(others),
    };
    this.#shapes.set(key, shape);
    return shape;
  }

  /** The default spreading is for pods that say nothing of spreading themselves. */
  #selectorOf({ metadata, ...object }: KubeObject): LabelSelector | undefined {
    const { topologySpreadConstraints = [] } = (object['spec'] ?? {}) as {
      readonly topologySpreadConstraints?: readonly unknown[];
    };
    return topologySpreadConstraints.length > 0 ? undefined : this.#ownerSelectorOf(metadata as ObjectMeta);
  }

  #ownerKindsOf({ metadata }: KubeObject): readonly string[] {
    const owners = metadata['ownerReferences'] as readonly { readonly kind: string }[] | undefined;
    const kinds = owners?.map(({ kind }) => kind) ?? [];
    const key = kinds.join();
    const known = this.#owners.get(key);
    if (known !== undefined) return known;
    this.#owners.set(key, kinds);
    return kinds;
  }
}

interface ContainerStatus {
  readonly restartCount?: number;
  readonly state?: Readonly<Record<string, { readonly startedAt?: string | null } | undefined>>;
  readonly lastState?: ContainerStatus['state'];
}

function lifeOf(object: KubeObject): Pick<WatchedPod, 'startedUnixMilliseconds' | 'restarts'> {
  const { containerStatuses } = (object['status'] ?? {}) as {
    readonly containerStatuses?: readonly ContainerStatus[];
  };
  let started = Number.POSITIVE_INFINITY;
  let restarts = 0;
  for (const { restartCount = 0, state, lastState } of containerStatuses ?? []) {
    restarts += restartCount;
    for (const { startedAt } of [state?.['running'], state?.['terminated'], lastState?.['terminated']].filter(
      (each) => each !== undefined,
    )) {
      const at = Date.parse(startedAt ?? '');
      if (at < started) started = at;
    }
  }
  return {
    startedUnixMilliseconds: started === Number.POSITIVE_INFINITY ? undefined : started,
    restarts,
  };
}
