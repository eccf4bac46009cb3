import type { PodRecord } from '../../evaluation/switchback/journal-records.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { KubeObject } from '../../kubernetes/kube-object.ts';
import { ListWatch, type TroublePlace } from '../../kubernetes/list-watch.ts';
import { PLACEMENT_GATE, SKIP_LABEL } from '../../kubernetes/names.ts';
import { PodReader } from '../../kubernetes/pod-reader.ts';
import type { Clock } from '../../util/clock.ts';
import type { RandomSource } from '../../util/rng.ts';

/** What an experiment keeps of a pod: where it is in its life. */
interface PodFacts {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly cpuMilli: number;
  readonly counts: boolean;
  readonly gated: boolean;
  readonly node: string | undefined;
  readonly isStarted: boolean;
  readonly restarts: number;
  readonly ended: 'completed' | 'failed' | 'evicted' | undefined;
  /** Somebody wants it gone: how its end is to be told when it goes. */
  readonly isEvicted: boolean;
}

/** The lives of pods, as they happen. */
export interface PodLivesSource {
  /**
   * Resolves once all that is there is known: the pods that have not ended, and their steps so far. From then on `told` hears of
   * every step. Undefined where it was stopped before.
   */
  start(
    told: (record: PodRecord) => void,
  ): Promise<{ readonly alive: readonly string[]; readonly steps: readonly PodRecord[] } | undefined>;
  stop(): Promise<void>;
}

export interface PodLivesOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly trouble: (place: TroublePlace, error: unknown) => void;
}

/**
 * Follows all pods from creation to end by a watch of its own: the one that placement decides by forgets pods as soon as they
 * have ended, and knows nothing of starts. Times are those of the watch at this host, so that clocks need not agree.
 */
export class PodLives implements PodLivesSource {
  readonly #options: PodLivesOptions;
  readonly #watch: ListWatch<PodFacts>;
  readonly #reader = new PodReader();
  #told: ((record: PodRecord) => void) | undefined;
  #first: PodRecord[] | undefined = [];

  constructor(options: PodLivesOptions) {
    this.#options = options;
    this.#watch = new ListWatch<PodFacts>({
      api: options.api,
      path: '/api/v1/pods',
      trim: (object) => this.#read(object),
      handlers: {
        applied: (pod, before) => this.#applied(pod, before),
        deleted: (pod) => this.#deleted(pod),
        listed: () => this.#sweep(),
      },
      clock: options.clock,
      random: options.random,
      trouble: options.trouble,
    });
  }

  async start(told: (record: PodRecord) => void) {
    this.#told = told;
    this.#watch.start();
    if (!(await this.#watch.synced)) return undefined;
    const steps = this.#first!;
    this.#first = undefined;
    return { alive: [...new Set(steps.map(({ uid }) => uid))], steps };
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  /** @throws KISIM_E_MANIFEST_... for requests that are no quantities */
  #read(object: KubeObject): PodFacts {
    if (this.#reader.needsSweep) this.#sweep();
    const { uid, name, namespace = '' } = object.metadata;
    const before = this.#watch.get(uid);
    const status = (object['status'] ?? {}) as PodStatus;
    const spec = object['spec'] as { readonly nodeName?: string };
    // Amounts may change in place; nothing else of the reader's is needed.
    const { pod, ownerKinds } = this.#reader.read(object, spec.nodeName, undefined);
    const isEvicted =
      status.reason === 'Evicted' ||
      (status.conditions ?? []).some(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True');
    return {
      uid,
      name,
      namespace,
      cpuMilli: pod.cpuMilli,
      counts: !ownerKinds.some((kind) => kind === 'DaemonSet' || kind === 'Node'),
      gated: (before?.gated ?? false) || isHandedOver(object),
      node: spec.nodeName === '' ? undefined : spec.nodeName,
      isStarted: (before?.isStarted ?? false) || status.phase === 'Running',
      restarts: (status.containerStatuses ?? []).reduce((sum, each) => sum + (each.restartCount ?? 0), 0),
      ended:
        status.phase === 'Succeeded'
          ? 'completed'
          : status.phase === 'Failed'
            ? isEvicted
              ? 'evicted'
              : 'failed'
            : undefined,
      isEvicted,
    };
  }

  #applied(pod: PodFacts, before: PodFacts | undefined): void {
    const isNew = this.#first === undefined;
    // What had ended before anybody watched is no part of the experiment.
    if (before === undefined && pod.ended !== undefined && !isNew) return;
    const { uid, name, namespace, cpuMilli, counts, gated, node } = pod;
    const at = this.#options.clock.unixMilliseconds();
    const tell = (record: PodRecord) => {
      if (this.#first === undefined) this.#told!(record);
      else this.#first.push(record);
    };
    const about = { kind: 'pod', at, uid } as const;
    if (before === undefined)
      tell({ ...about, what: 'seen', name, namespace, cpuMilli, counts, gated, isNew });
    if (node !== undefined && before?.node === undefined) tell({ ...about, what: 'bound', node, isNew });
    if (pod.isStarted && before?.isStarted !== true) tell({ ...about, what: 'started', isNew });
    const times = pod.restarts - (before?.restarts ?? (isNew ? 0 : pod.restarts));
    if (times > 0) tell({ ...about, what: 'restarted', times });
    if (pod.ended !== undefined && before?.ended === undefined)
      tell({ ...about, what: 'ended', how: pod.ended });
  }

  #deleted({ uid, ended, isEvicted }: PodFacts): void {
    this.#reader.forget(uid);
    if (ended !== undefined || this.#first !== undefined) return;
    const at = this.#options.clock.unixMilliseconds();
    this.#told!({ kind: 'pod', at, uid, what: 'ended', how: isEvicted ? 'evicted' : 'deleted' });
  }

  #sweep(): void {
    this.#reader.sweep((uid) => this.#watch.get(uid) !== undefined, []);
  }
}

/** To be placed: it waits at the gate, or its Job was placed as a whole, which is then marked in its pods. */
function isHandedOver({ metadata, spec }: KubeObject): boolean {
  const { schedulingGates = [] } = spec as {
    readonly schedulingGates?: readonly { readonly name: string }[];
  };
  const labels = (metadata['labels'] ?? {}) as Readonly<Record<string, string>>;
  return schedulingGates.some(({ name }) => name === PLACEMENT_GATE) || labels[SKIP_LABEL] === 'job';
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly containerStatuses?: readonly { readonly restartCount?: number }[];
}
