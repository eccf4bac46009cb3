import type { ContainerRuntime } from './cgroup-class.ts';

/** What is asked about a container. */
export interface ContainerQuestion {
  readonly containerId: string;
  readonly podUid: string;
  /** Paths of users' own container stores, for rootless podman: the uid in `user-UID.slice`, else undefined. */
  readonly userId: number | undefined;
}

/** What a source knows of a container; '' = this source does not tell. */
export interface ContainerFinding {
  readonly containerName: string;
  readonly runtime: ContainerRuntime;
  readonly podName: string;
  readonly podNamespace: string;
}

/** Looks in one kind of file. undefined = the container is not (yet) there; throws where the file cannot be used. */
export type ContainerSource = (question: ContainerQuestion) => ContainerFinding | undefined;

/** The name that the sandbox container of a pod goes by. It holds the pod's namespaces and sleeps. */
export const SANDBOX_NAME = 'pause';

export const NOTHING_FOUND: ContainerFinding = {
  containerName: '',
  runtime: '',
  podName: '',
  podNamespace: '',
};

/** What two sources tell together; where both tell, the first is believed. */
export function mergeFindings(
  first: ContainerFinding,
  second: ContainerFinding | undefined,
): ContainerFinding {
  if (second === undefined) return first;
  return {
    containerName: first.containerName || second.containerName,
    runtime: first.runtime || second.runtime,
    podName: first.podName || second.podName,
    podNamespace: first.podName ? first.podNamespace : second.podNamespace || first.podNamespace,
  };
}
