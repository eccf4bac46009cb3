import type { ApiPod } from '../../../../src/kubernetes/api-objects.ts';
import type { ActingCluster } from '../../../cluster/support/acting-cluster.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import { keyOf } from './bench-cluster.ts';
import { PodWatcher } from './pod-watcher.ts';

/** When pods of one namespace were first seen in a state. */
export class PodsSeen {
  readonly #times = new Map<string, number>();
  readonly #watcher: PodWatcher;

  constructor(cluster: ActingCluster, namespace: string, isSo: (pod: ApiPod) => boolean) {
    this.#watcher = new PodWatcher(cluster.admin, (pod, type, at) => {
      if (type === 'DELETED' || pod.metadata!.namespace !== namespace || !isSo(pod)) return;
      const key = keyOf(pod);
      if (!this.#times.has(key)) this.#times.set(key, at);
    });
  }

  start(): Promise<void> {
    return this.#watcher.start();
  }

  /** Pods a second, once all of them are there. @param mustRun throws where that is in vain */
  async rate(pods: number, mustRun: () => void = () => undefined): Promise<number> {
    await waitFor(`${pods} pods`, 300, () => {
      mustRun();
      return this.#times.size >= pods;
    });
    await this.#watcher.stop();
    const times = [...this.#times.values()];
    const first = times.reduce((least, time) => Math.min(least, time));
    const last = times.reduce((most, time) => Math.max(most, time));
    return ((pods - 1) * 1000) / (last - first);
  }
}
