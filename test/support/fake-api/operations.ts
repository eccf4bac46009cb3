import type { ObjectStore } from './object-store.ts';
import { type Fields, fieldsOf, isFields, type StoredObject } from './objects.ts';
import { checkJobUpdate, checkLease, newJob } from './other-rules.ts';
import { applyPatch, jsonPatch, mergePatch, strategicPatch } from './patches.ts';
import { boundPod, checkPodUpdate, newPod } from './pod-rules.ts';
import {
  apiVersionOf,
  qualified,
  qualifiedKind,
  type Resource,
  type ResourcePath,
  resources,
} from './resources.ts';
import { refusals } from './status.ts';

const podResource = resources.find(({ kind }) => kind === 'Pod')!;
const namespaceResource = resources.find(({ kind }) => kind === 'Namespace')!;

/** Changes a new object before it is kept, as admission does. */
export type Admission = (resource: Resource, object: StoredObject) => StoredObject;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Writes of the fake server: what is asked of one object, checked by the rules of its kind. */
export class Operations {
  readonly #store: ObjectStore;
  admission: Admission = (_, object) => object;
  /** Whether an eviction may go ahead; false is what a disruption budget says. */
  evictable: (pod: StoredObject) => boolean = () => true;
  readonly #applied = new Map<string, unknown>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** `dryRun=All`: the answer to a write that is not done. */
  dryRun<T>(work: () => T): T {
    const applied = new Map(this.#applied);
    try {
      return this.#store.trial(work);
    } finally {
      this.#applied.clear();
      for (const [key, patch] of applied) this.#applied.set(key, patch);
    }
  }

  create({ resource, namespace }: Pick<ResourcePath, 'resource' | 'namespace'>, body: unknown): StoredObject {
    const object = this.#received(resource, namespace, body);
    const { generateName } = object.metadata;
    if ((object.metadata.name ?? '') === '' && typeof generateName === 'string')
      object.metadata.name = generateName + Math.random().toString(36).slice(2, 7).padEnd(5, 'x');
    if ((object.metadata.name ?? '') === '')
      throw refusals.invalid(
        qualifiedKind(resource),
        '',
        'metadata.name: Required value: name or generateName is required',
      );
    const admitted = this.admission(resource, withDefaults(resource, object));
    return this.#store.create(resource, checkedNew(resource, admitted));
  }

  replace(path: ResourcePath & { readonly name: string }, body: unknown): StoredObject {
    const { resource, namespace, name, subresource } = path;
    const old = this.#store.get(resource, namespace, name);
    const received = this.#received(resource, namespace, body);
    if (received.metadata.name !== name)
      throw refusals.badRequest(
        `the name of the object (${received.metadata.name}) does not match the name on the URL (${name})`,
      );
    return this.#update(resource, subresource, received, old);
  }

  patch(
    path: ResourcePath & { readonly name: string },
    contentType: string,
    patch: unknown,
    manager: string,
  ): Answer {
    const { resource, namespace, name, subresource } = path;
    const applied = `${qualified(resource)}/${namespace}/${name}/${manager}`;
    const found = this.#store.find(resource, namespace, name);
    if (contentType.startsWith('application/apply-patch')) {
      if (manager === '')
        throw refusals.badRequest('PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value');
      const before = this.#applied.get(applied);
      this.#applied.set(applied, patch);
      if (found === undefined) return { status: 201, body: this.create(path, patch) };
      const next = applyPatch(found, before, patch) as StoredObject;
      return { status: 200, body: this.#update(resource, subresource, next, found) };
    }
    const isScale = subresource === 'scale';
    const old = isScale ? this.scale(path) : this.#store.get(resource, namespace, name);
    let next: unknown;
    if (contentType === 'application/json-patch+json') next = jsonPatch(old, patch);
    else if (contentType === 'application/merge-patch+json') next = mergePatch(old, patch);
    else if (contentType === 'application/strategic-merge-patch+json') next = strategicPatch(old, patch);
    else throw new UnsupportedMediaType(contentType);
    if (isScale) return { status: 200, body: this.#rescaled(path, next) };
    return { status: 200, body: this.#update(resource, subresource, next as StoredObject, old) };
  }

  /** A Scale (autoscaling/v1), with the identity of the object it is of; counts of none are left out. */
  scale({ resource, namespace, name }: ResourcePath & { readonly name: string }): StoredObject {
    const { metadata, ...object } = this.#store.get(resource, namespace, name);
    const { uid, resourceVersion, creationTimestamp } = metadata;
    const counted = (at: Fields): Fields => {
      const count = at['replicas'];
      return count === undefined || count === 0 ? {} : { replicas: count };
    };
    return {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        uid,
        resourceVersion,
        creationTimestamp,
      },
      spec: counted(fieldsOf(object, 'spec')),
      status: counted(fieldsOf(object, 'status')),
    };
  }

  #rescaled(path: ResourcePath & { readonly name: string }, scale: unknown): StoredObject {
    const { resource, namespace, name } = path;
    const old = this.#store.get(resource, namespace, name);
    const { uid, resourceVersion } = fieldsOf(scale, 'metadata');
    const replicas = fieldsOf(scale, 'spec')['replicas'] ?? 0;
    this.#store.update(resource, {
      ...old,
      metadata: { ...old.metadata, uid: String(uid), resourceVersion: String(resourceVersion) },
      spec: { ...fieldsOf(old, 'spec'), replicas },
    });
    return this.scale(path);
  }

