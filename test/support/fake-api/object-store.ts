import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type StoredObject, sameJson, withoutEmptyLists } from './objects.ts';
import { qualified, type Resource } from './resources.ts';
import { MODIFIED, refusals } from './status.ts';

export interface StoreEvent {
  readonly version: number;
  readonly resource: Resource;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
  readonly previous: StoredObject | undefined;
}

export interface Preconditions {
  readonly uid?: unknown;
  readonly resourceVersion?: unknown;
}

/** All objects at their newest, and every change since the last compaction. One counter numbers all changes. */
export class ObjectStore {
  /** Emits 'change' with a StoreEvent. */
  readonly changes = new EventEmitter<{ change: [StoreEvent] }>();
  version = 1;
  /** Changes up to this one are forgotten: watches that begin before it are too old. */
  compacted = 0;
  #events: StoreEvent[] = [];
  #isTrial = false;
  readonly #objects = new Map<Resource, Map<string, StoredObject>>();

  constructor() {
    this.changes.setMaxListeners(0);
  }

  /** Sorted by namespace and name, as etcd's keys are. */
  list(resource: Resource, namespace: string | undefined): readonly StoredObject[] {
    const all = this.#objects.get(resource) ?? new Map<string, StoredObject>();
    return [...all]
      .filter(([key]) => namespace === undefined || key.startsWith(`${namespace}/`))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  get(resource: Resource, namespace: string | undefined, name: string): StoredObject {
    const found = this.find(resource, namespace, name);
    if (found === undefined) throw refusals.notFound(qualified(resource), name);
    return found;
  }

  find(resource: Resource, namespace: string | undefined, name: string): StoredObject | undefined {
    return this.#objects.get(resource)?.get(keyOf(namespace, name));
  }

  create(resource: Resource, object: StoredObject): StoredObject {
    const { name, namespace } = object.metadata;
    if (this.find(resource, namespace, name) !== undefined)
      throw refusals.alreadyExists(qualified(resource), name);
    const created: StoredObject = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: randomUUID(),
        creationTimestamp: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
        managedFields: [{ manager: 'fake', operation: 'Update', fieldsV1: { 'f:metadata': {} } }],
        resourceVersion: '',
      },
    };
    return this.#write(resource, 'ADDED', created, undefined);
  }

  /** Nothing happens where nothing would change. An empty resource version overwrites whatever is there. */
  update(resource: Resource, object: StoredObject): StoredObject {
    const { name, namespace, resourceVersion, uid } = object.metadata;
    const previous = this.get(resource, namespace, name);
    if ((uid ?? '') !== '' && uid !== previous.metadata.uid) {
      const says = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${previous.metadata.uid}`;
      throw refusals.conflict(qualified(resource), name, says);
    }
    if ((resourceVersion ?? '') !== '' && resourceVersion !== previous.metadata.resourceVersion)
      throw refusals.conflict(qualified(resource), name, MODIFIED);
    const { uid: own, creationTimestamp, generation } = previous.metadata;
    const kept: StoredObject = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: own,
        creationTimestamp,
        ...(generation === undefined ? {} : { generation }),
        resourceVersion: previous.metadata.resourceVersion,
      },
    };
    if (sameJson(kept, previous)) return previous;
    if (!sameJson(kept['spec'], previous['spec'])) kept.metadata['generation'] = Number(generation ?? 1) + 1;
    return this.#write(resource, 'MODIFIED', kept, previous);
  }

  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    { uid, resourceVersion }: Preconditions = {},
  ): StoredObject {
    const previous = this.get(resource, namespace, name);
    const { metadata } = previous;
    const wrong =
      (uid !== undefined && uid !== metadata.uid) ||
      (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion);
    if (wrong) throw refusals.conflict(qualified(resource), name, 'Precondition failed');
    return this.#write(resource, 'DELETED', previous, previous);
  }

  /** Changes after a version; undefined where some of them are forgotten. */
  since(version: number): readonly StoreEvent[] | undefined {
    return version < this.compacted ? undefined : this.#events.filter((event) => event.version > version);
  }

  /** What some work would come to: nothing of it is kept, and nobody is told. */
  trial<T>(work: () => T): T {
    const before = { version: this.version, events: this.#events, objects: new Map(this.#objects) };
    const copies = [...this.#objects].map(([resource, all]) => [resource, new Map(all)] as const);
    this.#isTrial = true;
    try {
      this.#events = [...this.#events];
      for (const [resource, copy] of copies) this.#objects.set(resource, copy);
      return work();
    } finally {
      this.#isTrial = false;
      this.version = before.version;
      this.#events = before.events;
      this.#objects.clear();
      for (const [resource, all] of before.objects) this.#objects.set(resource, all);
    }
  }

  compact(): void {
    this.compacted = this.version;
    this.#events = [];
  }

  #write(
    resource: Resource,
    type: StoreEvent['type'],
    object: StoredObject,
    previous: StoredObject | undefined,
  ): StoredObject {
    this.version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.version) };
    const written: StoredObject = {
      ...object,
      ...('spec' in object ? { spec: withoutEmptyLists(object['spec']) } : {}),
      metadata,
    };
    const key = keyOf(metadata.namespace, metadata.name);
    const all = this.#objects.get(resource) ?? new Map<string, StoredObject>();
    this.#objects.set(resource, all);
    if (type === 'DELETED') all.delete(key);
    else all.set(key, written);
    const event = { version: this.version, resource, type, object: written, previous };
    this.#events.push(event);
    if (!this.#isTrial) this.changes.emit('change', event);
    return written;
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
