import type { KubeApi } from '../../../src/kubernetes/kube-api.ts';
import type { KubeObject } from '../../../src/kubernetes/kube-object.ts';
import { ListWatch } from '../../../src/kubernetes/list-watch.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import type { Milliseconds } from '../../../src/util/units.ts';
import type { PlayedEnergy } from '../../support/played-experiment.ts';
import type { RunSpan } from '../../support/played-stream.ts';
import type { Cleanups } from '../../system/support/cleanups.ts';

export interface PlayedKubeletsOptions {
  readonly api: KubeApi;
  readonly energy: PlayedEnergy;
  readonly lifeMilliseconds: () => Milliseconds;
  /** What each pod uses while it runs. */
  readonly usedMilli: number;
}

interface BoundPod {
  readonly uid: string;
  readonly path: string;
  readonly node: string;
  readonly ended: boolean;
}

/** The part of kubelets that an experiment sees: pods that are bound run for a while and succeed, and need power meanwhile. */
export class PlayedKubelets {
  readonly #options: PlayedKubeletsOptions;
  readonly #watch: ListWatch<BoundPod>;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #known = new Set<string>();
  /** Pods that have run, in the order of their ends. */
  readonly ran: RunSpan[] = [];
  /** The first thing that went wrong. */
  failure: unknown;

  constructor(options: PlayedKubeletsOptions, cleanups: Cleanups) {
    this.#options = options;
    this.#watch = new ListWatch<BoundPod>({
      api: options.api,
      path: '/api/v1/pods',
      trim: boundPod,
      handlers: { applied: (pod) => this.#applied(pod), deleted: () => undefined },
      trouble: (_, error) => this.#failed(error),
      random: seededRandom(3),
      clock: systemClock,
    });
    this.#watch.start();
    cleanups.add('played kubelets', async () => {
      for (const timer of this.#timers) clearTimeout(timer);
      await this.#watch.stop();
    });
  }

  #applied({ uid, path, node, ended }: BoundPod): void {
    if (ended || this.#known.has(path)) return;
    this.#known.add(path);
    const { energy, usedMilli, lifeMilliseconds } = this.#options;
    const from = systemClock.unixMilliseconds();
    energy.use(node, usedMilli);
    this.#tell(path, 'Running');
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      energy.use(node, -usedMilli);
      this.ran.push({ uid, from, to: systemClock.unixMilliseconds() });
      this.#tell(path, 'Succeeded');
    }, lifeMilliseconds());
    this.#timers.add(timer);
  }

  #tell(path: string, phase: string): void {
    this.#options.api
      .request({ method: 'PATCH', path: `${path}/status`, patchType: 'merge', body: { status: { phase } } })
      .then(({ status }) => {
        if (status !== 200) this.#failed(new Error(`${phase} of ${path}: ${status}`));
      })
      .catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.failure ??= error;
  }
}

function boundPod(object: KubeObject): BoundPod | undefined {
  const { uid, name, namespace } = object.metadata;
  const node = (object['spec'] as { nodeName?: string }).nodeName;
  if (node === undefined) return undefined;
  const { phase } = object['status'] as { phase?: string };
  return {
    uid,
    path: `/api/v1/namespaces/${namespace}/pods/${name}`,
    node,
    ended: phase === 'Succeeded' || phase === 'Failed',
  };
}
