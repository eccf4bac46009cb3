import type { ApiObject } from '../support/api-client.ts';

/** A cluster and the pods to be placed in it, as Kubernetes objects. */
export interface Corpus {
  readonly name: string;
  /** What the pods and their constraints refer to: namespaces, Services, controllers, RuntimeClasses. */
  readonly surroundings: readonly ApiObject[];
  readonly nodes: readonly ApiObject[];
  /** Some are bound from the beginning. All have names of their own across the namespaces. */
  readonly pods: readonly ApiObject[];
  /** What happens when all these have had their turn, before more pods come. */
  readonly later: Later | undefined;
}

/** A second act: the scheduler is started anew, while ours goes on with what it has counted. */
export interface Later {
  /** Pods that go, by key: bound ones and waiting ones. */
  readonly removed: readonly string[];
  /** Nodes as they are from now on; their zones stay, so that their order does. */
  readonly changed: readonly ApiObject[];
  readonly pods: readonly ApiObject[];
}

export function podKey({ metadata }: ApiObject): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}

export function boundTo(pod: ApiObject): string | undefined {
  return (pod['spec'] as { nodeName?: string }).nodeName;
}
