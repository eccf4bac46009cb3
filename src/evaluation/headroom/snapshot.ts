import { type BaseLoad, BaseLoaded } from '../../cluster/base-load.ts';
import type { Node } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import { toleratesAll } from '../../policy/kube/plugins/taint-toleration.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import type { WorkItem, Workload } from '../../simulation/workload.ts';
import { headroomErrors } from './errors.ts';

const CURVE_STEPS = 100;

/** A pod of a cluster as it is now. */
export interface SnapshotPod {
  readonly pod: Pod;
  /** Undefined: it waits. */
  readonly node: string | undefined;
  /** free: could run elsewhere; node: belongs to its node (DaemonSet, static); fixed: nobody would move it. */
  readonly tie: 'free' | 'node' | 'fixed';
  /** Whether a Job owns it. */
  readonly isBatch?: boolean;
}

export interface Snapshot {
  /** With the power curve of each. */
  readonly nodes: readonly Node[];
  readonly pods: readonly SnapshotPod[];
  /** By node, the machine that it shares with others; nodes without an entry are machines of their own. */
  readonly hosts: ReadonlyMap<string, string>;
  /** CPU that a pod uses of its request. */
  readonly useShare: number;
}

export interface SnapshotCounts {
  readonly free: number;
  readonly fixed: number;
  readonly waiting: number;
  /** Of the free ones, those that ask for no CPU: nobody knows what they use, and 0 is taken. */
  readonly withoutRequest: number;
}

/** Nodes with what is fixed on them as their base load, and the pods that could run on any of them. */
export interface Situation {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** Node of each pod now; undefined where nothing has been placed yet. */
  readonly now: Int32Array | undefined;
  readonly useMilli: Float64Array;
  /** Index of the machine of each node. */
  readonly machineOf: Int32Array;
  readonly machines: number;
  readonly counts: SnapshotCounts;
}

/** @throws KISIM_E_HEADROOM_NOTHING, KISIM_E_HEADROOM_POWER */
export function situationOf({ nodes, pods, hosts, useShare }: Snapshot): Situation {
  if (nodes.length === 0) throw headroomErrors.KISIM_E_HEADROOM_NOTHING('no node');
  for (const { name, power } of nodes)
    if (power === undefined) throw headroomErrors.KISIM_E_HEADROOM_POWER(`node ${name}`);
  const index = new Map(nodes.map(({ name }, i) => [name, i]));
  const isPlaced = pods.some(({ node, tie }) => tie === 'free' && node !== undefined);
  const isThere = ({ node }: SnapshotPod) => (node === undefined ? !isPlaced : index.has(node));
  const free = pods.filter((each) => each.tie === 'free' && isThere(each));
  if (free.length === 0) throw headroomErrors.KISIM_E_HEADROOM_NOTHING(`${pods.length} pods, none to place`);
  const machines = [...new Set(nodes.map(({ name }) => machineName(hosts, name)))];
  const machineIndex = new Map(machines.map((name, i) => [name, i]));
  const machineOf = Int32Array.from(nodes, ({ name }) => machineIndex.get(machineName(hosts, name))!);
  return {
    nodes: withBases(nodes, pods, machineOf, useShare),
    pods: free.map(({ pod }, id) => ({
      ...pod,
      id,
      // Shapes were counted by whoever read it, and one list may be of several readings.
      shape: -1,
      ...(pod.scheduling === undefined ? {} : { scheduling: { ...pod.scheduling, nodeName: undefined } }),
    })),
    now: isPlaced ? Int32Array.from(free, ({ node }) => index.get(node!)!) : undefined,
    useMilli: Float64Array.from(free, ({ pod }) => pod.cpuMilli * useShare),
    machineOf,
    machines: machines.length,
    counts: {
      free: free.length,
      fixed: pods.filter(({ tie, node }) => tie !== 'free' && node !== undefined).length,
      waiting: isPlaced ? pods.filter(({ node }) => node === undefined).length : 0,
      withoutRequest: free.filter(({ pod }) => pod.cpuMilli === 0).length,
    },
  };
}

function machineName(hosts: ReadonlyMap<string, string>, node: string): string {
  const host = hosts.get(node);
  return host === undefined ? `node ${node}` : `host ${host}`;
}

/**
 * What is fixed becomes part of its node. A node that has fixed pods which do not belong to it never sleeps, nor does one that
 * shares its machine: to stop a guest does not switch the machine off.
 */
