import type { ApiObject } from '../api-objects.ts';
import type { KubeApi, KubeRequest, KubeResponse } from '../kube-api.ts';
import type { KubeObject } from '../kube-object.ts';
import { objectPath } from '../manifests/setup-objects.ts';
import { COMPONENT, MANAGED_BY_LABEL } from '../names.ts';
import { refusal } from '../refusal.ts';
import { readObject } from './calls.ts';
import { setupErrors } from './errors.ts';

/** What is to be done with one object. `replace`: deleted and made anew, as what differs can never be changed. */
export interface PlannedObject {
  readonly action: 'create' | 'change' | 'replace' | 'keep';
  readonly object: ApiObject;
  readonly path: string;
  /** Fields that will differ: `rules[3].verbs`. */
  readonly differences: readonly string[];
  /** Who else has set fields that are taken over: `.rules of kubectl-edit`. */
  readonly takesOver: readonly string[];
}

/**
 * Asks the server what applying an object would do, without doing it.
 *
 * @param hasNamespace whether the object's namespace is there yet; where it is not, the object is not either
 * @throws KISIM_E_SETUP_FOREIGN, KISIM_E_SETUP_CONFLICT, KISIM_E_KUBE_...
 */
export async function planObject(
  api: KubeApi,
  object: ApiObject,
  { force, hasNamespace }: { readonly force: boolean; readonly hasNamespace: boolean },
): Promise<PlannedObject> {
  const path = objectPath(object);
  const planned = { object, path, differences: [], takesOver: [] };
  if (!hasNamespace) return { ...planned, action: 'create' };
  const before = await readObject(api, path);
  if (before !== undefined) {
    const labels = (before.metadata['labels'] ?? {}) as Readonly<Record<string, string>>;
    if (labels[MANAGED_BY_LABEL] !== COMPONENT && !force)
      throw setupErrors.KISIM_E_SETUP_FOREIGN(`${object.kind} ${nameOf(object)}`);
    const role = differences(before['roleRef'], object['roleRef'], 'roleRef');
    if (role.length > 0) return { ...planned, action: 'replace', differences: role };
  }
  const { takesOver, after } = await tried(api, object, path, force);
  if (before === undefined) return { ...planned, action: 'create', takesOver };
  const changed = differences(essence(before), essence(after), '');
  return { ...planned, action: changed.length === 0 ? 'keep' : 'change', differences: changed, takesOver };
}

async function tried(
  api: KubeApi,
  object: ApiObject,
  path: string,
  force: boolean,
): Promise<{ readonly takesOver: readonly string[]; readonly after: KubeObject }> {
  const request = applyRequest(object, path, { dryRun: true, force: false });
  const response = await api.request(request);
  if (response.status < 300) return { takesOver: [], after: response.body as KubeObject };
  const takesOver = conflicts(response);
  if (takesOver.length === 0) throw refusal(request, response);
  if (!force)
    throw setupErrors.KISIM_E_SETUP_CONFLICT(`${object.kind} ${nameOf(object)}: ${takesOver.join(', ')}`);
  const forced = applyRequest(object, path, { dryRun: true, force: true });
  const answer = await api.request(forced);
  if (answer.status >= 300) throw refusal(forced, answer);
  return { takesOver, after: answer.body as KubeObject };
}

/** Server-side apply: the fields that are named become the program's, all others stay as they are. */
export function applyRequest(
  object: ApiObject,
  path: string,
  { dryRun, force }: { readonly dryRun: boolean; readonly force: boolean },
): KubeRequest {
  return {
    method: 'PATCH',
    path,
    patchType: 'apply',
    query: { fieldManager: COMPONENT, force, ...(dryRun ? { dryRun: 'All' } : {}) },
    body: object,
  };
}

export function nameOf({ metadata: { name, namespace } }: ApiObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Of a 409 to an apply: each field with its owner. */
function conflicts({ status, body }: KubeResponse): readonly string[] {
  if (status !== 409) return [];
  const { details } = body as {
    details?: { causes?: readonly { reason?: string; message?: string; field?: string }[] };
  };
  return (details?.causes ?? [])
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ message = '', field = '' }) => {
      const owner = /"([^"]*)"/.exec(message)?.[1];
      return owner === undefined ? `${field} (${message})` : `${field} of ${owner}`;
    });
}

/** What a person wrote or would write: without what the server keeps for itself. */
function essence(object: KubeObject): unknown {
  const { status: _status, metadata, ...rest } = object;
  const { managedFields: _, resourceVersion: __, generation: ___, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** Paths of what differs, at most where one side is no object any more. */
export function differences(before: unknown, after: unknown, path: string): string[] {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return before === after ? [] : [path];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const step = Array.isArray(after) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    const inner = (value: object): unknown => (value as Readonly<Record<string, unknown>>)[name];
    return differences(inner(before), inner(after), step);
  });
}
