import type { LabelSelector, Labels } from '../cluster/labels.ts';
import { Located } from '../simulation/inputs/manifests/located.ts';
import { controllerSelector } from '../simulation/inputs/manifests/owners.ts';
import { selectorOf } from '../simulation/inputs/manifests/selectors.ts';
import type { ObjectMeta } from './api-objects.ts';
import type { KubeObject } from './kube-object.ts';
import type { ListWatch, ListWatchHandlers } from './list-watch.ts';

/** Kinds whose selectors say which pods belong together. */
export type OwnerKind = 'services' | 'replicationcontrollers' | 'replicasets' | 'statefulsets';

interface Owner {
  readonly namespace: string;
  readonly name: string;
  readonly selector: LabelSelector;
}

export type OwnerWatch = (
  kind: OwnerKind,
  path: string,
  trim: (object: KubeObject) => Owner | undefined,
  handlers: ListWatchHandlers<Owner>,
) => ListWatch<Owner>;

const controllers = {
  replicationcontrollers: { path: '/api/v1/replicationcontrollers', key: 'v1 ReplicationController' },
  replicasets: { path: '/apis/apps/v1/replicasets', key: 'apps/v1 ReplicaSet' },
  statefulsets: { path: '/apis/apps/v1/statefulsets', key: 'apps/v1 StatefulSet' },
} as const;

/** Whether a waiting pod may belong to what changed. */
export type Concerns = (pod: { readonly metadata?: ObjectMeta }) => boolean;

/**
 * Which pods belong together, as the default scheduler sees it: those of a Service, and those of a ReplicaSet,
 * ReplicationController or StatefulSet (DefaultSelector in pkg/scheduler/framework/plugins/helper/spread.go). Kept are the
 * selectors alone.
 */
export class OwnerSelectors {
  readonly #services = new Map<string, Map<string, LabelSelector>>();
  readonly #controllers = new Map<string, LabelSelector>();
  /** One for all that are equal. */
  readonly #shared = new Map<string, LabelSelector>();
  readonly #watches: readonly ListWatch<Owner>[];
  readonly #changed: (namespace: string, concerns: Concerns) => void;

  /** @param changed called after a selector came, changed or went */
  constructor(watch: OwnerWatch, changed: (namespace: string, concerns: Concerns) => void) {
    this.#changed = changed;
    const kinds = Object.keys(controllers) as (keyof typeof controllers)[];
    this.#watches = [
      watch('services', '/api/v1/services', (object) => this.#readService(object), {
        applied: (service, before) => this.#serviceApplied(service, before),
        deleted: (service) => this.#serviceDeleted(service),
      }),
      ...kinds.map((kind) =>
        watch(kind, controllers[kind].path, (object) => this.#readController(kind, object), {
          applied: (owner, before) => this.#controllerApplied(kind, owner, before),
          deleted: (owner) => this.#controllerDeleted(kind, owner),
        }),
      ),
    ];
  }

  start(): void {
    for (const each of this.#watches) each.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((each) => each.stop()));
  }

  /** True once all of them are known; false where they were stopped before. */
  get synced(): Promise<boolean> {
    return Promise.all(this.#watches.map(({ synced }) => synced)).then((all) => all.every((each) => each));
  }

  /** Undefined where a pod belongs to nothing. Equal selectors are one object. */
  selectorFor({
    namespace = 'default',
    labels = {},
    ownerReferences,
  }: Pick<ObjectMeta, 'namespace' | 'labels' | 'ownerReferences'>): LabelSelector | undefined {
    const merged: Record<string, string> = {};
    for (const selector of this.#services.get(namespace)?.values() ?? [])
      if (matches(selector, labels)) for (const { key, values } of selector) merged[key] = values[0]!;
    const owner = ownerReferences?.find(({ controller }) => controller === true);
    const own =
      owner === undefined
        ? undefined
        : this.#controllers.get(controllerKey(`${owner.apiVersion} ${owner.kind}`, namespace, owner.name));
    const selector = [...selectorOf(merged), ...(own ?? [])];
    return selector.length === 0 ? undefined : this.#share(selector);
  }

  #readService({ metadata: { name, namespace = 'default' }, ...object }: KubeObject): Owner | undefined {
    const { selector } = (object['spec'] ?? {}) as { readonly selector?: Labels | null };
    const entries = selectorOf(selector ?? {});
    // Without a selector a Service has no pods, rather than all.
    return entries.length === 0 ? undefined : { namespace, name, selector: this.#share(entries) };
  }

  #readController(kind: keyof typeof controllers, object: KubeObject): Owner | undefined {
    const { name, namespace = 'default' } = object.metadata;
    const spec = object['spec'] as { readonly replicas?: number } | undefined;
    const status = object['status'] as { readonly replicas?: number } | undefined;
    // What a Deployment keeps of its past: it has no pods, and there are ten for each that has.
    if (kind === 'replicasets' && spec?.replicas === 0 && (status?.replicas ?? 0) === 0) return undefined;
    const api = controllers[kind].key.split(' ')[1]!;
    const at = new Located(`${api} ${namespace}/${name}`, { spec: object['spec'] });
    return { namespace, name, selector: this.#share(controllerSelector(api, at)) };
  }

  #serviceApplied({ namespace, name, selector }: Owner, before: Owner | undefined): void {
    if (before?.selector === selector) return;
    const services = this.#services.get(namespace) ?? new Map<string, LabelSelector>();
    services.set(name, selector);
    this.#services.set(namespace, services);
    this.#serviceChanged(namespace, [selector, before?.selector]);
  }

  #serviceDeleted({ namespace, name, selector }: Owner): void {
    const services = this.#services.get(namespace);
    services?.delete(name);
    if (services?.size === 0) this.#services.delete(namespace);
    this.#serviceChanged(namespace, [selector]);
  }

  #serviceChanged(namespace: string, selectors: readonly (LabelSelector | undefined)[]): void {
    this.#changed(namespace, ({ metadata }) =>
      selectors.some((selector) => selector !== undefined && matches(selector, metadata?.labels ?? {})),
    );
  }

  #controllerApplied(kind: keyof typeof controllers, owner: Owner, before: Owner | undefined): void {
    if (before?.selector === owner.selector) return;
    this.#controllers.set(controllerKey(controllers[kind].key, owner.namespace, owner.name), owner.selector);
    this.#controllerChanged(kind, owner);
  }

  #controllerDeleted(kind: keyof typeof controllers, owner: Owner): void {
    this.#controllers.delete(controllerKey(controllers[kind].key, owner.namespace, owner.name));
    this.#controllerChanged(kind, owner);
  }

  #controllerChanged(kind: keyof typeof controllers, { namespace, name }: Owner): void {
    const { key } = controllers[kind];
    this.#changed(
      namespace,
      ({ metadata }) =>
        metadata?.ownerReferences?.some(
          (owner) =>
            owner.controller === true && owner.name === name && `${owner.apiVersion} ${owner.kind}` === key,
        ) === true,
    );
  }

  #share(selector: LabelSelector): LabelSelector {
    const key = JSON.stringify(selector);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    // What is not used any more is dropped with all others now and then; equal ones are then two objects for a while.
    if (this.#shared.size > MOST_SHARED) this.#shared.clear();
    this.#shared.set(key, selector);
    return selector;
  }
}

const MOST_SHARED = 50_000;

function controllerKey(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/** Selectors of Services are plain labels. */
function matches(selector: LabelSelector, labels: Labels): boolean {
  return selector.every(({ key, values }) => labels[key] === values[0]);
}
