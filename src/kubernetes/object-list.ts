import { errors } from './errors.ts';
import type { KubeObject } from './kube-object.ts';

/** One page of a list. */
export interface ObjectList {
  readonly resourceVersion: string;
  /** Where the next page begins; undefined on the last one. */
  readonly continueFrom: string | undefined;
  /** Without kind and version of their own. */
  readonly items: readonly KubeObject[];
}

/** @throws KISIM_E_KUBE_ANSWER for what is no list, such as a page of a proxy */
export function readList(path: string, body: unknown): ObjectList {
  const { metadata, items } = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly metadata?: { readonly resourceVersion?: unknown; readonly continue?: unknown };
    readonly items?: unknown;
  };
  const resourceVersion = metadata?.resourceVersion;
  // Go writes an empty list as null where it was never made.
  const list: unknown = items ?? [];
  if (
    typeof resourceVersion !== 'string' ||
    resourceVersion === '' ||
    !Array.isArray(list) ||
    !list.every(isObject)
  )
    throw errors.KISIM_E_KUBE_ANSWER(`list ${path}: ${(JSON.stringify(body) ?? 'nothing').slice(0, 100)}`);
  const next = metadata?.continue;
  return {
    resourceVersion,
    continueFrom: typeof next === 'string' && next !== '' ? next : undefined,
    items: list,
  };
}

/** Whether an item of a list is an object as API servers keep them. */
export function isObject(item: unknown): item is KubeObject {
  const { uid, name, resourceVersion } = (item as Partial<KubeObject> | null)?.metadata ?? {};
  return typeof uid === 'string' && typeof name === 'string' && typeof resourceVersion === 'string';
}
