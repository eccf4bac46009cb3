import type { Node } from '../../../cluster/node.ts';
import type { Pod, PodGpuRequest, PodScheduling } from '../../../cluster/pod.ts';
import { daemonPods } from './daemon-set.ts';
import { type ControllerKind, controllerKinds, expand } from './expand.ts';
import { sharedGpuRequest } from './gpu-share.ts';
import type { Manifest } from './kinds.ts';
import { controllerOf, controllerSelector, Owners } from './owners.ts';
import { type PodSurroundings, readPodSpec } from './pod-manifest.ts';
import { effectiveRequests } from './resources.ts';

/** All pods that the manifests hold or stand for, in their order. */
export function podsOf(
  manifests: readonly Manifest[],
  nodes: readonly Node[],
  around: PodSurroundings,
): readonly Pod[] {
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
      continue;
    }
    const name = metadata.get('name').text();
    if (owning.has(`${namespace}/${kind}/${name}`)) continue;
    if (kind === 'DaemonSet') {
      const template = object.get('spec').get('template');
      const spec = template.get('spec');
      const labels = template.get('metadata').get('labels').textMap();
      const read = readPodSpec(spec, labels, around);
      const gpu = sharedGpuRequest(template);
      for (const { node, scheduling } of daemonPods(read, spec.get('hostNetwork').boolean(), nodes))
        pods.add(`${name}-${node}`, namespace, scheduling, `${kind}/${name}`, gpu);
    } else if (isController(kind)) {
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
