import { type Fields, isFields, sameJson } from './objects.ts';
import { refusals } from './status.ts';

/** RFC 6902, on a copy. Whatever does not apply is refused in one and the same way, as the real server does. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw refusals.badRequest('json patch must be a list of operations');
  let document = structuredClone(target);
  for (const operation of operations as readonly Fields[]) document = applyOperation(document, operation);
  return document;
}

function pointer(path: unknown): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) throw refusals.patchRefused();
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function applyOperation(document: unknown, { op, path, from, value }: Fields): unknown {
  switch (op) {
    case 'add':
      return write(document, pointer(path), structuredClone(value), true);
    case 'replace':
      // evanphx/json-patch v4, which the real server uses, lets a field that is not there be replaced.
      read(document, pointer(path).slice(0, -1));
      return write(document, pointer(path), structuredClone(value), false);
    case 'remove':
      return remove(document, pointer(path));
    case 'test':
      if (!sameJson({ value: read(document, pointer(path)) }, { value })) throw refusals.patchRefused();
      return document;
    case 'move': {
      const moved = read(document, pointer(from));
      return write(remove(document, pointer(from)), pointer(path), moved, true);
    }
    case 'copy':
      return write(document, pointer(path), structuredClone(read(document, pointer(from))), true);
    default:
      throw refusals.patchRefused();
  }
}

function indexIn(list: readonly unknown[], part: string, last: number): number {
  const index = /^(?:0|[1-9]\d*)$/.test(part) ? Number(part) : Number.NaN;
  if (!(index <= last && index <= list.length)) throw refusals.patchRefused();
  return index;
}

function read(document: unknown, path: readonly string[]): unknown {
  let at = document;
  for (const part of path) {
    if (Array.isArray(at)) at = at[indexIn(at, part, at.length - 1)];
    else if (isFields(at) && Object.hasOwn(at, part)) at = at[part];
    else throw refusals.patchRefused();
  }
  return at;
}

function write(document: unknown, path: readonly string[], value: unknown, insert: boolean): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    if (insert && last === '-') parent.push(value);
    else if (insert) parent.splice(indexIn(parent, last, parent.length), 0, value);
    else parent[indexIn(parent, last, parent.length - 1)] = value;
  } else if (isFields(parent)) parent[last] = value;
  else throw refusals.patchRefused();
  return document;
}

function remove(document: unknown, path: readonly string[]): unknown {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  read(document, path);
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(indexIn(parent, last, parent.length - 1), 1);
  else delete (parent as Fields)[last];
  return document;
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return structuredClone(patch);
  const merged: Fields = isFields(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** Lists that are merged by a key; all others are replaced (patchMergeKey in k8s.io/api). */
const mergeKeys: Readonly<Record<string, string>> = {
  admissionChecks: 'name',
  conditions: 'type',
  containers: 'name',
  env: 'name',
  initContainers: 'name',
  ownerReferences: 'uid',
  schedulingGates: 'name',
  volumes: 'name',
};

/** Strategic merge patch: maps, nulls, lists by their keys, `$patch: delete` and `replace`. */
export function strategicPatch(target: unknown, patch: unknown, field = ''): unknown {
  if (Array.isArray(patch)) return mergedList(target, patch, mergeKeys[field]);
  if (!isFields(patch)) return patch;
  const { $patch: directive, ...rest } = patch;
  const merged: Fields = isFields(target) && directive !== 'replace' ? { ...target } : {};
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith('$')) continue;
    if (value === null) delete merged[key];
    else merged[key] = strategicPatch(merged[key], value, key);
  }
  return merged;
}

function mergedList(target: unknown, patch: readonly unknown[], key: string | undefined): unknown {
  if (key === undefined || !patch.every(isFields)) return structuredClone(patch);
  if (patch.some((each) => each['$patch'] === 'replace')) return patch.filter((each) => !('$patch' in each));
  const list = Array.isArray(target) ? [...(target as readonly Fields[])] : [];
  for (const each of patch) {
    const at = list.findIndex((old) => old[key] === each[key]);
    if (each['$patch'] === 'delete') {
      if (at >= 0) list.splice(at, 1);
    } else if (at >= 0) list[at] = strategicPatch(list[at], each) as Fields;
    else list.push(strategicPatch({}, each) as Fields);
  }
  return list;
}

/**
 * Server-side apply without owners of single fields: what this manager applied before and now leaves out goes, what it
 * names is set. Conflicts with other managers are not seen.
 */
export function applyPatch(target: unknown, previous: unknown, patch: unknown): unknown {
  return strategicPatch(without(target, previous, patch), patch);
}

function without(target: unknown, previous: unknown, patch: unknown): unknown {
  if (!isFields(target) || !isFields(previous)) return target;
  const kept: Fields = { ...target };
  for (const [key, before] of Object.entries(previous)) {
    const now = isFields(patch) ? patch[key] : undefined;
    if (now === undefined && !isFields(before)) delete kept[key];
    else if (isFields(before)) kept[key] = without(kept[key], before, now ?? {});
  }
  return kept;
}
