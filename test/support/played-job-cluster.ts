import type { ApiJob, ApiObject, ApiPod, ApiPodTemplate } from '../../src/kubernetes/api-objects.ts';
import type { KubeApi } from '../../src/kubernetes/kube-api.ts';
import type { KubeObject } from '../../src/kubernetes/kube-object.ts';
import { ListWatch } from '../../src/kubernetes/list-watch.ts';
import { systemClock } from '../../src/util/clock.ts';
import { seededRandom } from '../../src/util/rng.ts';
import type { Milliseconds } from '../../src/util/units.ts';

export interface PlayedJobClusterOptions {
  readonly api: KubeApi;
  /** Plays the Job controller and the scheduler, too: of a server that has none. Pods go to these nodes in turn. */
  readonly nodes?: readonly string[];
  /** How long a pod runs; what its command sleeps where left out. */
  readonly lifeMilliseconds?: (pod: ApiPod) => Milliseconds;
  /** Whether a pod is killed for its memory in place of succeeding. */
  readonly isKilled?: (pod: ApiPod) => boolean;
}

interface Told<T> {
  readonly object: T;
  readonly path: string;
}

/** Kubelets of nodes that run the pods of Jobs, each for as long as it says; and the controllers, where a server has none. */
export class PlayedJobCluster {
  readonly #o: PlayedJobClusterOptions;
  readonly #pods: ListWatch<Told<ApiPod>>;
  readonly #jobs: ListWatch<Told<ApiJob>> | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #begun = new Set<string>();
  readonly #ends = new Map<
    string,
    { readonly job: ApiJob; readonly path: string; left: number; failed: number }
  >();
  #turn = 0;
  /** The first thing that went wrong. */
  failure: unknown;

  constructor(options: PlayedJobClusterOptions) {
    this.#o = options;
    this.#pods = this.#watch<ApiPod>('/api/v1/pods', 'pods', '/api/v1', (told) => this.#pod(told));
    this.#jobs =
      options.nodes === undefined
        ? undefined
        : this.#watch<ApiJob>('/apis/batch/v1/jobs', 'jobs', '/apis/batch/v1', (told) => this.#job(told));
  }

  start(): void {
    this.#pods.start();
    this.#jobs?.start();
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all([this.#pods.stop(), this.#jobs?.stop()]);
  }

  #watch<T>(
    path: string,
    plural: string,
    group: string,
    applied: (told: Told<T>) => void,
  ): ListWatch<Told<T>> {
    return new ListWatch<Told<T>>({
      api: this.#o.api,
      path,
      trim: (object: KubeObject) => ({
        object: object as T,
        path: `${group}/namespaces/${object.metadata.namespace}/${plural}/${object.metadata.name}`,
      }),
      handlers: { applied, deleted: () => undefined },
      trouble: (_, error) => {
        this.failure ??= error;
      },
      random: seededRandom(3),
      clock: systemClock,
    });
  }

  #job({ object, path }: Told<ApiJob>): void {
    const { metadata, spec, status } = object;
    const uid = metadata!.uid!;
    if (spec?.suspend === true || this.#begun.has(uid) || (status?.conditions ?? []).length > 0) return;
    this.#begun.add(uid);
    const count = spec?.parallelism ?? 1;
    this.#ends.set(uid, { job: object, path, left: count, failed: 0 });
    this.#safely(async () => {
      await this.#patch(path, { startTime: now(), active: count });
      for (let i = 0; i < count; i++) await this.#makePod(object, spec!.template!, i);
    });
  }

  async #makePod({ metadata }: ApiJob, template: ApiPodTemplate, i: number): Promise<void> {
    const { name, namespace, uid } = metadata!;
    const nodes = this.#o.nodes!;
    const body: ApiObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...template.metadata,
        name: `${name}-${i}`,
        namespace: namespace!,
        labels: { ...template.metadata?.labels, 'batch.kubernetes.io/job-name': name! },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: name!, uid: uid!, controller: true }],
      },
      spec: { ...template.spec, nodeName: nodes[this.#turn++ % nodes.length] },
    };
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { status } = await this.#o.api.request({ method: 'POST', path, body });
    if (status !== 201) throw new Error(`POST ${path}: ${status}`);
  }

  #pod({ object, path }: Told<ApiPod>): void {
    const { metadata, spec, status } = object;
    const { phase = 'Pending' } = (status ?? {}) as { readonly phase?: string };
    const owner = metadata?.ownerReferences?.find(({ kind }) => kind === 'Job');
    if (owner === undefined || !spec?.nodeName || phase !== 'Pending' || this.#begun.has(metadata!.uid!))
      return;
    this.#begun.add(metadata!.uid!);
    const startedAt = now();
    const named = { name: 'work', image: 'x', imageID: '', ready: true, restartCount: 0 };
    this.#safely(() =>
      this.#patch(path, {
        phase: 'Running',
        startTime: startedAt,
        conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: startedAt }],
        containerStatuses: [{ ...named, state: { running: { startedAt } } }],
      }),
    );
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const isKilled = this.#o.isKilled?.(object) === true;
      const terminated = {
        exitCode: isKilled ? 137 : 0,
        reason: isKilled ? 'OOMKilled' : 'Completed',
        startedAt,
        finishedAt: now(),
      };
      this.#safely(async () => {
        await this.#patch(path, {
          phase: isKilled ? 'Failed' : 'Succeeded',
          containerStatuses: [{ ...named, ready: false, state: { terminated } }],
        });
        await this.#podEnded(owner.uid!, isKilled);
      });
    }, this.#lifeOf(object));
    this.#timers.add(timer);
  }

  async #podEnded(jobUid: string, isKilled: boolean): Promise<void> {
    const job = this.#ends.get(jobUid);
    if (job === undefined) return;
    job.left -= 1;
    job.failed += isKilled ? 1 : 0;
    if (job.left > 0) return;
    const count = job.job.spec?.parallelism ?? 1;
    const type = job.failed > 0 ? 'Failed' : 'Complete';
    const reason = job.failed > 0 ? 'BackoffLimitExceeded' : 'CompletionsReached';
    await this.#patch(job.path, {
      active: 0,
      succeeded: count - job.failed,
      failed: job.failed,
      ...(job.failed > 0 ? {} : { completionTime: now() }),
      conditions: [{ type, status: 'True', reason, lastTransitionTime: now() }],
    });
  }

  #lifeOf(pod: ApiPod): Milliseconds {
    const { lifeMilliseconds } = this.#o;
    if (lifeMilliseconds !== undefined) return lifeMilliseconds(pod);
    const { containers } = pod.spec as unknown as { containers: readonly { command?: readonly string[] }[] };
    return 1000 * Number(/^sleep ([\d.]+)$/.exec(containers[0]?.command?.[2] ?? '')?.[1]);
  }

  async #patch(path: string, status: object): Promise<void> {
    const { api } = this.#o;
    const response = await api.request({
      method: 'PATCH',
      path: `${path}/status`,
      patchType: 'merge',
      body: { status },
    });
    // Who deletes is faster now and then.
    if (response.status !== 200 && response.status !== 404)
      throw new Error(`PATCH ${path}/status: ${response.status} ${JSON.stringify(response.body)}`);
  }

  #safely(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      this.failure ??= error;
    });
  }
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z/, 'Z');
}
