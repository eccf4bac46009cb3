import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { KubeApi, KubeRequest, KubeResponse, PatchType } from '../../src/kubernetes/kube-api.ts';
import type { KubeObject } from '../../src/kubernetes/kube-object.ts';
import { statusOf } from '../../src/kubernetes/refusal.ts';
import { objectContract } from './api-contract/objects.ts';
import { eventContract, jobContract, leaseContract } from './api-contract/other-kinds.ts';
import { podContract } from './api-contract/pods.ts';
import { watchContract } from './api-contract/watches.ts';

/** A server to be held to the contract, with what is opened for it. */
export interface ContractServer {
  readonly api: KubeApi;
  /** Makes all versions so far too old to watch from. */
  forget(): void | Promise<void>;
  close(): void | Promise<void>;
}

/** What the tests of the contract ask a server by. */
export class ContractClient {
  readonly api: KubeApi;
  /** Of this run's own: names need be unique in it only. */
  readonly namespace: string;
  #names = 0;

  constructor(api: KubeApi, namespace: string) {
    this.api = api;
    this.namespace = namespace;
  }

  name(kind: string): string {
    this.#names += 1;
    return `${kind}-${this.#names}`;
  }

  path(collection: string, name?: string, subresource?: string): string {
    const [group, plural] = collection.includes('/')
      ? [
          `/apis/${collection.slice(0, collection.lastIndexOf('/'))}`,
          collection.slice(collection.lastIndexOf('/') + 1),
        ]
      : ['/api/v1', collection];
    return [group, 'namespaces', this.namespace, plural, name, subresource]
      .filter((part) => part !== undefined)
      .join('/');
  }

  ask(method: KubeRequest['method'], path: string, body?: unknown): Promise<KubeResponse> {
    return this.api.request({ method, path, ...(body === undefined ? {} : { body }) });
  }

  async create(collection: string, object: object): Promise<KubeObject> {
    return succeeded(await this.ask('POST', this.path(collection), object), 201);
  }

  patch(
    path: string,
    patchType: PatchType,
    body: unknown,
    query: KubeRequest['query'] = {},
  ): Promise<KubeResponse> {
    return this.api.request({ method: 'PATCH', path, patchType, body, query });
  }

  /** A pod of one container, made at once. */
  createPod(spec: object = {}, metadata: object = {}): Promise<KubeObject> {
    return this.create('pods', podOf(this.name('pod'), spec, metadata));
  }
}

export function podOf(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'main', image: 'registry.example/base:1' }], ...spec },
  };
}

export function succeeded(response: KubeResponse, status = 200): KubeObject {
  assert.equal(response.status, status, JSON.stringify(response.body));
  return response.body as KubeObject;
}

/** Checks a refusal: status, reason and words of a Status. */
export function refused(
  response: KubeResponse,
  status: number,
  reason: string,
  message?: RegExp | string,
): void {
  assert.equal(response.status, status, JSON.stringify(response.body));
  const said = statusOf(response.body);
  assert.equal(said?.reason, reason, JSON.stringify(response.body));
  assert.equal(said?.code, status);
  if (typeof message === 'string') assert.equal(said?.message, message);
  else if (message !== undefined) assert.match(said?.message ?? '', message);
}

/**
 * Registers the tests that the fake API server and the real one must both pass, so that what is tested against the fake
 * holds for the real one.
 */
export function apiContract(
  title: string,
  start: () => Promise<ContractServer>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(title, { skip: options.skip ?? false }, () => {
    let server: ContractServer;
    let client: ContractClient;
    before(async () => {
      server = await start();
      const namespace = 'contract';
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
      succeeded(await server.api.request({ method: 'POST', path: '/api/v1/namespaces', body }), 201);
      client = new ContractClient(server.api, namespace);
    });
    after(() => server?.close());
    const own = () => client;
    objectContract(own);
    podContract(own);
    jobContract(own);
    leaseContract(own);
    eventContract(own);
    watchContract(own, () => server.forget());
  });
}
