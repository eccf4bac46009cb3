import type { ApiObject } from '../support/api-client.ts';

/** A cluster and the pods to be placed in it, as Kubernetes objects. */
export interface Corpus {
  readonly name: string;
  /** What the pods and their constraints refer to: namespaces, Services, controllers, RuntimeClasses. */
  readonly surroundings: readonly ApiObject[];
  readonly nodes: readonly ApiObject[];
  /** Some are bound from the beginning. All have names of their own across the namespaces. */
  readonly pods: readonly ApiObject[];
}

export function podKey({ metadata }: ApiObject): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}

export function boundTo(pod: ApiObject): string | undefined {
  return (pod['spec'] as { nodeName?: string }).nodeName;
}
