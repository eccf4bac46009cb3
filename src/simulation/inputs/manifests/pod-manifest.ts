import type { Labels } from '../../../cluster/labels.ts';
import type {
  Container,
  ContainerRequests,
  PodScheduling,
  Toleration,
  TopologySpreadConstraint,
} from '../../../cluster/pod.ts';
import type { Located } from './located.ts';
import {
  type ContainerAmounts,
  readAmounts,
  readContainerRequests,
  readPodLevelRequests,
  requestsOf,
} from './resources.ts';
import { readLabelSelector, readNodeAffinity, readPodAffinity } from './selectors.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;
const policies = ['Honor', 'Ignore'] as const;
const MAX_INT32 = 2 ** 31 - 1;

/** What a RuntimeClass adds to the pods that name it. */
export interface RuntimeClass {
  readonly overhead: ContainerRequests | undefined;
  readonly nodeSelector: Labels;
  readonly tolerations: readonly Toleration[];
}

export interface PodSurroundings {
  readonly runtimeClasses: ReadonlyMap<string, RuntimeClass>;
  readonly priorityClasses: ReadonlyMap<string, number>;
  readonly defaultPriority: number;
}

export function readRuntimeClass(manifest: Located): RuntimeClass {
  const fixed = manifest.get('overhead').get('podFixed');
  const scheduling = manifest.get('scheduling');
  return {
    overhead: fixed.present ? requestsOf(readAmounts(fixed)) : undefined,
    nodeSelector: scheduling.get('nodeSelector').textMap(),
    tolerations: scheduling.get('tolerations').items().map(readToleration),
  };
}

function readToleration(toleration: Located): Toleration {
  const effect = toleration.get('effect');
  return {
    key: toleration.get('key').textOr(''),
    operator: toleration.get('operator').oneOf(['Exists', 'Equal', 'Lt', 'Gt'], 'Equal'),
    value: toleration.get('value').textOr(''),
    effect: effect.present && effect.value !== '' ? effect.oneOf(effects) : undefined,
  };
}

/**
 * Every pod is let stay for five minutes on a node that went away, unless it says something else of that
 * (plugin/pkg/admission/defaulttolerationseconds).
 */
function withDefaultTolerations(tolerations: readonly Toleration[]): readonly Toleration[] {
  const all = [...tolerations];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const said = tolerations.some(
      (each) =>
        (each.key === key || each.key === '') && (each.effect === 'NoExecute' || each.effect === undefined),
    );
    if (!said) all.push({ key, operator: 'Exists', value: '', effect: 'NoExecute' });
  }
  return all;
}

function readContainer(manifest: Located, hostNetwork: boolean): Container {
  const hostPorts = manifest
    .get('ports')
    .items()
    .map((port) => {
      const hostPort = port.get('hostPort').integerOr(0, 65535, 0);
      return {
        hostIp: port.get('hostIP').textOr('') || '0.0.0.0',
        protocol: port.get('protocol').oneOf(['TCP', 'UDP', 'SCTP'], 'TCP') as string,
        // On the host's network every port of the container is one of the host.
        hostPort: hostPort === 0 && hostNetwork ? port.get('containerPort').integer(1, 65535) : hostPort,
      };
    })
    .filter(({ hostPort }) => hostPort > 0);
  const sidecar = isSidecar(manifest);
  return {
    image: manifest.get('image').text(),
    requests: requestsOf(readContainerRequests(manifest.get('resources'))),
    hostPorts,
    ...(sidecar ? { sidecar } : {}),
  };
}

function isSidecar(manifest: Located): boolean {
  return manifest.get('restartPolicy').value === 'Always';
}

function readContainerAmounts(manifest: Located): ContainerAmounts {
  const resources = manifest.get('resources');
  return {
    requests: readContainerRequests(resources),
    limits: readAmounts(resources.get('limits')),
    sidecar: isSidecar(manifest),
  };
}

