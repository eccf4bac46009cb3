import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Labels } from '../../cluster/labels.ts';
import type { Node } from '../../cluster/node.ts';
import type { Pod, PodGpuRequest, PodScheduling } from '../../cluster/pod.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { manifestErrors as errors } from './manifests/errors.ts';
import { type ControllerKind, controllerKinds, expand } from './manifests/expand.ts';
import { sharedGpuRequest } from './manifests/gpu-share.ts';
import { Located, locatedDocuments, type ManifestText } from './manifests/located.ts';
import { readNode } from './manifests/node-manifest.ts';
import { controllerOf, controllerSelector, Owners } from './manifests/owners.ts';
import {
  builtInPriorityClasses,
  type PodSurroundings,
  type RuntimeClass,
  readPodSpec,
  readRuntimeClass,
} from './manifests/pod-manifest.ts';
import { effectiveRequests } from './manifests/resources.ts';

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

/** API group by kind: a Service of another group is something else. */
const groups: Readonly<Record<string, string>> = {
  Namespace: '',
  Node: '',
  Pod: '',
  ReplicationController: '',
  Service: '',
  Deployment: 'apps',
  ReplicaSet: 'apps',
  StatefulSet: 'apps',
  Job: 'batch',
  PriorityClass: 'scheduling.k8s.io',
  RuntimeClass: 'node.k8s.io',
};

/** Kinds that pods are placed without. */
const withoutPart = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'CustomResourceDefinition',
  'Endpoints',
  'EndpointSlice',
  'Event',
  'HorizontalPodAutoscaler',
  'Ingress',
  'IngressClass',
  'Lease',
  'LimitRange',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'ResourceQuota',
  'Role',
  'RoleBinding',
  'Secret',
  'ServiceAccount',
]);

/**
 * Reads Kubernetes manifests: nodes and pods as they are, pods from the templates of Deployments, ReplicaSets,
 * ReplicationControllers, StatefulSets and Jobs, and what Services, Namespaces, RuntimeClasses and PriorityClasses mean
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

interface Manifest {
  readonly kind: string;
  readonly namespace: string;
  readonly object: Located;
}

/** Unpacks Lists; throws for kinds that are not known. */
function manifestsIn(object: Located, passedOver: Map<string, number>): Manifest[] {
  const kind = object.get('kind').text();
  if (kind === 'List' || (kind.endsWith('List') && kind.slice(0, -4) in groups)) {
    return object
      .get('items')
      .items()
      .flatMap((item) => manifestsIn(withKind(item, kind), passedOver));
  }
  const apiVersion = object.get('apiVersion').text();
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  if (groups[kind] !== group) {
    if (!withoutPart.has(kind)) throw errors.KISIM_E_MANIFEST_KIND(`${object.place}: ${apiVersion} ${kind}`);
    passedOver.set(kind, (passedOver.get(kind) ?? 0) + 1);
    return [];
  }
  const namespace = object.get('metadata').get('namespace').textOr('default');
  return [{ kind, namespace, object }];
}

/** Items of a NodeList need not say what they are. */
function withKind(item: Located, listKind: string): Located {
  if (listKind === 'List' || item.get('kind').present) return item;
  const kind = listKind.slice(0, -4);
  const group = groups[kind];
  return item.with({ apiVersion: group === '' ? 'v1' : `${group}/v1`, kind });
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
  return {
    nodes: ofKind('Node').map(({ object }) => readNode(object)),
    pods: podsOf(manifests, surroundingsOf(ofKind)),
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

function podsOf(manifests: readonly Manifest[], around: PodSurroundings): readonly Pod[] {
  const owners = new Owners();
  const owning = new Set<string>();
  for (const { kind, namespace, object } of manifests) {
    const controller = controllerOf(object);
    if (controller !== undefined) owning.add(`${namespace}/${controller}`);
    if (kind === 'Service') owners.addService(object, namespace);
    else if (isController(kind) && kind !== 'Deployment' && kind !== 'Job') {
      const name = object.get('metadata').get('name').text();
      owners.addController(kind, namespace, name, controllerSelector(kind, object));
    }
  }
  const pods = new PodList(owners);
  for (const { kind, namespace, object } of manifests) {
    const metadata = object.get('metadata');
    if (kind === 'Pod') {
      const labels = metadata.get('labels').textMap();
      const scheduling = readPodSpec(object.get('spec'), labels, around);
      const gpu = sharedGpuRequest(object);
      pods.add(metadata.get('name').text(), namespace, scheduling, controllerOf(object), gpu);
    } else if (isController(kind) && !owning.has(`${namespace}/${kind}/${metadata.get('name').text()}`)) {
      const { ownerKind, ownerName, selector, template, pods: made } = expand(kind, object);
      if (selector !== undefined) owners.addController(ownerKind, namespace, ownerName, selector);
      const gpu = sharedGpuRequest(template);
      for (const { name, labels } of made) {
        const scheduling = readPodSpec(template.get('spec'), labels, around);
        pods.add(name, namespace, scheduling, `${ownerKind}/${ownerName}`, gpu);
      }
    }
  }
  return pods.list;
}

function isController(kind: string): kind is ControllerKind {
  return (controllerKinds as readonly string[]).includes(kind);
}

/** Gathers pods; those that are alike but for their names share a shape. */
class PodList {
  readonly list: Pod[] = [];
  readonly #owners: Owners;
  readonly #shapes = new Map<string, number>();

  constructor(owners: Owners) {
    this.#owners = owners;
  }

  add(
    name: string,
    namespace: string,
    read: PodScheduling,
    controller: string | undefined,
    gpu: PodGpuRequest | undefined,
  ): void {
    const ownerSelector = this.#owners.selectorFor(namespace, read.labels, controller);
    const scheduling = { ...read, ownerSelector };
    const { containers, initContainers, podRequests, overhead } = read;
    const amounts = effectiveRequests(containers, initContainers, podRequests, overhead);
    const others = [...amounts].filter(([resource]) => resource !== 'cpu' && resource !== 'memory');
    const key = JSON.stringify([namespace, scheduling, gpu]);
    const shape = this.#shapes.get(key) ?? this.#shapes.size;
    this.#shapes.set(key, shape);
    this.list.push({
      id: this.list.length,
      name,
      namespace,
      cpuMilli: amounts.get('cpu') ?? 0,
      memoryBytes: amounts.get('memory') ?? 0,
      ...(gpu === undefined ? {} : { gpu }),
      ...(others.length === 0 ? {} : { extended: Object.fromEntries(others) }),
      // Manifests say nothing of use and of ends: what is asked for, and for good.
      predictedCpuMilli: amounts.get('cpu') ?? 0,
      predictedSeconds: Number.POSITIVE_INFINITY,
      slackSeconds: 0,
      shape,
      scheduling,
    });
  }
}