  bind(namespace: string, name: string, body: unknown): void {
    const [pods, pod] = this.#pod(namespace, name);
    this.#store.update(pods, boundPod(pod, body));
  }

  evict(namespace: string, name: string, body: unknown): void {
    const [pods, pod] = this.#pod(namespace, name);
    if (!this.evictable(pod))
      throw refusals.disrupted("Cannot evict pod as it would violate the pod's disruption budget.");
    this.delete({ resource: pods, namespace, name, subresource: undefined }, fieldsOf(body, 'deleteOptions'));
  }

  /** A pod on a node is marked only, until its kubelet has ended it or the grace is none. */
  delete(
    { resource, namespace, name }: ResourcePath & { readonly name: string },
    options: unknown,
  ): StoredObject {
    const old = this.#store.get(resource, namespace, name);
    const preconditions = fieldsOf(options, 'preconditions');
    const grace = fieldsOf(options)['gracePeriodSeconds'];
    const onNode = resource.kind === 'Pod' && (fieldsOf(old, 'spec')['nodeName'] ?? '') !== '';
    if (!onNode || grace === 0) return this.#store.delete(resource, namespace, name, preconditions);
    if (preconditions['uid'] !== undefined && preconditions['uid'] !== old.metadata.uid)
      throw refusals.conflict(qualified(resource), name, 'Precondition failed');
    const deletionTimestamp = new Date().toISOString().replace(/\.\d+Z/, 'Z');
    const metadata = { ...old.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace ?? 30 };
    return this.#store.update(resource, { ...old, metadata });
  }

  #pod(namespace: string, name: string): readonly [Resource, StoredObject] {
    return [podResource, this.#store.get(podResource, namespace, name)];
  }

  #update(
    resource: Resource,
    subresource: string | undefined,
    received: StoredObject,
    old: StoredObject,
  ): StoredObject {
    let next = received;
    if (subresource === 'status')
      next = { ...old, metadata: metadataOf(received, old), status: received['status'] };
    else if (resource.status === true) {
      const { status: _status, ...rest } = received;
      next = { ...rest, ...(old['status'] === undefined ? {} : { status: old['status'] }) } as StoredObject;
    }
    if (resource.kind === 'Lease') checkLease(next, old);
    if (subresource !== 'status') {
      if (resource.kind === 'Pod') checkPodUpdate(next, old);
      if (resource.kind === 'Job') checkJobUpdate(next, old);
    }
    return this.#store.update(resource, next);
  }

  #received(resource: Resource, namespace: string | undefined, body: unknown): StoredObject {
    if (!isFields(body)) throw refusals.badRequest('the body is no object');
    const { kind } = body;
    if (kind !== undefined && kind !== resource.kind)
      throw refusals.badRequest(
        `${String(kind)} in version "${String(body['apiVersion'])}" cannot be handled as a ${resource.kind}: no kind "${String(kind)}" is registered`,
      );
    const metadata = { ...fieldsOf(body, 'metadata') };
    if (namespace !== undefined) {
      if ((metadata['namespace'] ?? namespace) !== namespace)
        throw refusals.badRequest(
          'the namespace of the provided object does not match the namespace sent on the request',
        );
      if (this.#store.find(namespaceResource, undefined, namespace) === undefined)
        throw refusals.notFound('namespaces', namespace);
      metadata['namespace'] = namespace;
    }
    return { ...body, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata } as StoredObject;
  }
}

export class UnsupportedMediaType extends Error {}

function metadataOf(received: StoredObject, old: StoredObject): StoredObject['metadata'] {
  const { resourceVersion, uid } = received.metadata;
  return { ...old.metadata, resourceVersion, uid };
}

function withDefaults(resource: Resource, object: StoredObject): StoredObject {
  const hasSpec = 'spec' in object;
  if (hasSpec) object.metadata['generation'] = 1;
  if (resource.kind !== 'Namespace') return object;
  const labels = {
    ...fieldsOf(object, 'metadata', 'labels'),
    'kubernetes.io/metadata.name': object.metadata.name,
  };
  return { ...object, metadata: { ...object.metadata, labels }, status: { phase: 'Active' } };
}

function checkedNew(resource: Resource, object: StoredObject): StoredObject {
  if (resource.kind === 'Pod') return newPod(object);
  if (resource.kind === 'Job') return newJob(object);
  if (resource.kind === 'Lease') checkLease(object, undefined);
  return object;
}
