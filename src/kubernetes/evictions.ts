import { KisimError } from '../util/errors.ts';
import type { Milliseconds } from '../util/units.ts';
import type { KubeApi, KubeRequest } from './kube-api.ts';
import { refusal } from './refusal.ts';

/** Where the server does not say how long. */
const BLOCKED_MILLISECONDS: Milliseconds = 10_000;
/** Ends before another leader can hold the lease, as every write does. */
const EVICT_MILLISECONDS: Milliseconds = 4_000;

export type EvictionResult =
  | { readonly outcome: 'evicted' | 'gone' | 'not-leader' }
  /** 429: a disruption budget forbids it now, or the server is busy; it does not tell which. */
  | { readonly outcome: 'blocked'; readonly retryAfterMilliseconds: Milliseconds }
  | { readonly outcome: 'failed'; readonly error: KisimError };

export interface EvictionsOptions {
  readonly api: KubeApi;
  /** Asked before every request. */
  readonly stillLeader: () => boolean;
}

/**
 * Asks the server to evict pods (policy/v1 Eviction), which it does as disruption budgets allow. The uid is a precondition: a
 * pod of the same name that has come since is left alone.
 */
export class KubeEvictions {
  readonly #options: EvictionsOptions;

  constructor(options: EvictionsOptions) {
    this.#options = options;
  }

  /** @param dryRun asks only whether it would be allowed now */
  async evict(
    { uid, namespace, name }: { readonly uid: string; readonly namespace: string; readonly name: string },
    { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
  ): Promise<EvictionResult> {
    const { api, stillLeader } = this.#options;
    if (!stillLeader()) return { outcome: 'not-leader' };
    const request: KubeRequest = {
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
      body: {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name, namespace },
        deleteOptions: { preconditions: { uid }, ...(dryRun ? { dryRun: ['All'] } : {}) },
      },
      timeoutMilliseconds: EVICT_MILLISECONDS,
      signal,
    };
    try {
      const response = await api.request(request);
      const { status, retryAfterSeconds } = response;
      if (status === 200 || status === 201) return { outcome: 'evicted' };
      // 409: another pod has the name by now.
      if (status === 404 || status === 409) return { outcome: 'gone' };
      if (status !== 429) return { outcome: 'failed', error: refusal(request, response) };
      const wait = retryAfterSeconds === undefined ? BLOCKED_MILLISECONDS : retryAfterSeconds * 1000;
      return { outcome: 'blocked', retryAfterMilliseconds: wait };
    } catch (error) {
      if (error instanceof KisimError) return { outcome: 'failed', error };
      if (signal.aborted) return { outcome: 'not-leader' };
      throw error;
    }
  }
}
