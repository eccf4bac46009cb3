import type { ApiObject } from '../support/api-client.ts';
import { boundTo, type Corpus } from './corpus.ts';

/** Fields of a pod that decide where it goes, by the name under which they are counted. */
const podFeatures: Readonly<Record<string, (pod: ApiObject, text: string) => boolean>> = {
  'topology spread': (_, text) => text.includes('"topologySpreadConstraints"'),
  'default spread': (pod) => pod.metadata['ownerReferences'] !== undefined,
  'node affinity': (_, text) => text.includes('"nodeAffinity"') || text.includes('"nodeSelector"'),
  'pod affinity': (_, text) => text.includes('"podAffinity":') || text.includes('"podAntiAffinity":'),
  tolerations: (_, text) => text.includes('"tolerations"'),
  'init containers': (_, text) => text.includes('"initContainers":[{'),
  sidecars: (_, text) => text.includes('"restartPolicy":"Always"'),
  overhead: (_, text) => text.includes('"runtimeClassName"'),
  'pod-level resources': (pod) => (pod['spec'] as { resources?: unknown }).resources !== undefined,
  'host ports': (_, text) => text.includes('"hostPort"'),
  'extended resources': (_, text) => /"(?:example\.com\/|hugepages-|ephemeral-storage)/.test(text),
};

/** Adds to the counts how many pods of the corpus, of those that are to be placed, have each feature. */
export function countFeatures({ pods, later }: Corpus, counts: Map<string, number>): void {
  for (const pod of [...pods, ...(later?.pods ?? [])]) {
    if (boundTo(pod) !== undefined) continue;
    const text = JSON.stringify(pod['spec']);
    for (const [name, has] of Object.entries(podFeatures)) {
      if (has(pod, text)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
}
