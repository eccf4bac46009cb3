import { errors } from '../../src/kubernetes/errors.ts';
import type { KubeApi, KubeRequest, KubeResponse, PatchType } from '../../src/kubernetes/kube-api.ts';
import { discovery, isServed } from './fake-api/discovery.ts';
import { Faults } from './fake-api/faults.ts';
import { ObjectStore } from './fake-api/object-store.ts';
import type { StoredObject } from './fake-api/objects.ts';
import { Operations } from './fake-api/operations.ts';
import { parsePath, resources } from './fake-api/resources.ts';
import { fieldMatcher, labelMatcher } from './fake-api/selectors.ts';
import { Refusal, statusBody } from './fake-api/status.ts';

const contentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/**
 * The fake API server without its network: requests are answered in the same turn, so that a test with a played clock knows
 * when all is done. Watches are not served.
 */
export class MemoryApi implements KubeApi {
  readonly name = 'memory';
  readonly store = new ObjectStore();
  readonly operations = new Operations(this.store);
  readonly faults = new Faults();
  readonly requests: KubeRequest[] = [];
  gitVersion = 'v1.36.4';
  hasKueue = false;
  /** Called before each request is carried out: what happens in the cluster meanwhile. */
  meanwhile: (request: KubeRequest) => void = () => undefined;

  constructor(...namespaces: readonly string[]) {
    for (const name of ['default', ...namespaces])
      this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  create(object: { readonly kind: string; readonly [field: string]: unknown }): StoredObject {
    const resource = resources.find(({ kind }) => kind === object.kind)!;
    const { namespace = 'default' } = (object['metadata'] ?? {}) as { namespace?: string };
    const where = { resource, namespace: resource.namespaced ? namespace : undefined };
    return this.operations.create(where, structuredClone(object));
  }

  find(kind: string, name: string, namespace = 'default'): StoredObject | undefined {
    const resource = resources.find((each) => each.kind === kind)!;
    return this.store.find(resource, resource.namespaced ? namespace : undefined, name);
  }

  /** Changes an object past all rules. */
  change(object: StoredObject, change: (copy: StoredObject) => void): StoredObject {
    const resource = resources.find(({ kind }) => kind === object.kind)!;
    const { namespace, name } = object.metadata;
    const copy = structuredClone(this.store.get(resource, namespace, name));
    change(copy);
    copy.metadata.resourceVersion = '';
    return this.store.update(resource, copy);
  }

  remove(object: StoredObject): void {
    const resource = resources.find(({ kind }) => kind === object.kind)!;
    this.store.delete(resource, object.metadata.namespace, object.metadata.name);
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    this.requests.push(request);
    this.meanwhile(request);
    const fault = this.faults.take(request.method, request.path, false);
    if (fault === 'hang') throw errors.KISIM_E_KUBE_TIMEOUT(request.path);
    if (fault === 'cut') throw errors.KISIM_E_KUBE_UNREACHABLE(request.path);
    if (typeof fault === 'object') {
      const after = fault.headers?.['retry-after'];
      return {
        status: fault.status,
        body: fault.body ?? statusBody(fault.status, 'Injected', 'injected'),
        ...(after === undefined ? {} : { retryAfterSeconds: Number(after) }),
      };
    }
    const response = this.#answer(request);
    if (fault === 'cut-after') throw errors.KISIM_E_KUBE_UNREACHABLE(request.path);
    return response;
  }

  watch(): Promise<never> {
    return Promise.reject(new Error('no watches here'));
  }

  #answer({ signal: _, ...request }: KubeRequest): KubeResponse {
    try {
      // Over the wire and back: nobody shares an object with the server.
      const { status, body } = this.#carryOut(structuredClone(request));
      return { status, body: structuredClone(body) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: error.body };
    }
  }

  #carryOut({ method, path, query, body, patchType = 'json' }: KubeRequest): {
    status: number;
    body: unknown;
  } {
    const parsed = parsePath(path);
    if (parsed === undefined || !isServed(parsed.resource, this)) {
      const found = discovery(path, this);
      return found === undefined
        ? { status: 404, body: '404 page not found\n' }
        : { status: 200, body: found };
    }
    const { resource, namespace, name } = parsed;
    if (name === undefined) {
      if (method === 'POST') return { status: 201, body: this.operations.create(parsed, body) };
      const labels = labelMatcher(String(query?.['labelSelector'] ?? ''));
      const fields = fieldMatcher(String(query?.['fieldSelector'] ?? ''));
      const items = this.store.list(resource, namespace).filter((each) => labels(each) && fields(each));
      return { status: 200, body: { kind: `${resource.kind}List`, metadata: {}, items } };
    }
    const one = { ...parsed, name };
    if (method === 'PUT') return { status: 200, body: this.operations.replace(one, body) };
    if (method === 'DELETE') return { status: 200, body: this.operations.delete(one, body) };
    if (method === 'PATCH')
      return this.operations.patch(one, contentTypes[patchType], body, String(query?.['fieldManager'] ?? ''));
    const isScale = parsed.subresource === 'scale';
    return {
      status: 200,
      body: isScale ? this.operations.scale(one) : this.store.get(resource, namespace, name),
    };
  }
}
