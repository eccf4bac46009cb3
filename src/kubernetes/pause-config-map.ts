import type { Clock } from '../util/clock.ts';
import type { Logger } from '../util/log.ts';
import type { RandomSource } from '../util/rng.ts';
import type { ApiObject } from './api-objects.ts';
import type { KubeApi, KubeRequest } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';
import { ListWatch, type ListWatchOptions } from './list-watch.ts';
import { ownMetadata } from './manifests/common.ts';
import { PAUSE_CONFIG_MAP } from './names.ts';
import { refusal } from './refusal.ts';
import { troubleLog } from './trouble-log.ts';

function collection(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps`;
}

/**
 * Why a ConfigMap pauses placement; undefined: it does not. One that is there pauses unless it says `paused: "false"`: whoever
 * made it meant to stop something.
 */
export function pauseReason({ data }: Readonly<Record<string, unknown>>): string | undefined {
  const { paused, reason } = (data ?? {}) as Readonly<Record<string, unknown>>;
  if (paused === 'false') return undefined;
  const said = typeof reason === 'string' ? reason.trim() : '';
  return said === '' ? 'paused by ConfigMap' : said;
}

/**
 * Pauses placement in the whole cluster, whichever daemon leads. The namespace must be there.
 *
 * @throws KISIM_E_KUBE_..., forbidden where the user may not write ConfigMaps there
 */
export async function pauseCluster(api: KubeApi, namespace: string, reason: string): Promise<void> {
  const data = { paused: 'true', reason };
  const body: ApiObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: ownMetadata(PAUSE_CONFIG_MAP, namespace),
    data,
  };
  const create: KubeRequest = { method: 'POST', path: collection(namespace), body };
  const created = await api.request(create);
  if (created.status === 201) return;
  if (created.status !== 409) throw refusal(create, created);
  const path = `${collection(namespace)}/${PAUSE_CONFIG_MAP}`;
  const change: KubeRequest = { method: 'PATCH', path, patchType: 'merge', body: { data } };
  const changed = await api.request(change);
  if (changed.status !== 200) throw refusal(change, changed);
}

/**
 * Takes it back by removing the ConfigMap.
 *
 * @returns why it was paused; undefined: it was not
 * @throws KISIM_E_KUBE_...
 */
export async function resumeCluster(api: KubeApi, namespace: string): Promise<string | undefined> {
  const path = `${collection(namespace)}/${PAUSE_CONFIG_MAP}`;
  const read = await api.request({ method: 'GET', path });
  if (read.status === 404) return undefined;
  if (read.status !== 200) throw refusal({ method: 'GET', path }, read);
  const removed = await api.request({ method: 'DELETE', path });
  if (removed.status !== 200 && removed.status !== 404) throw refusal({ method: 'DELETE', path }, removed);
  return pauseReason(read.body as Readonly<Record<string, unknown>>);
}

export interface PauseConfigMapOptions {
  readonly api: KubeApi;
  /** The program's own. */
  readonly namespace: string;
  readonly random: RandomSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly wait?: NonNullable<ListWatchOptions<unknown>['wait']>;
}

/** Watches the emergency stop of the cluster. While the server cannot be reached what was seen last holds. */
export class PauseConfigMap {
  readonly #log: Logger;
  readonly #watch: ListWatch<{ readonly reason: string }>;
  readonly #listeners = new Set<() => void>();
  readonly #known = Promise.withResolvers<void>();
  #reason: string | undefined;

  constructor({ api, namespace, random, clock, log, wait }: PauseConfigMapOptions) {
    this.#log = log;
    const told = troubleLog(log, 'pause-config-map-not-seen', clock);
    this.#watch = new ListWatch({
      api,
      path: collection(namespace),
      fieldSelector: `metadata.name=${PAUSE_CONFIG_MAP}`,
      trim,
      handlers: {
        applied: ({ reason }) => this.#change(reason),
        deleted: () => this.#change(undefined),
      },
      trouble: (place, error) => {
        told(place, error, { lastSeen: this.#reason ?? 'not paused' });
        this.#known.resolve();
      },
      random,
      clock,
      ...(wait === undefined ? {} : { wait }),
    });
  }

  /** Why placement is paused; undefined: it is not, as far as was ever seen. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Resolves once it was seen, or could not be seen: a server that forbids it is told of and holds nothing up. */
  get known(): Promise<void> {
    return this.#known.promise;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    this.#watch.start();
    void this.#watch.synced.then(() => this.#known.resolve());
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  #change(reason: string | undefined): void {
    if (reason === this.#reason) return;
    this.#reason = reason;
    const event = reason === undefined ? 'placement-resumed' : 'placement-paused';
    this.#log.warn(event, { configMap: PAUSE_CONFIG_MAP, reason });
    for (const listener of this.#listeners) listener();
  }
}

function trim(object: KubeObject): { readonly reason: string } | undefined {
  // Another one would be a server's that does not know the selector.
  if (object.metadata.name !== PAUSE_CONFIG_MAP) return undefined;
  const reason = pauseReason(object);
  return reason === undefined ? undefined : { reason };
}
