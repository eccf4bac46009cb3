import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { ApiLease } from '../../kubernetes/lease-record.ts';
import { LEASE_NAME } from '../../kubernetes/names.ts';
import { refusal } from '../../kubernetes/refusal.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { LiveParts } from '../placement/live-parts.ts';

/** Asks now and then who holds the lease, while this process does not. */
export class LeaderWatch {
  readonly #parts: LiveParts;
  readonly #stopping = new AbortController();
  #holder: string | undefined;

  constructor(parts: LiveParts, sleep: Sleep) {
    this.#parts = parts;
    void this.#run(sleep);
  }

  get holder(): string | undefined {
    return this.#holder;
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #run(sleep: Sleep): Promise<void> {
    const { signal } = this.#stopping;
    const { leadership, log } = this.#parts;
    while (!signal.aborted) {
      try {
        if (!leadership.isLeader) this.#holder = await holderOf(this.#parts);
      } catch (error) {
        // It is only told to people; the lease itself is the elector's.
        log.debug('lease-not-read', { error });
      }
      await sleep(2_000, signal);
    }
  }
}

async function holderOf({ api, config, identity }: LiveParts): Promise<string | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${config.kubernetes.namespace}/leases/${LEASE_NAME}`;
  const lease = (await get(api, path)) as ApiLease | undefined;
  const holder = lease?.spec?.holderIdentity;
  return holder === undefined || holder === '' || holder === identity ? undefined : holder;
}

async function get(api: KubeApi, path: string): Promise<unknown> {
  const response = await api.request({ method: 'GET', path });
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw refusal({ method: 'GET', path }, response);
  return response.body;
}
