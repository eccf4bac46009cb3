import type { PodFollower } from '../../kubernetes/cluster-listeners.ts';
import type { WatchedPod } from '../../kubernetes/pod-reader.ts';

/** Label that the Job controller gives its pods (Kubernetes 1.27): the uid of their Job. */
const CONTROLLER_UID_LABEL = 'batch.kubernetes.io/controller-uid';

/** On which nodes pods of Jobs are, by the uid of the Job. */
export class JobNodes implements PodFollower {
  readonly #nodes = new Map<string, Map<string, string>>();

  nodesOf(jobUid: string): readonly string[] {
    return [...(this.#nodes.get(jobUid)?.values() ?? [])];
  }

  applied(pod: WatchedPod): void {
    const job = pod.pod.scheduling?.labels[CONTROLLER_UID_LABEL];
    if (job === undefined || pod.nodeName === undefined) return;
    const pods = this.#nodes.get(job) ?? new Map<string, string>();
    this.#nodes.set(job, pods.set(pod.uid, pod.nodeName));
  }

  gone(pod: WatchedPod): void {
    const job = pod.pod.scheduling?.labels[CONTROLLER_UID_LABEL];
    const pods = job === undefined ? undefined : this.#nodes.get(job);
    if (pods === undefined) return;
    pods.delete(pod.uid);
    if (pods.size === 0) this.#nodes.delete(job!);
  }
}
