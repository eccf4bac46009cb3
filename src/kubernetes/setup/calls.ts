import type { KubeApi, KubeRequest, KubeResponse } from '../kube-api.ts';
import type { KubeObject } from '../kube-object.ts';
import { readList } from '../object-list.ts';
import { refusal } from '../refusal.ts';

const PAGE = 500;

/** Undefined where it is not there. @throws KISIM_E_KUBE_... for every other refusal */
export async function readObject(api: KubeApi, path: string): Promise<KubeObject | undefined> {
  const request = { method: 'GET', path } as const;
  const response = await api.request(request);
  if (response.status === 404) return undefined;
  return succeeded(request, response) as KubeObject;
}

/**
 * All objects of a list, page by page. Nothing where the server has no such kind.
 *
 * @throws KISIM_E_KUBE_...
 */
export async function listObjects(
  api: KubeApi,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = [];
  for (let continueFrom: string | undefined; ; ) {
    const request: KubeRequest = {
      method: 'GET',
      path,
      query: { ...query, limit: PAGE, continue: continueFrom },
    };
    const response = await api.request(request);
    if (response.status === 404 && continueFrom === undefined) return [];
    if (response.status === 410 && continueFrom !== undefined) {
      // What is left of a list that is too old is not to be had: all of it again.
      found.length = 0;
      continueFrom = undefined;
      continue;
    }
    const page = readList(path, succeeded(request, response));
    found.push(...page.items);
    if (page.continueFrom === undefined) return found;
    continueFrom = page.continueFrom;
  }
}

/**
 * Deletes an object, the very one that was read where its uid is given.
 *
 * @returns whether there was one
 * @throws KISIM_E_KUBE_...
 */
export async function deleteObject(api: KubeApi, path: string, uid?: string): Promise<boolean> {
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Background',
    ...(uid === undefined ? {} : { preconditions: { uid } }),
  };
  const request = { method: 'DELETE', path, body } as const;
  const response = await api.request(request);
  // 409: another object has the name by now, which was not asked for.
  if (response.status === 404 || (response.status === 409 && uid !== undefined)) return false;
  if (response.status !== 200 && response.status !== 202) throw refusal(request, response);
  return true;
}

/** The body of a success. @throws the coded refusal */
export function succeeded(request: Pick<KubeRequest, 'method' | 'path'>, response: KubeResponse): unknown {
  if (response.status < 300) return response.body;
  throw refusal(request, response);
}