function readSpread(constraint: Located): TopologySpreadConstraint {
  const minDomains = constraint.get('minDomains');
  return {
    topologyKey: constraint.get('topologyKey').text(),
    maxSkew: constraint.get('maxSkew').integer(1, MAX_INT32),
    whenUnsatisfiable: constraint.get('whenUnsatisfiable').oneOf(['DoNotSchedule', 'ScheduleAnyway']),
    selector: readLabelSelector(constraint.get('labelSelector')),
    minDomains: minDomains.present ? minDomains.integer(1, MAX_INT32) : undefined,
    nodeAffinityPolicy: constraint.get('nodeAffinityPolicy').oneOf(policies, 'Honor'),
    nodeTaintsPolicy: constraint.get('nodeTaintsPolicy').oneOf(policies, 'Ignore'),
    matchLabelKeys: constraint.get('matchLabelKeys').texts(),
  };
}

function overheadOf(spec: Located, runtimeClass: RuntimeClass | undefined): ContainerRequests | undefined {
  const said = spec.get('overhead');
  // A cluster refuses a pod whose own overhead differs from its class's; without a class it stands for itself.
  return said.present ? requestsOf(readAmounts(said)) : runtimeClass?.overhead;
}

/** Of the pod and of its RuntimeClass, which may not contradict each other (plugin/pkg/admission/runtimeclass). */
function nodeSelectorOf(spec: Located, runtimeClass: RuntimeClass | undefined): Labels {
  const own = spec.get('nodeSelector');
  const merged = own.textMap();
  for (const [key, value] of Object.entries(runtimeClass?.nodeSelector ?? {})) {
    if (merged[key] !== undefined && merged[key] !== value)
      throw own.get(key).invalid(`${merged[key]}, but its RuntimeClass asks for ${value}`);
  }
  return { ...runtimeClass?.nodeSelector, ...merged };
}

function priorityOf(spec: Located, { priorityClasses, defaultPriority }: PodSurroundings): number {
  const said = spec.get('priority');
  if (said.present) return said.integer(-MAX_INT32 - 1, MAX_INT32);
  const name = spec.get('priorityClassName');
  if (!name.present || name.value === '') return defaultPriority;
  const priority = priorityClasses.get(name.text());
  if (priority === undefined) throw name.invalid(`no PriorityClass ${name.text()} in the manifests`);
  return priority;
}

/** The classes that every cluster has (pkg/apis/scheduling/helpers.go). */
export const builtInPriorityClasses: readonly (readonly [string, number])[] = [
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
];

/**
 * A `PodSpec` of the API with its labels, after what the API server fills in: requests from limits, the overhead, node
 * selector and tolerations of its RuntimeClass, default tolerations, priority.
 */
export function readPodSpec(spec: Located, labels: Labels, around: PodSurroundings): PodScheduling {
  const className = spec.get('runtimeClassName');
  const runtimeClass = className.present ? around.runtimeClasses.get(className.text()) : undefined;
  if (className.present && runtimeClass === undefined)
    throw className.invalid(`no RuntimeClass ${className.text()} in the manifests`);
  const hostNetwork = spec.get('hostNetwork').boolean();
  const containers = spec.get('containers').items();
  if (containers.length === 0) throw spec.get('containers').invalid('a pod needs a container');
  const initContainers = spec.get('initContainers').items();
  const affinity = spec.get('affinity');
  const nodeName = spec.get('nodeName').textOr('');
  return {
    labels,
    containers: containers.map((each) => readContainer(each, hostNetwork)),
    initContainers: initContainers.map((each) => readContainer(each, hostNetwork)),
    overhead: overheadOf(spec, runtimeClass),
    podRequests: readPodLevelRequests(
      spec.get('resources'),
      containers.map(readContainerAmounts),
      initContainers.map(readContainerAmounts),
    ),
    imageVolumes: spec
      .get('volumes')
      .items()
      .map((volume) => volume.get('image').get('reference'))
      .filter((reference) => reference.present)
      .map((reference) => reference.text()),
    nodeSelector: nodeSelectorOf(spec, runtimeClass),
    nodeName: nodeName === '' ? undefined : nodeName,
    nodeAffinity: readNodeAffinity(affinity.get('nodeAffinity')),
    podAffinity: readPodAffinity(affinity.get('podAffinity')),
    podAntiAffinity: readPodAffinity(affinity.get('podAntiAffinity')),
    tolerations: withDefaultTolerations([
      ...spec.get('tolerations').items().map(readToleration),
      ...(runtimeClass?.tolerations ?? []),
    ]),
    topologySpread: spec.get('topologySpreadConstraints').items().map(readSpread),
    ownerSelector: undefined,
    priority: priorityOf(spec, around),
  };
}
