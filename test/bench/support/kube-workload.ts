import { HOSTNAME_LABEL, type LabelSelector, REGION_LABEL, ZONE_LABEL } from '../../../src/cluster/labels.ts';
import type { Node } from '../../../src/cluster/node.ts';
import type { Pod, PodScheduling } from '../../../src/cluster/pod.ts';
import { PLAIN_SCHEDULING } from '../../../src/policy/kube/pod-shape.ts';
import type { RandomStream } from '../../../src/util/rng.ts';

const GIBI = 2 ** 30;
const NAMESPACES = 8;
const IMAGES = 60;

/** Machines of three sizes in three zones; one in twenty is dedicated to something, one in thirty is avoided. */
export function kubeNodes(random: RandomStream, count: number): readonly Node[] {
  return Array.from({ length: count }, (_, i): Node => {
    const name = `node-${String(i).padStart(5, '0')}`;
    const size = random.pick([8, 16, 32]);
    const dedicated = random.next() < 0.05;
    return {
      name,
      labels: {
        [HOSTNAME_LABEL]: name,
        [REGION_LABEL]: 'north',
        [ZONE_LABEL]: `north-${random.integer(3)}`,
        disk: random.pick(['ssd', 'hdd']),
        size: String(size),
        ...(dedicated ? { dedicated: 'batch' } : {}),
      },
      cpuMilli: size * 1000 - 100,
      memoryBytes: size * 4 * GIBI - GIBI,
      pods: 110,
      ...(dedicated ? { taints: [{ key: 'dedicated', value: 'batch', effect: 'NoSchedule' }] } : {}),
      ...(!dedicated && i % 30 === 0
        ? { taints: [{ key: 'old', value: '', effect: 'PreferNoSchedule' }] }
        : {}),
      images: Array.from({ length: 12 }, () => random.integer(IMAGES)).map((image) => ({
        names: [`registry.example/app-${image}:1`],
        sizeBytes: (20 + 15 * image) * 2 ** 20,
      })),
    };
  });
}

/** What is in the mix, and its share of the workloads; the rest are plain Deployments behind a Service. */
export const KUBE_MIX = {
  'job without an owner that spreads': 0.1,
  'preferred node affinity': 0.15,
  'required anti-affinity by host': 0.08,
  'preferred anti-affinity by host': 0.1,
  'preferred affinity to another workload by zone': 0.05,
  'explicit spreading, hard by zone and soft by host': 0.12,
  'toleration and nodeSelector of dedicated nodes': 0.05,
} as const;

function isA(app: string): LabelSelector {
  return [{ key: 'app', operator: 'In', values: [app] }];
}

/** One template: fields that all of its replicas share. */
function templateOf(random: RandomStream, workload: number, workloads: number): PodScheduling {
  const app = `app-${workload}`;
  const has = (what: keyof typeof KUBE_MIX) => random.next() < KUBE_MIX[what];
  const term = (of: string, topologyKey: string) => ({
    topologyKey,
    selector: isA(of),
    namespaces: [],
    namespaceSelector: undefined,
    matchLabelKeys: [],
    mismatchLabelKeys: [],
  });
  const job = has('job without an owner that spreads');
  const dedicated = has('toleration and nodeSelector of dedicated nodes');
  const spreads = has('explicit spreading, hard by zone and soft by host');
  const spread = { selector: isA(app), minDomains: undefined, matchLabelKeys: [] };
  const policies = { nodeAffinityPolicy: 'Honor', nodeTaintsPolicy: 'Ignore' } as const;
  const cpuMilli = random.pick([50, 100, 200, 250, 500, 1000]);
  const required = has('required anti-affinity by host');
  const preferred = has('preferred anti-affinity by host');
  const near = has('preferred affinity to another workload by zone');
  return {
    ...PLAIN_SCHEDULING,
    labels: { app, 'pod-template-hash': String(100000 + workload), tier: random.pick(['front', 'back']) },
    containers: [
      {
        image: `registry.example/app-${random.integer(IMAGES)}:1`,
        // One in eight asks for nothing.
        requests:
          random.next() < 0.125
            ? { cpuMilli: undefined, memoryBytes: undefined }
            : { cpuMilli, memoryBytes: cpuMilli * random.pick([1, 2, 4, 8]) * 2 ** 20 },
        hostPorts: [],
      },
    ],
    nodeSelector: dedicated ? { dedicated: 'batch' } : {},
    tolerations: dedicated ? [{ key: 'dedicated', operator: 'Exists', value: '', effect: undefined }] : [],
    nodeAffinity: has('preferred node affinity')
      ? {
          required: undefined,
          preferred: [
            {
              weight: 50,
              term: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }], matchFields: [] },
            },
          ],
        }
      : undefined,
    podAntiAffinity:
      required || preferred
        ? {
            required: required ? [term(app, HOSTNAME_LABEL)] : [],
            preferred: preferred ? [{ weight: 100, term: term(app, HOSTNAME_LABEL) }] : [],
          }
        : undefined,
    podAffinity: near
      ? {
          required: [],
          preferred: [{ weight: 20, term: term(`app-${random.integer(workloads)}`, ZONE_LABEL) }],
        }
      : undefined,
    topologySpread: spreads
      ? [
          {
            ...spread,
            ...policies,
            topologyKey: ZONE_LABEL,
            maxSkew: 2,
            whenUnsatisfiable: 'DoNotSchedule',
          },
          {
            ...spread,
            ...policies,
            topologyKey: HOSTNAME_LABEL,
            maxSkew: 1,
            whenUnsatisfiable: 'ScheduleAnyway',
          },
        ]
      : [],
    ownerSelector: job ? undefined : isA(app),
  };
}

/**
 * Pods of workloads of 1 to 100 replicas, 25 on the average, some of which are rolled out at the same time. Every pod
 * has an object of its own, as when it is read from an API server.
 */
export function kubePods(random: RandomStream, count: number): readonly Pod[] {
  const workloads = Math.max(1, Math.round(count / 25));
  const open: { readonly template: PodScheduling; readonly namespace: string; left: number }[] = [];
  let made = 0;
  const pods: Pod[] = [];
  for (let id = 0; id < count; id++) {
    while (open.length < 12) {
      const template = templateOf(random, made++, workloads);
      const left = Math.min(100, Math.max(1, Math.round(random.exponential(25))));
      open.push({ template, namespace: `team-${random.integer(NAMESPACES)}`, left });
    }
    const at = random.integer(open.length);
    const workload = open[at]!;
    if (--workload.left === 0) open.splice(at, 1);
    pods.push({
      id,
      name: `pod-${id}`,
      namespace: workload.namespace,
      cpuMilli: 0,
      memoryBytes: 0,
      predictedCpuMilli: 0,
      predictedSeconds: Number.POSITIVE_INFINITY,
      slackSeconds: 0,
      shape: -1,
      scheduling: structuredClone(workload.template),
    });
  }
  return pods;
}
