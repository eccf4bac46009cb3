import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

/** An object of the Kubernetes API, as far as every one has the same form. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export class ApiError extends Error {
  readonly status: number;

  constructor(what: string, status: number, text: string) {
    super(`${what}: HTTP ${status}: ${text.slice(0, 500)}`);
    this.status = status;
  }
}

/** Path of the collection of a kind; `undefined` namespace: of all of them, or a kind without namespaces. */
const collections: Readonly<Record<string, string>> = {
  Namespace: 'api/v1/namespaces',
  Node: 'api/v1/nodes',
  Pod: 'api/v1/pods',
  ReplicationController: 'api/v1/replicationcontrollers',
  Service: 'api/v1/services',
  Deployment: 'apis/apps/v1/deployments',
  ReplicaSet: 'apis/apps/v1/replicasets',
  StatefulSet: 'apis/apps/v1/statefulsets',
  RuntimeClass: 'apis/node.k8s.io/v1/runtimeclasses',
};

export function collectionPath(kind: string, namespace?: string): string {
  const path = collections[kind];
  if (path === undefined) throw new Error(`no path is known for the kind ${kind}`);
  if (namespace === undefined) return `/${path}`;
  const slash = path.lastIndexOf('/');
  return `/${path.slice(0, slash)}/namespaces/${namespace}${path.slice(slash)}`;
}

/** As much of a client as the tests need: JSON over a few connections that are kept. */
export class ApiClient {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #token: string;

  constructor(serverUrl: string, certificateFile: string, token: string, connections = 16) {
    this.#url = new URL(serverUrl);
    this.#token = token;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, ca: readFileSync(certificateFile) });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @throws ApiError for every status of 400 and above. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<unknown> {
    const { status, text } = await this.#exchange(method, path, body, contentType);
    if (status >= 400) throw new ApiError(`${method} ${path}`, status, text);
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  create(object: ApiObject): Promise<unknown> {
    return this.call('POST', collectionPath(object.kind, object.metadata.namespace), object);
  }

  /** Creates all of them, several at a time: in no particular order. */
  async createAll(objects: readonly ApiObject[], atOnce = 16): Promise<void> {
    const rest = objects.values();
    const worker = async (): Promise<void> => {
      for (const object of rest) await this.create(object);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  /** Everything of one kind in one namespace, at once and without waiting for kubelets. */
  async deleteAll(kind: string, namespace?: string): Promise<void> {
    const options = { gracePeriodSeconds: 0, propagationPolicy: 'Background' };
    await this.call('DELETE', collectionPath(kind, namespace), options);
  }

  /** Some of one kind, by name or by namespace/name, several at a time. */
  async deleteEach(kind: string, keys: readonly string[], atOnce = 16): Promise<void> {
    const rest = keys.values();
    const worker = async (): Promise<void> => {
      for (const key of rest) {
        const slash = key.indexOf('/');
        const path = collectionPath(kind, slash < 0 ? undefined : key.slice(0, slash));
        await this.call('DELETE', `${path}/${key.slice(slash + 1)}`, { gracePeriodSeconds: 0 });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  #exchange(
    method: string,
    path: string,
    body: unknown,
    contentType: string,
  ): Promise<{ status: number; text: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.#token}`,
      // Said always: Node would send the body of a DELETE without its length, as the beginning of the next request.
      'content-length': Buffer.byteLength(text),
      ...(text === '' ? {} : { 'content-type': contentType }),
    };
    const asked = request(
      { hostname: this.#url.hostname, port: this.#url.port, path, method, headers, agent: this.#agent },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() });
        });
      },
    );
    asked.once('error', reject);
    asked.end(text);
    return promise;
  }
}
