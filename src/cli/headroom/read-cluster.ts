import type { Node } from '../../cluster/node.ts';
import type { PodScheduling } from '../../cluster/pod.ts';
import { type HostHints, sharedHosts } from '../../evaluation/headroom/same-host.ts';
import type { SnapshotPod } from '../../evaluation/headroom/snapshot.ts';
import { type ClusterSnapshot, clusterSnapshot } from '../../kubernetes/cluster-snapshot.ts';
import { readNodeIdentity } from '../../kubernetes/energy/node-identity.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { KubeObject } from '../../kubernetes/kube-object.ts';
import { manifestsIn } from '../../simulation/inputs/manifests/kinds.ts';
import { locatedDocuments } from '../../simulation/inputs/manifests/located.ts';
import { manifestTexts, readManifests } from '../../simulation/inputs/manifests.ts';

export interface ReadCluster {
  /** For people. */
  readonly source: string;
  readonly nodes: readonly Node[];
  readonly pods: readonly SnapshotPod[];
  /** Machines that more than one node is on, by node. */
  readonly hosts: ReadonlyMap<string, string>;
}

/** @throws KISIM_E_KUBE_..., KISIM_E_MANIFEST_... */
export async function readLiveCluster(
  api: KubeApi,
  ownNamespace: string,
  signal: AbortSignal,
): Promise<ReadCluster> {
  const { nodes, identities, pods }: ClusterSnapshot = await clusterSnapshot(api, signal);
  const bootIds = new Map(identities.map(({ name, bootId }) => [name, bootId]));
  return {
    source: api.name,
    nodes,
    pods: pods.map(({ pod, nodeName, ownerKinds }) => ({
      pod,
      node: nodeName,
      tie: tieOf(pod.namespace, ownerKinds, pod.scheduling, ownNamespace),
      isBatch: ownerKinds.includes('Job'),
    })),
    hosts: sharedHosts(nodes.map((node) => hintsOf(node, bootIds))),
  };
}

/** @throws KISIM_E_MANIFEST_... with file, line and field */
export function readManifestCluster(paths: readonly string[], ownNamespace: string): ReadCluster {
  const texts = manifestTexts(paths);
  const { nodes, pods } = readManifests(texts);
  const bootIds = new Map<string, string>();
  const owners = new Map<string, readonly string[]>();
  const ended = new Set<string>();
  for (const { kind, namespace, object } of texts
    .flatMap(locatedDocuments)
    .flatMap((document) => manifestsIn(document, new Map()))) {
    const plain = object.value as KubeObject & { readonly status?: { readonly phase?: unknown } };
    if (kind === 'Node') bootIds.set(plain.metadata.name, readNodeIdentity(plain).bootId);
    if (kind !== 'Pod') continue;
    const key = `${namespace}/${plain.metadata.name}`;
    const references = plain.metadata['ownerReferences'] as readonly { readonly kind: string }[] | undefined;
    owners.set(key, references?.map((each) => each.kind) ?? []);
    if (plain.status?.phase === 'Succeeded' || plain.status?.phase === 'Failed') ended.add(key);
  }
  const there = pods.filter((pod) => !ended.has(`${pod.namespace}/${pod.name}`));
  return {
    source: `manifests ${paths.join(' ')}`,
    nodes,
    pods: there.map((pod) => {
      const { scheduling, namespace, name } = pod;
      const ownerKinds = owners.get(`${namespace}/${name}`) ?? [];
      return {
        pod,
        node: scheduling?.nodeName ?? tiedTo(scheduling),
        tie: tieOf(namespace, ownerKinds, scheduling, ownNamespace),
        isBatch: ownerKinds.includes('Job'),
      };
    }),
    hosts: sharedHosts(nodes.map((node) => hintsOf(node, bootIds))),
  };
}

function hintsOf({ name, labels }: Node, bootIds: ReadonlyMap<string, string>): HostHints {
  return { name, labels, bootId: bootIds.get(name) ?? '' };
}

/** As the placement loop would see it, were all namespaces opted in. */
function tieOf(
  namespace: string,
  ownerKinds: readonly string[],
  scheduling: PodScheduling | undefined,
  ownNamespace: string,
): SnapshotPod['tie'] {
  if (ownerKinds.includes('DaemonSet') || ownerKinds.includes('Node')) return 'node';
  if (tiedTo(scheduling) !== undefined) return 'node';
  return namespace === 'kube-system' || namespace === ownNamespace ? 'fixed' : 'free';
}

/** The one node that a pod asks for by name, as those of a DaemonSet do. */
function tiedTo(scheduling: PodScheduling | undefined): string | undefined {
  const [term, ...others] = scheduling?.nodeAffinity?.required ?? [];
  const [field, ...fields] = term?.matchFields ?? [];
  if (others.length > 0 || fields.length > 0 || field?.operator !== 'In') return undefined;
  return field.values.length === 1 ? field.values[0] : undefined;
}
