import { type Clock, systemClock } from '../../util/clock.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { KubeApi } from '../kube-api.ts';
import type { KubeObject } from '../kube-object.ts';
import { ListWatch, type TroublePlace } from '../list-watch.ts';

/** What a Kubernetes node says of the machine it is. Ids are lower case, '' where it does not say. */
export interface NodeIdentity {
  readonly name: string;
  /** /etc/machine-id. */
  readonly machineId: string;
  /** The UUID that the firmware gives: that of a QEMU guest is the one on QEMU's command line. */
  readonly systemUuid: string;
  /** Of the running kernel: the same for all nodes that share it, as containers do. */
  readonly bootId: string;
  /** IP addresses and host names, lower case. */
  readonly addresses: readonly string[];
}

export function readNodeIdentity({ metadata, ...object }: KubeObject): NodeIdentity {
  const status = (object as { readonly status?: NodeStatus }).status ?? {};
  const { machineID = '', systemUUID = '', bootID = '' } = status.nodeInfo ?? {};
  return {
    name: metadata.name,
    machineId: machineID.toLowerCase(),
    systemUuid: systemUUID.toLowerCase(),
    bootId: bootID.toLowerCase(),
    addresses: (status.addresses ?? []).map(({ address }) => address.toLowerCase()),
  };
}

interface NodeStatus {
  readonly nodeInfo?: { readonly machineID?: string; readonly systemUUID?: string; readonly bootID?: string };
  readonly addresses?: readonly { readonly address: string }[];
}

export interface NodeIdentitiesOptions {
  readonly api: KubeApi;
  readonly random: RandomSource;
  readonly clock?: Clock;
  readonly trouble: (place: TroublePlace, error: unknown) => void;
  /** Called after a node came, went or became another machine. */
  readonly changed?: () => void;
}

/** Keeps the identities of a cluster's nodes, sorted by name. */
export class NodeIdentities {
  readonly #watch: ListWatch<NodeIdentity>;
  #sorted: readonly NodeIdentity[] | undefined;

  constructor({ api, random, clock = systemClock, trouble, changed }: NodeIdentitiesOptions) {
    const told = (): void => {
      this.#sorted = undefined;
      changed?.();
    };
    this.#watch = new ListWatch({
      api,
      path: '/api/v1/nodes',
      trim: readNodeIdentity,
      random,
      clock,
      trouble,
      handlers: {
        // Kubelets write their status all the time.
        applied: (now, before) => {
          if (JSON.stringify(now) !== JSON.stringify(before)) told();
        },
        deleted: told,
      },
    });
  }

  get all(): readonly NodeIdentity[] {
    this.#sorted ??= [...this.#watch.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#sorted;
  }

  get synced(): Promise<boolean> {
    return this.#watch.synced;
  }

  start(): void {
    this.#watch.start();
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }
}
