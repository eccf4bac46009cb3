import type { ApiPod } from '../../../../src/kubernetes/api-objects.ts';
import type { KubeApi, WatchEvent } from '../../../../src/kubernetes/kube-api.ts';

const AGAIN_MILLISECONDS = 50;

/**
 * All versions of all pods, seen with none of the program's own watching: a plain watch that goes on from the last version seen,
 * also through restarts of the server. Throws where the server has forgotten that version, since then something was missed.
 */
export class PodWatcher {
  readonly #api: KubeApi;
  readonly #seen: (pod: ApiPod, type: WatchEvent['type'], at: number) => void;
  readonly #ending = new AbortController();
  #version = '';
  #serving: Promise<void> | undefined;

  /** @param seen at: `performance.now()` */
  constructor(api: KubeApi, seen: (pod: ApiPod, type: WatchEvent['type'], at: number) => void) {
    this.#api = api;
    this.#seen = seen;
  }

  async start(): Promise<void> {
    const { status, body } = await this.#api.request({
      method: 'GET',
      path: '/api/v1/pods',
      query: { limit: 1 },
    });
    if (status !== 200) throw new Error(`listing pods: ${status}`);
    this.#version = (body as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
    this.#serving = this.#serve();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.#once();
      } catch (error) {
        if (error instanceof MissedEvents) throw error;
        // The server is away, or the connection was cut: from the last version on again.
        if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MILLISECONDS));
      }
    }
  }

  async #once(): Promise<void> {
    const { signal } = this.#ending;
    const { status, events } = await this.#api.watch({
      path: '/api/v1/pods',
      query: { resourceVersion: this.#version, allowWatchBookmarks: true },
      signal,
      inactivityMilliseconds: 120_000,
    });
    if (status === 410) throw new MissedEvents('the server has forgotten what comes next');
    if (status !== 200) throw new Error(`watching pods: ${status}`);
    for await (const { type, object } of events) {
      if (type === 'ERROR') {
        if ((object as { code?: number }).code === 410) throw new MissedEvents('the server has forgotten');
        throw new Error(JSON.stringify(object));
      }
      const pod = object as ApiPod;
      this.#version = pod.metadata!.resourceVersion!;
      if (type !== 'BOOKMARK') this.#seen(pod, type, performance.now());
    }
  }
}

class MissedEvents extends Error {}
