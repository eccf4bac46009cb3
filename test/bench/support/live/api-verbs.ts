import type { KubeRequest } from '../../../../src/kubernetes/kube-api.ts';

/** What the API server's authorizer is asked for a request. */
export interface ApiVerb {
  readonly verb: string;
  /** Empty: the core group. */
  readonly group: string;
  /** With its subresource: `pods/eviction`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

const writing = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/** k8s.io/apiserver/pkg/endpoints/request: RequestInfo. Undefined for what is no resource, such as /version. */
export function apiVerb(method: KubeRequest['method'], path: string, isWatch: boolean): ApiVerb | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const [root] = parts;
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (parts[1] ?? '');
  let rest = parts.slice(root === 'api' ? 2 : 3);
  if (rest.length === 0) return undefined;
  let namespace: string | undefined;
  // `/namespaces/NAME` alone is the namespace itself.
  if (rest[0] === 'namespaces' && rest.length > 2) {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const [plural = '', name, subresource] = rest;
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  const verb = method === 'GET' ? (isWatch ? 'watch' : name === undefined ? 'list' : 'get') : writing[method];
  return { verb, group, resource, namespace, name };
}

export function verbText({ verb, group, resource }: Pick<ApiVerb, 'verb' | 'group' | 'resource'>): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
}
