import { HOSTNAME_LABEL, type LabelSelector, ZONE_LABEL } from '../../src/cluster/labels.ts';
import type { Node } from '../../src/cluster/node.ts';
import type {
  Container,
  Pod,
  PodAffinityTerm,
  PodScheduling,
  TopologySpreadConstraint,
} from '../../src/cluster/pod.ts';
import type { KubeScheduler } from '../../src/policy/kube/kube-scheduler.ts';
import { PLAIN_SCHEDULING } from '../../src/policy/kube/pod-shape.ts';

const MEBI = 2 ** 20;

/** A node of 10 cores and 10,000 MiB in a zone; an empty zone: none. */
export function kubeNode(name: string, zone: string, changes: Partial<Node> = {}): Node {
  return {
    name,
    cpuMilli: 10_000,
    memoryBytes: 10_000 * MEBI,
    pods: 110,
    ...changes,
    labels: { [HOSTNAME_LABEL]: name, ...(zone === '' ? {} : { [ZONE_LABEL]: zone }), ...changes.labels },
  };
}

export function kubeContainer(changes: Partial<Container> = {}): Container {
  return { image: '', requests: { cpuMilli: 100, memoryBytes: 100 * MEBI }, hostPorts: [], ...changes };
}

/** A pod in the namespace `default` of one container that asks for 100 milli-cores and 100 MiB. */
export function kubePod(id: number, scheduling: Partial<PodScheduling> = {}, namespace = 'default'): Pod {
  return {
    id,
    name: `pod-${id}`,
    namespace,
    cpuMilli: 100,
    memoryBytes: 100 * MEBI,
    predictedCpuMilli: 100,
    predictedSeconds: 60,
    slackSeconds: 0,
    shape: -1,
    scheduling: { ...PLAIN_SCHEDULING, containers: [kubeContainer()], ...scheduling },
  };
}

export function isApp(app: string): LabelSelector {
  return [{ key: 'app', operator: 'In', values: [app] }];
}

export function spreadOver(changes: Partial<TopologySpreadConstraint>): TopologySpreadConstraint {
  return {
    topologyKey: ZONE_LABEL,
    maxSkew: 1,
    whenUnsatisfiable: 'DoNotSchedule',
    selector: isApp('web'),
    minDomains: undefined,
    nodeAffinityPolicy: 'Honor',
    nodeTaintsPolicy: 'Ignore',
    matchLabelKeys: [],
    ...changes,
  };
}

export function podTerm(changes: Partial<PodAffinityTerm> = {}): PodAffinityTerm {
  return {
    topologyKey: ZONE_LABEL,
    selector: isApp('web'),
    namespaces: [],
    namespaceSelector: undefined,
    matchLabelKeys: [],
    mismatchLabelKeys: [],
    ...changes,
  };
}

/** The nodes that are refused, with the plugin that does. */
export function refusals(scheduler: KubeScheduler, pod: Pod): Readonly<Record<string, string>> {
  const { reasons } = scheduler.schedule(pod, { verbose: true });
  return Object.fromEntries([...reasons!].map(([node, { plugin }]) => [node, plugin]));
}

/** One plugin's points before its weight, by node; 0 where it has nothing to say. */
export function pointsOf(
  scheduler: KubeScheduler,
  pod: Pod,
  plugin: string,
): Readonly<Record<string, number>> {
  const { scores } = scheduler.schedule(pod, { verbose: true });
  return Object.fromEntries(scores!.map(({ node, unweighted }) => [node, unweighted[plugin] ?? 0]));
}
