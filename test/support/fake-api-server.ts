import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessReview } from './fake-api/access-review.ts';
import { discovery, isServed } from './fake-api/discovery.ts';
import { Faults } from './fake-api/faults.ts';
import { ListPages } from './fake-api/list-pages.ts';
import { ObjectStore } from './fake-api/object-store.ts';
import { fieldsOf, type StoredObject } from './fake-api/objects.ts';
import { Operations, UnsupportedMediaType } from './fake-api/operations.ts';
import { parsePath, qualified, type Resource, type ResourcePath, resources } from './fake-api/resources.ts';
import { fieldMatcher, labelMatcher, type Matches } from './fake-api/selectors.ts';
import { Refusal, refusals, statusBody } from './fake-api/status.ts';
import { Watches } from './fake-api/watches.ts';

export interface FakeApiOptions {
  /** Asked for as a bearer token; where left out everyone may come. */
  readonly token?: string;
  /** Milliseconds that stand for a second of a watch's `timeoutSeconds`. */
  readonly watchSecond?: number;
  readonly gitVersion?: string;
}

/** One request as it was answered. */
export interface ServedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly body: unknown;
  status: number;
}

/**
 * An API server for fast tests: objects in memory behind the real wire format and the real one's rules for pods with
 * gates, suspended Jobs, leases and bindings (test/support/api-contract.ts holds both to them). It has no controllers and
 * no scheduler: what they would do a test does by requests of its own. Faults can be put in.
 */
export class FakeApiServer {
  readonly store = new ObjectStore();
  readonly operations = new Operations(this.store);
  readonly watches = new Watches(this.store);
  readonly faults = new Faults();
  readonly pages = new ListPages(this.store);
  readonly requests: ServedRequest[] = [];
  /** `verb plural`, as `list pods` or `patch pods/status`: refused with 403. */
  readonly forbidden = new Set<string>();
  /** As servers before 1.36 are, without MutatingAdmissionPolicy. */
  withoutPolicies = false;
  hasKueue = false;
  token: string | undefined;
  gitVersion: string;
  readonly #watchSecond: number;
  readonly #server: Server;

