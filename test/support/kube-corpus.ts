import { HOSTNAME_LABEL, type LabelSelector, type Labels, ZONE_LABEL } from '../../src/cluster/labels.ts';
import type { Node, Taint } from '../../src/cluster/node.ts';
import type {
  Container,
  ContainerRequests,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  PodAffinity,
  PodAffinityTerm,
  PodScheduling,
  Toleration,
  TopologySpreadConstraint,
} from '../../src/cluster/pod.ts';
import type { RandomStream } from '../../src/util/rng.ts';

const MEBI = 2 ** 20;
const APPS = ['web', 'api', 'db', 'cache'];
const TIERS = ['front', 'back'];
const NAMESPACES = ['default', 'shop', 'batch'];
const IMAGES = ['nginx', 'registry.example:5000/api', 'postgres:16', 'train@sha256:ab'];
const PORTS = [80, 443, 8080];
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

/** Labels of the corpus's namespaces; one of them is left out on purpose. */
export const corpusNamespaces: ReadonlyMap<string, Labels> = new Map([
  ['default', { team: 'red' }],
  ['shop', { team: 'blue' }],
]);

/** Nodes and pods with every field that the default scheduler looks at, drawn from one seed. */
export function kubeCorpus(
  random: RandomStream,
  nodes: number,
  pods: number,
): { readonly nodes: readonly Node[]; readonly pods: readonly Pod[] } {
  const chance = (share: number) => random.next() < share;
  const some = <T>(from: readonly T[], share: number) => from.filter(() => chance(share));

  const nodeOf = (i: number): Node => {
    const name = `node-${String(i).padStart(4, '0')}`;
    const labels: Record<string, string> = { [HOSTNAME_LABEL]: name };
    if (chance(0.9)) labels[ZONE_LABEL] = `zone-${random.integer(3)}`;
    if (chance(0.1)) labels[ZONE_LABEL] = '';
    if (chance(0.5)) labels['disk'] = random.pick(['ssd', 'hdd']);
    if (chance(0.7)) labels['cores'] = String(random.integer(5) * 10);
    if (chance(0.7)) labels['rack'] = `rack-${random.integer(4)}`;
    return {
      name,
      labels,
      cpuMilli: (1 + random.integer(8)) * 1000,
      memoryBytes: (1 + random.integer(16)) * 512 * MEBI,
      pods: 4 + random.integer(20),
      ...(chance(0.6)
        ? { extended: { 'ephemeral-storage': 1e9, 'example.com/gpu': random.integer(5) } }
        : {}),
      taints: some(['dedicated', 'spot', 'old'], 0.1).map(
        (key): Taint => ({ key, value: random.pick(['a', 'b']), effect: random.pick(EFFECTS) }),
      ),
      unschedulable: chance(0.05),
      images: IMAGES.filter(() => chance(0.3)).map((image, size) => ({
        names: [image.includes(':', image.lastIndexOf('/')) ? image : `${image}:latest`],
        sizeBytes: (size + 1) * 170 * MEBI,
      })),
    };
  };

  const requestsOf = (): ContainerRequests => ({
    cpuMilli: chance(0.7) ? random.integer(8) * 50 : undefined,
    memoryBytes: chance(0.7) ? random.integer(8) * 64 * MEBI : undefined,
    ...(chance(0.15) ? { extended: { 'example.com/gpu': random.integer(3), 'ephemeral-storage': 1e7 } } : {}),
  });
  const containerOf = (sidecar: boolean): Container => ({
    image: random.pick(IMAGES),
    requests: requestsOf(),
    hostPorts: some(PORTS, 0.03).map((hostPort) => ({
      hostIp: random.pick(['', '0.0.0.0', '10.0.0.1', '10.0.0.2']),
      protocol: random.pick(['TCP', 'UDP']),
      hostPort,
    })),
    ...(sidecar ? { sidecar } : {}),
  });
  const selectorOf = (): LabelSelector | undefined => {
    if (chance(0.05)) return chance(0.5) ? undefined : [];
    const app = random.pick(APPS);
    if (chance(0.6)) return [{ key: 'app', operator: 'In', values: [app] }];
    if (chance(0.5)) return [{ key: 'app', operator: 'NotIn', values: [app] }];
    return [{ key: 'tier', operator: random.pick(['Exists', 'DoesNotExist']), values: [] }];
  };
  const requirementOf = (): NodeSelectorRequirement =>
    random.pick<() => NodeSelectorRequirement>([
      () => ({ key: 'disk', operator: random.pick(['In', 'NotIn']), values: [random.pick(['ssd', 'hdd'])] }),
      () => ({ key: 'rack', operator: random.pick(['Exists', 'DoesNotExist']), values: [] }),
      () => ({ key: 'cores', operator: random.pick(['Gt', 'Lt']), values: [String(random.integer(5) * 10)] }),
      () => ({ key: ZONE_LABEL, operator: 'NotIn', values: [`zone-${random.integer(3)}`] }),
    ])();
  const termOf = (): NodeSelectorTerm => ({
    matchExpressions: chance(0.05) ? [] : [requirementOf(), ...(chance(0.3) ? [requirementOf()] : [])],
    matchFields: chance(0.1)
      ? [
          {
            key: 'metadata.name',
            operator: 'NotIn',
            values: [`node-${String(random.integer(nodes)).padStart(4, '0')}`],
          },
        ]
      : [],
  });
  const topologyOf = () => random.pick([HOSTNAME_LABEL, ZONE_LABEL, 'rack']);
  const podTermOf = (): PodAffinityTerm => ({
    topologyKey: topologyOf(),
    selector: selectorOf(),
    namespaces: some(NAMESPACES, 0.1),
    namespaceSelector: chance(0.8)
      ? undefined
      : chance(0.3)
        ? []
        : [{ key: 'team', operator: random.pick(['Exists', 'DoesNotExist', 'In']), values: ['red'] }],
    matchLabelKeys: chance(0.1) ? ['tier'] : [],
    mismatchLabelKeys: chance(0.1) ? ['version', 'app'] : [],
  });
  const podAffinityOf = (): PodAffinity => ({
    required: chance(0.4) ? [podTermOf(), ...(chance(0.2) ? [podTermOf()] : [])] : [],
    preferred: chance(0.7) ? [{ weight: 1 + random.integer(100), term: podTermOf() }] : [],
  });
  const spreadOf = (): TopologySpreadConstraint => ({
    topologyKey: topologyOf(),
    maxSkew: 1 + random.integer(3),
    whenUnsatisfiable: random.pick(['DoNotSchedule', 'ScheduleAnyway']),
    selector: selectorOf(),
    minDomains: chance(0.2) ? 1 + random.integer(5) : undefined,
    nodeAffinityPolicy: random.pick(['Honor', 'Ignore']),
    nodeTaintsPolicy: random.pick(['Honor', 'Ignore']),
    matchLabelKeys: chance(0.2) ? ['version', 'none'] : [],
  });
  const schedulingOf = (): PodScheduling => {
    const labels: Record<string, string> = { app: random.pick(APPS), version: String(random.integer(2)) };
    if (chance(0.5)) labels['tier'] = random.pick(TIERS);
    return {
      labels,
      containers: [containerOf(false), ...(chance(0.3) ? [containerOf(false)] : [])],
      initContainers: chance(0.2) ? [containerOf(chance(0.5)), containerOf(chance(0.5))] : [],
      overhead: chance(0.1) ? { cpuMilli: 20, memoryBytes: 16 * MEBI } : undefined,
      podRequests: chance(0.1)
        ? { cpuMilli: chance(0.6) ? 400 : undefined, memoryBytes: chance(0.6) ? 256 * MEBI : undefined }
        : undefined,
      imageVolumes: chance(0.1) ? [random.pick(IMAGES)] : [],
      nodeSelector: chance(0.05) ? { disk: 'ssd' } : {},
      nodeName: undefined,
      nodeAffinity: chance(0.25)
        ? {
            required: chance(0.4) ? [termOf(), ...(chance(0.5) ? [termOf()] : [])] : undefined,
            preferred: chance(0.7) ? [{ weight: 1 + random.integer(100), term: termOf() }] : [],
          }
        : undefined,
      podAffinity: chance(0.12) ? podAffinityOf() : undefined,
      podAntiAffinity: chance(0.12) ? podAffinityOf() : undefined,
      tolerations: some(['dedicated', 'spot', 'old', ''], 0.1).map(
        (key): Toleration => ({
          key,
          operator: key === '' || chance(0.5) ? 'Exists' : 'Equal',
          value: random.pick(['a', 'b']),
          effect: chance(0.5) ? undefined : random.pick(EFFECTS),
        }),
      ),
      topologySpread: chance(0.25) ? [spreadOf(), ...(chance(0.4) ? [spreadOf()] : [])] : [],
      ownerSelector: chance(0.4) ? selectorOf() : undefined,
      priority: 0,
    };
  };
  const podOf = (id: number): Pod => ({
    id,
    name: `pod-${id}`,
    namespace: random.pick(NAMESPACES),
    cpuMilli: random.integer(4) * 100,
    memoryBytes: random.integer(4) * 128 * MEBI,
    predictedCpuMilli: 100,
    predictedSeconds: 60,
    slackSeconds: 0,
    shape: -1,
    ...(chance(0.1) ? {} : { scheduling: schedulingOf() }),
  });
  return {
    nodes: Array.from({ length: nodes }, (_, i) => nodeOf(i)),
    pods: Array.from({ length: pods }, (_, i) => podOf(i)),
  };
}
