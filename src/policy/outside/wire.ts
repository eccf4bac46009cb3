import { type ClusterState, NODE_ASLEEP, NODE_CLOSED, NODE_WAKING } from '../../cluster/cluster-state.ts';
import type { Node } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import { ExponentialCurve } from '../../power-model/exponential-curve.ts';
import { LinearCurve } from '../../power-model/linear-curve.ts';
import type { GpuPower, PowerCurve } from '../../power-model/power-curve.ts';
import { SocketCurve, type SocketParameters } from '../../power-model/socket-curve.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import type { Candidates } from '../policy.ts';

/**
 * What is sent to an outside scorer: a pod and the nodes that can take it, as objects of the Kubernetes API, so that a
 * scorer that reads those needs nothing else. What Kubernetes has no field for stands under `kisimd` in each.
 */
export interface ScoreRequest {
  readonly pod: WirePod;
  readonly nodes: readonly WireNode[];
  readonly kisimd: {
    /** Seconds on the clock that all times of the request are on. */
    readonly now: number;
    readonly slackLeftSeconds: number;
    /** The rest of the cluster: nodes that cannot take the pod. */
    readonly otherNodes: readonly WireNode[];
  };
}

/** What comes back: a number for each of the nodes by name, or a list in their order; greater is better. */
export interface ScoreAnswer {
  readonly scores: Readonly<Record<string, number>> | readonly number[];
}

export interface WirePod {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly containers: readonly [
      {
        readonly name: string;
        readonly image: string;
        readonly resources: { readonly requests: Readonly<Record<string, string>> };
      },
    ];
  };
  readonly kisimd: {
    readonly id: number;
    readonly shape: number;
    readonly cpuMilli: number;
    readonly memoryBytes: number;
    readonly predictedCpuMilli: number;
    /** Null: nothing says that it ends. */
    readonly predictedSeconds: number | null;
    readonly slackSeconds: number;
    readonly gpu?: Pod['gpu'];
    readonly extended?: Pod['extended'];
  };
}

export type WirePower = 'on' | 'asleep' | 'waking' | 'closed';

export type WireCurve =
  | { readonly kind: 'table'; readonly watts: readonly number[] }
  | { readonly kind: 'linear'; readonly idleWatts: number; readonly fullWatts: number }
  | { readonly kind: 'exponential'; readonly k0: number; readonly k1: number; readonly k2: number }
  | { readonly kind: 'sockets'; readonly parameters: SocketParameters };

export interface WireNode {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly taints?: Node['taints'];
    readonly unschedulable?: boolean;
  };
  readonly status: { readonly allocatable: Readonly<Record<string, string>> };
  readonly kisimd: {
    /** Place in the list of all nodes. */
    readonly index: number;
    readonly cpuMilli: number;
    readonly memoryBytes: number;
    readonly pods: number;
    readonly extended?: Node['extended'];
    readonly freeCpuMilli: number;
    readonly freeMemoryBytes: number;
    readonly freePods: number;
    readonly freeExtended?: Readonly<Record<string, number>>;
    readonly predictedUseMilli: number;
    readonly measuredUseMilli: number;
    readonly power: WirePower;
    /** When a waking node is up. */
    readonly awakeAt: number;
    /** Null while it has a pod. */
    readonly emptySince: number | null;
    /** Of every pod that runs there: when it is predicted to end (null: never) and what it is predicted to use. */
    readonly residents: readonly (readonly [endsAt: number | null, useMilli: number])[];
    readonly curve?: WireCurve;
    readonly sleep?: Node['sleep'];
    readonly smt?: Node['smt'];
    readonly speed?: number;
    readonly gpus?: {
      readonly model: string;
      readonly power?: GpuPower;
      /** Thousandths that are free, GPU by GPU. */
      readonly freeMilli: readonly number[];
    };
  };
}

