import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Labels } from '../../cluster/labels.ts';
import type { Node } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { manifestErrors as errors } from './manifests/errors.ts';
import { type Manifest, manifestsIn } from './manifests/kinds.ts';
import { Located, locatedDocuments, type ManifestText } from './manifests/located.ts';
import { readNode } from './manifests/node-manifest.ts';
import { podsOf } from './manifests/pod-list.ts';
import {
  builtInPriorityClasses,
  type PodSurroundings,
  type RuntimeClass,
  readRuntimeClass,
} from './manifests/pod-manifest.ts';

export type { ManifestText } from './manifests/located.ts';

/** What manifests say of a cluster, in the vocabulary of `cluster/`. */
export interface ManifestCluster {
  readonly nodes: readonly Node[];
  /** In the order of the manifests; ids are the indices. A pod that is bound has `scheduling.nodeName`. */
  readonly pods: readonly Pod[];
  /** Labels by namespace; one without an entry has none. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  /** Kinds that have no part in placement, and how many objects of each were passed over. */
  readonly passedOver: ReadonlyMap<string, number>;
}

/**
 * Reads Kubernetes manifests: nodes and pods as they are, pods from the templates of Deployments, ReplicaSets,
 * ReplicationControllers, StatefulSets, DaemonSets and Jobs, and what Services, Namespaces, RuntimeClasses and PriorityClasses mean
 * for them. Pods get what the API server fills in. A controller whose own pods are among the manifests is not expanded
 * again, so that a dump of a whole cluster can be read as well as what was written by hand.
 *
 * @throws KISIM_E_MANIFEST_... with file, line and field
 * @example
 * const { nodes } = readManifests([
 *   { file: 'a.yaml', text: 'kind: Node\napiVersion: v1\nmetadata: {name: a}\nstatus: {capacity: {cpu: 1500m}}' },
 * ]);
 * nodes[0]?.cpuMilli; // 1500
 */
export function readManifests(texts: readonly ManifestText[]): ManifestCluster {
  return clusterOf(texts.flatMap(locatedDocuments));
}

/** The same for objects that were parsed already; `source` is for messages. */
export function readManifestObjects(source: string, objects: readonly unknown[]): ManifestCluster {
  return clusterOf(objects.map((object, i) => new Located(`${source}[${i}]`, object)));
}

/**
 * Texts of files, and of all .yaml, .yml and .json files below folders, sorted by path.
 *
 * @throws KISIM_E_MANIFEST_MISSING for a path that is not there, or a folder without manifests
 */
export function manifestTexts(paths: readonly string[]): readonly ManifestText[] {
  return paths.flatMap((path) => {
    const files = filesAt(path);
    if (files.length === 0) throw errors.KISIM_E_MANIFEST_MISSING(`${path} holds none`);
    return files.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  });
}

function filesAt(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ya?ml|json)$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw errors.KISIM_E_MANIFEST_MISSING(`${path}: ${code}`, { cause: error });
  }
}

function clusterOf(documents: readonly Located[]): ManifestCluster {
  const passedOver = new Map<string, number>();
  const manifests = documents.flatMap((document) => manifestsIn(document, passedOver));
  const ofKind = (kind: string): readonly Manifest[] => manifests.filter((each) => each.kind === kind);
  const namespaces = new Map(
    ofKind('Namespace').map(({ object }) => {
      const metadata = object.get('metadata');
      const name = metadata.get('name').text();
      // The API server gives every namespace this label.
      return [name, { ...metadata.get('labels').textMap(), 'kubernetes.io/metadata.name': name }];
    }),
  );
  const nodes = ofKind('Node').map(({ object }) => readNode(object));
  return {
    nodes,
    pods: podsOf(manifests, nodes, surroundingsOf(ofKind)),
    namespaces,
    passedOver,
  };
}

function surroundingsOf(ofKind: (kind: string) => readonly Manifest[]): PodSurroundings {
  const nameOf = ({ object }: Manifest): string => object.get('metadata').get('name').text();
  const priorityClasses = new Map(builtInPriorityClasses);
  let defaultPriority = 0;
  for (const manifest of ofKind('PriorityClass')) {
    const value = manifest.object.get('value').integer(-(2 ** 31), 2 ** 31 - 1);
    priorityClasses.set(nameOf(manifest), value);
    if (manifest.object.get('globalDefault').boolean()) defaultPriority = value;
  }
  const runtimeClasses = new Map<string, RuntimeClass>(
    ofKind('RuntimeClass').map((manifest) => [nameOf(manifest), readRuntimeClass(manifest.object)]),
  );
  return { runtimeClasses, priorityClasses, defaultPriority };
}
