import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeApi } from '../../../src/kubernetes/kube-api.ts';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { ListWatch } from '../../../src/kubernetes/list-watch.ts';
import { TestApplication } from '../../../src/load/test-application/test-application.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { setRunning } from './played-kubelet.ts';

interface ServingPod {
  readonly uid: string;
  readonly name: string;
}

/**
 * What kubelets and a Service are to a Deployment: each of its pods that has a node gets a test application of its own and is
 * said to be ready, and requests to one address go to them in turn.
 */
export class PlayedService {
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #applications = new Map<
    string,
    { readonly application: TestApplication; readonly port: number }
  >();
  /** Pods that were ever seen with a node, and what is under way for them. */
  readonly #started = new Map<string, Promise<void>>();
  readonly #watch: ListWatch<ServingPod>;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server: Server;
  readonly #folder: string;
  #turn = 0;
  /** Times of the requests of the last second. */
  #requests: number[] = [];
  /** The first thing that went wrong. */
  failure: unknown;

  private constructor(api: KubeApi, namespace: string, labels: string, folder: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#folder = folder;
    this.#watch = new ListWatch<ServingPod>({
      api,
      path: `/api/v1/namespaces/${namespace}/pods`,
      labelSelector: labels,
      trim: servingPod,
      handlers: {
        applied: (pod) => {
          if (this.#started.has(pod.uid)) return;
          this.#started.set(
            pod.uid,
            this.#serve(pod).catch((error: unknown) => this.#failed(error)),
          );
        },
        deleted: ({ uid }) => void this.#end(uid).catch((error: unknown) => this.#failed(error)),
      },
      trouble: (_, error) => this.#failed(error),
      random: seededRandom(3),
      clock: systemClock,
    });
    this.#server = createServer((asked, response) => {
      asked.resume();
      const now = performance.now();
      this.#requests = [...this.#requests.filter((at) => now - at < 1000), now];
      const all = [...this.#applications.values()];
      const next = all[this.#turn++ % Math.max(1, all.length)];
      if (next === undefined) {
        response.writeHead(503).end();
        return;
      }
      const options = { port: next.port, path: asked.url ?? '/', agent: this.#agent };
      httpRequest(options, (answer) => {
        response.writeHead(answer.statusCode ?? 502);
        answer.pipe(response);
      })
        .on('error', () => response.writeHead(502).end())
        .end();
    });
  }

  static async start(
    api: KubeApi,
    namespace: string,
    labels: string,
    folder: string,
  ): Promise<PlayedService> {
    const service = new PlayedService(api, namespace, labels, folder);
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    service.#watch.start();
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Pods that serve. */
  get ready(): number {
    return this.#applications.size;
  }

  /** Requests within the last second. */
  get perSecond(): number {
    const now = performance.now();
    return this.#requests.filter((at) => now - at < 1000).length;
  }

  async stop(): Promise<void> {
    await this.#watch.stop();
    await Promise.all(this.#started.values());
    this.#server.closeAllConnections();
    this.#server.close();
    for (const uid of [...this.#applications.keys()]) await this.#end(uid);
    this.#agent.destroy();
  }

  async #serve({ uid, name }: ServingPod): Promise<void> {
    const application = new TestApplication({
      host: '127.0.0.1',
      port: 0,
      servers: 1,
      queueLimit: 1000,
      seed: 1,
      folder: this.#folder,
      clock: systemClock,
      log: silentLogger,
    });
    const { port } = await application.start();
    this.#applications.set(uid, { application, port });
    await setRunning(this.#api, this.#namespace, name);
  }

  async #end(uid: string): Promise<void> {
    const entry = this.#applications.get(uid);
    this.#applications.delete(uid);
    await entry?.application.stop(100);
  }

  #failed(error: unknown): void {
    this.failure ??= error;
  }
}

function servingPod(object: KubeObject): ServingPod | undefined {
  const { uid, name } = object.metadata;
  const { nodeName } = object['spec'] as { readonly nodeName?: string };
  return nodeName === undefined ? undefined : { uid, name };
}
