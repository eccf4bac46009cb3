import type { ServerResponse } from 'node:http';
import type { ObjectStore, StoreEvent } from './object-store.ts';
import type { StoredObject } from './objects.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import type { Matches } from './selectors.ts';
import { statusBody } from './status.ts';

export interface WatchedCollection {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly matches: Matches;
}

/** One open watch. */
export class Watch {
  readonly collection: WatchedCollection;
  readonly #response: ServerResponse;
  readonly #bookmarks: boolean;

  constructor(collection: WatchedCollection, response: ServerResponse, bookmarks: boolean) {
    this.collection = collection;
    this.#response = response;
    this.#bookmarks = bookmarks;
  }

  send(type: string, object: unknown): void {
    this.#response.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** An object that comes into a selection or leaves it is new or deleted to who watches the selection. */
  tell({ resource, type, object, previous }: StoreEvent): void {
    const { resource: own, namespace, matches } = this.collection;
    if (resource !== own || (namespace !== undefined && object.metadata.namespace !== namespace)) return;
    const before = previous !== undefined && matches(previous);
    const now = type !== 'DELETED' && matches(object);
    if (now) this.send(before ? 'MODIFIED' : 'ADDED', object);
    else if (before)
      this.send('DELETED', {
        ...previous,
        metadata: { ...previous.metadata, resourceVersion: object.metadata.resourceVersion },
      });
  }

  bookmark(version: number): void {
    if (!this.#bookmarks) return;
    const { kind } = this.collection.resource;
    const metadata = { resourceVersion: String(version), creationTimestamp: null };
    this.send('BOOKMARK', { kind, apiVersion: apiVersionOf(this.collection.resource), metadata });
  }

  error(code: number, reason: string, message: string): void {
    this.send('ERROR', statusBody(code, reason, message));
  }

  /** The server has had enough, in good order. */
  end(): void {
    this.#response.end();
  }

  /** The connection breaks. */
  cut(): void {
    this.#response.socket?.destroy();
  }

  /** Half an event, then a break. */
  cutWithin(object: StoredObject): void {
    const text = JSON.stringify({ type: 'ADDED', object });
    this.#response.write(text.slice(0, text.length / 2), () => this.cut());
  }

  garble(text: string): void {
    this.#response.write(text);
  }
}

/** The watches that are open now. */
export class Watches {
  readonly open = new Set<Watch>();
  readonly #store: ObjectStore;
  /** Told of every watch that has been opened and has got all that had happened. */
  opened: (watch: Watch) => void = () => undefined;
  #silent = false;
  readonly #waiting: (() => void)[] = [];

  constructor(store: ObjectStore) {
    this.#store = store;
    store.changes.on('change', (event) => {
      if (this.#silent) return;
      for (const watch of this.open) watch.tell(event);
    });
  }

  /** Until no watch is open any more: the server sees its clients leave a little later. */
  async allClosed(): Promise<void> {
    if (this.open.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Connections stay open, and nothing comes any more; until watches are opened anew. */
  silence(on: boolean): void {
    this.#silent = on;
  }

  cutAll(): void {
    for (const watch of this.open) watch.cut();
  }

  endAll(): void {
    for (const watch of this.open) watch.end();
  }

  bookmarkAll(): void {
    for (const watch of this.open) watch.bookmark(this.#store.version);
  }

  /**
   * Serves a watch from a version on; from none, what is there comes first.
   *
   * @param seconds until the server ends it, in milliseconds of this test
   */
  serve(
    collection: WatchedCollection,
    response: ServerResponse,
    query: URLSearchParams,
    milliseconds: number | undefined,
  ): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watch = new Watch(collection, response, query.get('allowWatchBookmarks') === 'true');
    const from = query.get('resourceVersion') ?? '';
    if (from === '' || from === '0') {
      for (const object of this.#store.list(collection.resource, collection.namespace))
        if (collection.matches(object)) watch.send('ADDED', object);
    } else {
      const past = this.#store.since(Number(from));
      if (past === undefined) {
        watch.error(410, 'Expired', `too old resource version: ${from} (${this.#store.version})`);
        watch.end();
        return;
      }
      for (const event of past) watch.tell(event);
    }
    this.open.add(watch);
    const timers =
      milliseconds === undefined
        ? []
        : [
            setTimeout(() => watch.bookmark(this.#store.version), milliseconds / 2),
            setTimeout(() => watch.end(), milliseconds),
          ];
    response.once('close', () => {
      for (const timer of timers) clearTimeout(timer);
      this.open.delete(watch);
      if (this.open.size === 0) for (const tell of this.#waiting.splice(0)) tell();
    });
    this.opened(watch);
  }
}
