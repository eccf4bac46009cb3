import type { RandomStream } from '../../../src/util/rng.ts';
import type { ApiObject } from '../support/api-client.ts';
import type { Style } from './style.ts';
import {
  chance,
  images,
  nodeLabelKeys,
  nodeLabels,
  taintEffects,
  taintKeys,
  taintValues,
} from './vocabulary.ts';

interface Hardware {
  readonly cpu: string;
  readonly memory: string;
  readonly pods: string;
  readonly [resource: string]: string;
}

function randomHardware(random: RandomStream): Hardware {
  const cores = random.pick([2, 4, 8, 16, 16, 32, 64]);
  const memory = random.pick([4, 8, 16, 32, 64, 256]);
  return {
    // What kubelets reserve makes odd numbers of what is left.
    cpu: chance(random, 0.5) ? String(cores) : `${cores * 1000 - 10 * random.integer(20)}m`,
    memory: chance(random, 0.5) ? `${memory}Gi` : `${memory * 1024 * 1024 - random.integer(200_000)}Ki`,
    pods: String(random.pick([110, 110, 110, 30, 8, 3])),
    ...(chance(random, 0.8) ? { 'ephemeral-storage': `${10 + random.integer(200)}Gi` } : {}),
    ...(chance(random, 0.4) ? { 'example.com/gpu': String(1 + random.integer(8)) } : {}),
    ...(chance(random, 0.2) ? { 'example.com/fpga': String(1 + random.integer(2)) } : {}),
    ...(chance(random, 0.3) ? { 'hugepages-2Mi': `${2 * (1 + random.integer(500))}Mi` } : {}),
  };
}

function randomTaints(random: RandomStream, style: Style): object[] {
  if (!chance(random, style.tainted * 0.6)) return [];
  const taints = new Map<string, object>();
  for (let i = 1 + random.integer(3); i > 0; i--) {
    const key = random.pick(taintKeys);
    // Most nodes stay usable: a cluster that takes no pod compares nothing.
    const effect = taintEffects[random.weighted([2, 5, 1])]!;
    const value = random.pick(taintValues);
    taints.set(`${key} ${effect}`, { key, effect, ...(value === '' ? {} : { value }) });
  }
  return [...taints.values()];
}

function topologyLabels(
  random: RandomStream,
  name: string,
  zones: number,
  beta: boolean,
): Record<string, string> {
  const labels: Record<string, string> = {};
  if (!chance(random, 0.04)) labels['kubernetes.io/hostname'] = name;
  if (zones === 0 || chance(random, 0.05)) return labels;
  const zone = random.integer(zones);
  labels[beta ? 'failure-domain.beta.kubernetes.io/zone' : 'topology.kubernetes.io/zone'] = `zone-${zone}`;
  if (!chance(random, 0.1)) {
    const key = beta ? 'failure-domain.beta.kubernetes.io/region' : 'topology.kubernetes.io/region';
    labels[key] = `region-${zone >> 1}`;
  }
  return labels;
}

function randomImages(random: RandomStream, share: number): object[] {
  return images
    .filter(() => chance(random, share))
    .map(({ name, megabytes }) => {
      const digest = `${name.slice(0, name.lastIndexOf(':'))}@sha256:${'0123456789abcdef'.repeat(4)}`;
      return { names: chance(random, 0.7) ? [digest, name] : [name], sizeBytes: megabytes * 1_000_003 };
    });
}

/** Nodes that no kubelet stands behind: what their status says is all there is of them. */
export function randomNodes(random: RandomStream, style: Style): ApiObject[] {
  // Few kinds of machine, as clusters are; some of each corpus are all alike.
  const models = Array.from({ length: style.uniform ? 1 : 1 + random.integer(5) }, () =>
    randomHardware(random),
  );
  // The scheduler meets nodes sorted by name, so that names must not follow from what the nodes are.
  const names = random.shuffle(Array.from({ length: style.nodes }, (_, i) => `n${i}`));
  const beta = chance(random, 0.05);
  return names.map((name) => {
    const labels = topologyLabels(random, name, style.zones, beta);
    for (const key of nodeLabelKeys) if (chance(random, 0.7)) labels[key] = random.pick(nodeLabels[key]);
    const taints = randomTaints(random, style);
    const unschedulable = !style.uniform && chance(random, 0.03);
    const allocatable = random.pick(models);
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      spec: {
        ...(taints.length === 0 ? {} : { taints }),
        ...(unschedulable ? { unschedulable } : {}),
      },
      status: { capacity: allocatable, allocatable, images: randomImages(random, style.images * 0.6) },
    };
  });
}

/** The node with other labels, taints or resources; what places it in a zone and gives it its name stays. */
export function changedNode(random: RandomStream, node: ApiObject, style: Style): ApiObject {
  const old = node.metadata['labels'] as Readonly<Record<string, string>>;
  const labels = { ...old };
  for (const key of nodeLabelKeys) {
    if (chance(random, 0.3)) labels[key] = random.pick(nodeLabels[key]);
    else if (chance(random, 0.1)) delete labels[key];
  }
  const taints = randomTaints(random, { ...style, tainted: style.uniform ? 0 : 0.8 });
  const allocatable = chance(random, 0.3) ? { allocatable: randomHardware(random) } : {};
  return {
    ...node,
    metadata: { ...node.metadata, labels },
    spec: {
      ...(taints.length === 0 ? {} : { taints }),
      ...(chance(random, 0.1) ? { unschedulable: true } : {}),
    },
    status: { ...(node['status'] as object), ...allocatable },
  };
}