function withBases(
  nodes: readonly Node[],
  pods: readonly SnapshotPod[],
  machineOf: Int32Array,
  useShare: number,
): readonly Node[] {
  const bases = new Map<string, BaseLoad>();
  const kept = new Set<string>();
  for (const { pod, node, tie } of pods) {
    if (tie === 'free' || node === undefined) continue;
    if (tie === 'fixed') kept.add(node);
    const base = bases.get(node) ?? { useMilli: 0, cpuMilli: 0, memoryBytes: 0, pods: 0 };
    bases.set(node, {
      useMilli: base.useMilli + pod.cpuMilli * useShare,
      cpuMilli: base.cpuMilli + pod.cpuMilli,
      memoryBytes: base.memoryBytes + pod.memoryBytes,
      pods: base.pods + 1,
    });
  }
  const guests = new Map<number, number>();
  for (const machine of machineOf) guests.set(machine, (guests.get(machine) ?? 0) + 1);
  const loaded = new BaseLoaded();
  return nodes.map((node, i) => {
    const { sleep, ...awake } = node;
    const staysAwake = kept.has(node.name) || guests.get(machineOf[i]!)! > 1;
    const base = bases.get(node.name);
    const own = sleep === undefined || staysAwake ? awake : node;
    return base === undefined ? own : loaded.node(own, base);
  });
}

/** All pods from the beginning on, for good, over a second. */
export function standingWorkload({ pods, useMilli }: Pick<Situation, 'pods' | 'useMilli'>): Workload {
  return {
    windowSeconds: 1,
    items: pods.map(
      (pod, id): WorkItem => ({
        pod: { ...pod, slackSeconds: 0 },
        arrivalSeconds: 0,
        prefill: true,
        kind: 'service',
        useMilli: useMilli[id]!,
        seconds: Number.POSITIVE_INFINITY,
      }),
    ),
  };
}

/** Nodes and pods where nothing but resources keeps the ones off the others. */
export interface Unconstrained {
  /** Nodes that take pods at all. */
  readonly nodes: readonly Node[];
  /** Where each is in the situation. */
  readonly index: Int32Array;
  readonly pods: readonly Pod[];
}

/**
 * The same without what only Kubernetes' own filters look at, for a search that knows resources alone; undefined where pods could
 * then go where they may not. Nodes that are cordoned, or have taints that no pod tolerates, are left out.
 */
export function withoutConstraints({ nodes, pods }: Situation): Unconstrained | undefined {
  if (pods.some(isPicky)) return undefined;
  const open: Node[] = [];
  const index: number[] = [];
  for (const [i, { taints = [], unschedulable, ...node }] of nodes.entries()) {
    const tolerating = pods.filter(({ scheduling }) =>
      toleratesAll(scheduling?.tolerations ?? [], taints),
    ).length;
    if (tolerating !== 0 && tolerating !== pods.length) return undefined;
    if (tolerating === 0 || unschedulable === true) continue;
    open.push(node);
    index.push(i);
  }
  return { nodes: open, index: Int32Array.from(index), pods: plain(pods) };
}

/** Whole machines, as if nothing but resources kept pods off them: what is below every such placement is below all. */
export function relaxed({
  nodes,
  pods,
  machineOf,
  machines,
}: Situation): Pick<Unconstrained, 'nodes' | 'pods'> {
  const guests: Node[][] = Array.from({ length: machines }, () => []);
  nodes.forEach(({ taints: _, unschedulable: __, ...node }, i) => {
    guests[machineOf[i]!]!.push(node);
  });
  return {
    nodes: guests.map((each) => (each.length === 1 ? each[0]! : machineOfGuests(each))),
    pods: plain(pods),
  };
}

function machineOfGuests(guests: readonly Node[]): Node {
  const sum = (of: (node: Node) => number) => guests.reduce((total, node) => total + of(node), 0);
  const watts = Float64Array.from({ length: CURVE_STEPS + 1 }, (_, i) =>
    sum(({ power }) => power!.watts(i / CURVE_STEPS)),
  );
  const { name, power } = guests[0]!;
  return {
    name,
    labels: {},
    cpuMilli: sum(({ cpuMilli }) => cpuMilli),
    memoryBytes: sum(({ memoryBytes }) => memoryBytes),
    pods: sum(({ pods }) => pods),
    power: new TableCurve(watts, power!.provenance),
  };
}

function plain(pods: readonly Pod[]): readonly Pod[] {
  return pods.map(({ scheduling: _, ...pod }) => pod);
}

function isPicky({ scheduling }: Pod): boolean {
  if (scheduling === undefined) return false;
  const { nodeSelector, nodeAffinity, podAffinity, podAntiAffinity, topologySpread, containers } = scheduling;
  return (
    Object.keys(nodeSelector).length > 0 ||
    nodeAffinity?.required !== undefined ||
    (podAffinity?.required.length ?? 0) > 0 ||
    (podAntiAffinity?.required.length ?? 0) > 0 ||
    topologySpread.some(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule') ||
    containers.some(({ hostPorts }) => hostPorts.length > 0)
  );
}
