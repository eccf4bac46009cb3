/** One operation of a JSON Patch (RFC 6902). The API server answers 422 to a `test` that fails, without saying which. */
export type PatchOperation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** A path from its steps, each escaped as RFC 6901 asks: `~` and `/` occur in names of annotations. */
export function pointer(...steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * The operations that give an object these labels or annotations, whether it has any yet or not.
 *
 * @param at path of the map, as steps: `['metadata', 'annotations']`
 */
export function setEntries(
  at: readonly (string | number)[],
  present: Readonly<Record<string, string>> | undefined,
  entries: Readonly<Record<string, string>>,
): PatchOperation[] {
  const names = Object.keys(entries);
  if (names.length === 0) return [];
  if (present === undefined || Object.keys(present).length === 0)
    return [{ op: 'add', path: pointer(...at), value: entries }];
  return names.map((name) => ({ op: 'add', path: pointer(...at, name), value: entries[name]! }));
}

/**
 * The two operations that bind a patch to one version of one object: a failed `test` of the uid means that another object
 * has the name by now (422), and replacing the resource version with the one that was read makes every change in between a
 * conflict (409).
 */
export function sameObject(metadata: {
  readonly uid?: string;
  readonly resourceVersion?: string;
}): PatchOperation[] {
  return [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
  ];
}
