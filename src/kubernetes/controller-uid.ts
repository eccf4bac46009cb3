import type { ObjectMeta } from './api-objects.ts';

/** Uid of the owner that makes another object in its place; undefined where it has none. */
export function controllerUid(object: { readonly metadata?: ObjectMeta } | undefined): string | undefined {
  return object?.metadata?.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}
