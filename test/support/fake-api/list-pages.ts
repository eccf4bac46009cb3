import { randomUUID } from 'node:crypto';
import type { ObjectStore } from './object-store.ts';
import type { StoredObject } from './objects.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import type { Matches } from './selectors.ts';
import { refusals } from './status.ts';

const EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.';

/** Lists in pages: all of them as it was when the first was asked for. */
export class ListPages {
  readonly #store: ObjectStore;
  readonly #rest = new Map<string, { version: number; objects: readonly StoredObject[] }>();

  readonly #expired = new Set<string>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Every list that is not read to its end has to begin anew. */
  expire(): void {
    for (const token of this.#rest.keys()) this.#expired.add(token);
    this.#rest.clear();
  }

  list(resource: Resource, namespace: string | undefined, matches: Matches, query: URLSearchParams): unknown {
    const limit = Number(query.get('limit') ?? 0);
    const token = query.get('continue');
    let from = {
      version: this.#store.version,
      objects: this.#store.list(resource, namespace).filter(matches) as readonly StoredObject[],
    };
    if (token !== null && token !== '') {
      const rest = this.#rest.get(token);
      if (this.#expired.has(token)) throw refusals.expired(EXPIRED);
      if (rest === undefined) throw refusals.badRequest('continue key is not valid: not one of this server');
      from = rest;
    }
    const page = limit > 0 ? from.objects.slice(0, limit) : from.objects;
    const objects = from.objects.slice(page.length);
    const next = objects.length === 0 ? undefined : randomUUID();
    if (next !== undefined) this.#rest.set(next, { version: from.version, objects });
    return {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata: {
        resourceVersion: String(from.version),
        ...(next === undefined ? {} : { continue: next, remainingItemCount: objects.length }),
      },
      // Items of a list do not say what they are.
      items: page.map(({ apiVersion: _version, kind: _kind, ...item }) => item),
    };
  }
}
