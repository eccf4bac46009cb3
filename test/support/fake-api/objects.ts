/** Any JSON object; the fake server looks into objects that tests made up. */
export type Fields = { [field: string]: unknown };

/** An object of the fake server: changed in a copy only, so that watchers may keep what they were given. */
export interface StoredObject extends Fields {
  apiVersion: string;
  kind: string;
  metadata: Fields & {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
  };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that is an object; an empty one where it is absent. */
export function fieldsOf(value: unknown, ...path: readonly string[]): Fields {
  let at = value;
  for (const key of path) at = isFields(at) ? at[key] : undefined;
  return isFields(at) ? at : {};
}

export function listOf(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const last = path.at(-1);
  const at = last === undefined ? value : fieldsOf(value, ...path.slice(0, -1))[last];
  return Array.isArray(at) ? at : [];
}

/** JSON with sorted keys: equal for equal objects. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isFields(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** Whether two values say the same; absent, null and empty are the same to Go. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonical(withoutEmpty(a)) === canonical(withoutEmpty(b));
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutEmpty(each) ?? null);
  if (!isFields(value)) return value ?? undefined;
  const kept = Object.entries(value)
    .map(([key, inner]) => [key, withoutEmpty(inner)] as const)
    .filter(([, inner]) => inner !== undefined && !(Array.isArray(inner) && inner.length === 0));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** Go leaves empty lists out when it writes. */
export function withoutEmptyLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyLists);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
      .map(([key, inner]) => [key, withoutEmptyLists(inner)]),
  );
}