/** Parts of nodes that never change, made once a cluster. */
export class RequestEncoder {
  readonly #cluster: ClusterState;
  readonly #fixed: readonly Omit<WireNode, 'kisimd'>[];
  readonly #isCandidate: Uint8Array;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
    this.#fixed = cluster.nodes.map(fixedParts);
    this.#isCandidate = new Uint8Array(cluster.size);
  }

  encode(pod: Pod, candidates: Candidates): ScoreRequest {
    const nodes: WireNode[] = [];
    this.#isCandidate.fill(0);
    for (let i = 0; i < candidates.count; i++) {
      const node = candidates.nodes[i]!;
      this.#isCandidate[node] = 1;
      nodes.push(this.#node(node));
    }
    const otherNodes: WireNode[] = [];
    for (let node = 0; node < this.#cluster.size; node++)
      if (this.#isCandidate[node] === 0) otherNodes.push(this.#node(node));
    return {
      pod: encodePod(pod),
      nodes,
      kisimd: {
        now: this.#cluster.now,
        slackLeftSeconds: candidates.slackLeft ?? pod.slackSeconds,
        otherNodes,
      },
    };
  }

  #node(index: number): WireNode {
    const cluster = this.#cluster;
    const node = cluster.nodes[index]!;
    const residents = cluster.residents[index]!;
    const curve = node.power === undefined ? undefined : encodeCurve(node.power);
    const gpuFrom = cluster.gpuOffset[index]!;
    return {
      ...this.#fixed[index]!,
      kisimd: {
        index,
        cpuMilli: node.cpuMilli,
        memoryBytes: node.memoryBytes,
        pods: node.pods,
        freeCpuMilli: cluster.freeCpu[index]!,
        freeMemoryBytes: cluster.freeMemory[index]!,
        freePods: cluster.freePods[index]!,
        ...(node.extended === undefined
          ? {}
          : {
              extended: node.extended,
              freeExtended: Object.fromEntries(
                cluster.extendedNames.map((name, column) => [name, cluster.freeExtended[column]![index]!]),
              ),
            }),
        predictedUseMilli: cluster.predictedUse[index]!,
        measuredUseMilli: cluster.measuredUse[index]!,
        power: powerWord(cluster.power[index]!),
        awakeAt: cluster.awakeAt[index]!,
        emptySince: finiteOrNull(cluster.emptySince[index]!),
        residents: Array.from({ length: residents.count }, (_, i) => [
          finiteOrNull(residents.predictedEnds[i]!),
          residents.predictedUses[i]!,
        ]),
        ...(curve === undefined ? {} : { curve }),
        ...(node.sleep === undefined ? {} : { sleep: node.sleep }),
        ...(node.smt === undefined ? {} : { smt: node.smt }),
        ...(node.speed === undefined ? {} : { speed: node.speed }),
        ...(node.gpus === undefined
          ? {}
          : {
              gpus: {
                model: node.gpus.model,
                ...(node.gpus.power === undefined ? {} : { power: node.gpus.power }),
                freeMilli: [...cluster.gpuFree.subarray(gpuFrom, gpuFrom + node.gpus.count)],
              },
            }),
      },
    };
  }
}

function fixedParts(node: Node): Omit<WireNode, 'kisimd'> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: node.labels },
    spec: {
      ...(node.taints === undefined ? {} : { taints: node.taints }),
      ...(node.unschedulable === undefined ? {} : { unschedulable: node.unschedulable }),
    },
    status: {
      allocatable: {
        ...quantities(node.cpuMilli, node.memoryBytes, node.extended),
        pods: String(node.pods),
      },
    },
  };
}

function encodePod(pod: Pod): WirePod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod.name, namespace: pod.namespace, labels: pod.scheduling?.labels ?? {} },
    spec: {
      containers: [
        {
          name: 'main',
          image: pod.scheduling?.containers[0]?.image ?? 'unknown',
          resources: { requests: quantities(pod.cpuMilli, pod.memoryBytes, pod.extended) },
        },
      ],
    },
    kisimd: {
      id: pod.id,
      shape: pod.shape,
      cpuMilli: pod.cpuMilli,
      memoryBytes: pod.memoryBytes,
      predictedCpuMilli: pod.predictedCpuMilli,
      predictedSeconds: finiteOrNull(pod.predictedSeconds),
      slackSeconds: pod.slackSeconds,
      ...(pod.gpu === undefined ? {} : { gpu: pod.gpu }),
      ...(pod.extended === undefined ? {} : { extended: pod.extended }),
    },
  };
}

function quantities(
  cpuMilli: number,
  memoryBytes: number,
  extended: Readonly<Record<string, number>> | undefined,
): Record<string, string> {
  const others = Object.entries(extended ?? {}).map(([name, amount]) => [name, String(amount)]);
  return { cpu: `${cpuMilli}m`, memory: String(memoryBytes), ...Object.fromEntries(others) };
}

function powerWord(power: number): WirePower {
  if (power === NODE_ASLEEP) return 'asleep';
  if (power === NODE_WAKING) return 'waking';
  return power === NODE_CLOSED ? 'closed' : 'on';
}

/** JSON has no infinity. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Undefined for a kind of curve that has no form on the wire. */
function encodeCurve(curve: PowerCurve): WireCurve | undefined {
  if (curve instanceof TableCurve) return { kind: 'table', watts: [...curve.points] };
  if (curve instanceof LinearCurve)
    return { kind: 'linear', idleWatts: curve.idleWatts, fullWatts: curve.fullWatts };
  if (curve instanceof ExponentialCurve)
    return { kind: 'exponential', k0: curve.k0, k1: curve.k1, k2: curve.k2 };
  if (curve instanceof SocketCurve) return { kind: 'sockets', parameters: curve.parameters };
  return undefined;
}