  private constructor({ token, watchSecond = 1000, gitVersion = 'v1.36.4' }: FakeApiOptions) {
    this.token = token;
    this.gitVersion = gitVersion;
    this.#watchSecond = watchSecond;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        // A mistake of the fake itself: shown to the client, and in the test's output.
        process.stderr.write(`fake API server: ${String(error instanceof Error ? error.stack : error)}\n`);
        if (!response.headersSent) answer(response, 500, statusBody(500, 'InternalError', String(error)));
        else response.destroy();
      });
    });
    for (const name of ['default', 'kube-system'])
      this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  static async start(options: FakeApiOptions = {}): Promise<FakeApiServer> {
    const fake = new FakeApiServer(options);
    await fake.listen();
    return fake;
  }

  /** Goes on at the same address after `close`, with all objects: a restart. */
  async listen(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A kubeconfig for this server, as YAML (JSON is YAML). */
  get kubeconfig(): string {
    const user = this.token === undefined ? {} : { token: this.token };
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'fake', cluster: { server: this.url } }],
      users: [{ name: 'tester', user }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'tester' } }],
      'current-context': 'fake',
    });
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  cutConnections(): void {
    this.#server.closeAllConnections();
  }

  /** Creates an object as a client would, without a request. */
  create(object: object): StoredObject {
    const resource = this.resourceOf(object);
    const namespace = resource.namespaced
      ? String(fieldsOf(object, 'metadata')['namespace'] ?? 'default')
      : undefined;
    return this.operations.create({ resource, namespace }, structuredClone(object));
  }

  /** The object of a kind, as it is now; undefined where there is none. */
  find(kind: string, name: string, namespace?: string): StoredObject | undefined {
    const resource = resources.find((each) => each.kind === kind)!;
    return this.store.find(resource, resource.namespaced ? (namespace ?? 'default') : undefined, name);
  }

  /** Writes an object past all rules, as a controller or a kubelet would in several steps. */
  overwrite(object: StoredObject): StoredObject {
    const metadata = { ...object.metadata, resourceVersion: '' };
    return this.store.update(this.resourceOf(object), { ...object, metadata });
  }

  remove(object: StoredObject): void {
    const { name, namespace } = object.metadata;
    this.store.delete(this.resourceOf(object), namespace, name);
  }

  resourceOf(object: object): Resource {
    const { apiVersion, kind } = object as StoredObject;
    const found = resources.find(
      (each) =>
        each.kind === kind && apiVersion === (each.group === '' ? 'v1' : `${each.group}/${each.version}`),
    );
    if (found === undefined) throw new Error(`the fake server knows no ${apiVersion} ${kind}`);
    return found;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const method = request.method ?? 'GET';
    const query = url.searchParams;
    const isWatch = query.get('watch') === 'true' || query.get('watch') === '1';
    const served: ServedRequest = {
      method,
      path: url.pathname,
      query: Object.fromEntries(query),
      contentType: request.headers['content-type'] ?? '',
      body: await bodyOf(request),
      status: 0,
    };
    this.requests.push(served);
    const fault = this.faults.take(method, url.pathname, isWatch);
    if (fault === 'hang') return;
    if (fault === 'cut') {
      request.socket.destroy();
      return;
    }
    if (typeof fault === 'object') {
      served.status = fault.status;
      answer(
        response,
        fault.status,
        fault.body ?? statusBody(fault.status, 'Injected', 'injected'),
        fault.headers,
      );
      return;
    }
    try {
      this.#authorise(request, served, isWatch);
      const found = parsePath(url.pathname);
      const path = found !== undefined && isServed(found.resource, this) ? found : undefined;
      if (path !== undefined && isWatch && path.name === undefined) {
        const { resource, namespace } = path;
        served.status = 200;
        const seconds = query.get('timeoutSeconds');
        const milliseconds = seconds === null ? undefined : Number(seconds) * this.#watchSecond;
        this.watches.serve({ resource, namespace, matches: matcher(query) }, response, query, milliseconds);
        return;
      }
      const answered = () => (path === undefined ? this.#other(served) : this.#object(served, path, query));
      const { status, body } = query.get('dryRun') === 'All' ? this.operations.dryRun(answered) : answered();
      served.status = status;
      if (fault === 'cut-after') request.socket.destroy();
      else answer(response, status, body);
    } catch (error) {
      if (error instanceof Refusal) {
        served.status = error.status;
        answer(response, error.status, error.body, error.headers);
      } else if (error instanceof UnsupportedMediaType) {
        served.status = 415;
        const says = `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, ...; got ${error.message}`;
        answer(response, 415, statusBody(415, 'UnsupportedMediaType', says));
      } else throw error;
    }
  }

  #authorise(request: IncomingMessage, { method, path }: ServedRequest, isWatch: boolean): void {
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
      throw refusals.unauthorized();
    const parsed = parsePath(path);
    if (parsed === undefined) return;
    const { resource, namespace, name, subresource } = parsed;
    const read = isWatch ? 'watch' : name === undefined ? 'list' : 'get';
    const verbs: Readonly<Record<string, string>> = {
      GET: read,
      POST: 'create',
      PUT: 'update',
      PATCH: 'patch',
    };
    const verb = verbs[method] ?? (name === undefined ? 'deletecollection' : 'delete');
    const what = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
    if (!this.forbidden.has(`${verb} ${what}`)) return;
    const whose = name === undefined ? '' : ` "${name}"`;
    const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
    throw refusals.forbidden(
      `${qualified(resource)}${whose} is forbidden: User "tester" cannot ${verb} resource "${what}" in API group "${resource.group}" ${where}`,
    );
  }

  #other({ method, path, body: asked }: ServedRequest): { status: number; body: unknown } {
    if (method === 'POST' && path === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews')
      return { status: 201, body: accessReview(asked, this.forbidden) };
    const body = discovery(path, this);
    return body === undefined ? { status: 404, body: '404 page not found\n' } : { status: 200, body };
  }

  #object(
    { method, contentType, body }: ServedRequest,
    path: ResourcePath,
    query: URLSearchParams,
  ): { status: number; body: unknown } {
    const { resource, namespace, name, subresource } = path;
    if (name === undefined) {
      if (method === 'GET')
        return { status: 200, body: this.pages.list(resource, namespace, matcher(query), query) };
      if (method === 'POST') return { status: 201, body: this.operations.create(path, body) };
      if (method === 'DELETE') {
        for (const { metadata } of this.store.list(resource, namespace).filter(matcher(query)))
          this.operations.delete({ ...path, namespace: metadata.namespace, name: metadata.name }, body);
        return { status: 200, body: { kind: 'Status', apiVersion: 'v1', status: 'Success' } };
      }
      throw new Refusal(
        405,
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
      );
    }
    const one = { ...path, name };
    if (method === 'POST' && subresource === 'token' && resource.kind === 'ServiceAccount') {
      this.store.get(resource, namespace, name);
      const seconds = Number(fieldsOf(body, 'spec')['expirationSeconds'] ?? 3600);
      const expirationTimestamp = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z/, 'Z');
      const status = { token: `token-of-${name}`, expirationTimestamp };
      return { status: 201, body: { ...(body as object), status } };
    }
    if (method === 'POST' && (subresource === 'binding' || subresource === 'eviction')) {
      if (subresource === 'binding') this.operations.bind(namespace!, name, body);
      else this.operations.evict(namespace!, name, body);
      return { status: 201, body: { kind: 'Status', apiVersion: 'v1', status: 'Success', code: 201 } };
    }
    if (subresource === 'scale' && resource.scale === true && method === 'GET')
      return { status: 200, body: this.operations.scale(one) };
    const isKnown =
      (subresource === 'status' && resource.status === true) ||
      (subresource === 'scale' && resource.scale === true);
    if (subresource !== undefined && !isKnown)
      throw new Refusal(404, 'NotFound', 'the server could not find the requested resource');
    switch (method) {
      case 'GET':
        return { status: 200, body: this.store.get(resource, namespace, name) };
      case 'PUT':
        return { status: 200, body: this.operations.replace(one, body) };
      case 'PATCH':
        return this.operations.patch(one, contentType, body, query.get('fieldManager') ?? '');
      case 'DELETE':
        return { status: 200, body: this.operations.delete(one, body) };
      default:
        throw new Refusal(
          405,
          'MethodNotAllowed',
          'the server does not allow this method on the requested resource',
        );
    }
  }
}

function matcher(query: URLSearchParams): Matches {
  const labels = labelMatcher(query.get('labelSelector') ?? '');
  const fields = fieldMatcher(query.get('fieldSelector') ?? '');
  return (object) => labels(object) && fields(object);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === '' ? undefined : JSON.parse(text);
}

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  const contentType = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, { 'content-type': contentType, ...headers });
  response.end(text);
}
