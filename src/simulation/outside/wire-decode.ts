import { ClusterState, NODE_ASLEEP, NODE_CLOSED, NODE_ON, NODE_WAKING } from '../../cluster/cluster-state.ts';
import type { Node, NodeGpus } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { WireCurve, WireNode, WirePod } from '../../policy/outside/wire.ts';
import { ExponentialCurve } from '../../power-model/exponential-curve.ts';
import { LinearCurve } from '../../power-model/linear-curve.ts';
import type { PowerCurve } from '../../power-model/power-curve.ts';
import { SocketCurve } from '../../power-model/socket-curve.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import { parseQuantity } from '../inputs/manifests/quantity.ts';
import { readManifestObjects } from '../inputs/manifests.ts';
import { scoreServerErrors } from './errors.ts';

/** What a request to score says, in the vocabulary of policies. */
export interface DecodedRequest {
  readonly cluster: ClusterState;
  readonly pod: Pod;
  /** Nodes to be scored, as indices into the cluster, in the order of the request. */
  readonly asked: Int32Array;
  readonly slackLeft: number;
}

type Fields = Readonly<Record<string, unknown>>;

const POWER = { on: NODE_ON, asleep: NODE_ASLEEP, waking: NODE_WAKING, closed: NODE_CLOSED } as const;
const USUAL_PODS = 110;

/**
 * `{pod, nodes}`: objects of the Kubernetes API. Where they carry our own fields the whole state of the cluster is known;
 * else only what nodes have in all, so every node counts as empty.
 *
 * @throws KISIM_E_SCORE_REQUEST, KISIM_E_MANIFEST_..., KISIM_E_CURVE_..., KISIM_E_CLUSTER_INVALID
 */
export function decodeNodesRequest(body: Fields): DecodedRequest {
  const own = (body['kisimd'] ?? {}) as { now?: unknown; slackLeftSeconds?: unknown; otherNodes?: unknown };
  const nodes = listOf(body['nodes'], 'nodes');
  if (nodes.length === 0) throw scoreServerErrors.KISIM_E_SCORE_REQUEST('no node to score');
  const all = [...nodes, ...listOf(own.otherNodes ?? [], 'kisimd.otherNodes')].map((node, i) => ({
    wire: objectOf(node, `nodes[${i}]`) as unknown as WireNode,
    asked: i < nodes.length ? i : -1,
  }));
  // Policies that look at the list as a whole must see it in its own order.
  all.sort((a, b) => (a.wire.kisimd?.index ?? 0) - (b.wire.kisimd?.index ?? 0));
  const read = readManifestObjects(
    'nodes',
    all.map(({ wire }) => withKind(wire, 'Node')),
  ).nodes;
  const cluster = new ClusterState(read.map((node, i) => completed(node, all[i]!.wire)));
  if (own.now !== undefined) cluster.now = numberOf(own.now, 'kisimd.now');
  const asked = new Int32Array(nodes.length);
  for (const [node, { wire, asked: place }] of all.entries()) {
    if (place >= 0) asked[place] = node;
    if (wire.kisimd !== undefined) restore(cluster, node, wire.kisimd);
  }
  const pod = podOf(objectOf(body['pod'], 'pod'));
  const slackLeft =
    own.slackLeftSeconds === undefined ? 0 : numberOf(own.slackLeftSeconds, 'kisimd.slackLeftSeconds');
  return { cluster, pod, asked, slackLeft };
}

/**
 * `{pod, node}`: two maps of resource names to amounts in their base units (cores, bytes), or of names to quantities; the
 * form in which one node at a time is asked about.
 */
export function decodeNodeRequest(body: Fields): DecodedRequest {
  const node = objectOf(body['node'], 'node');
  const pod = objectOf(body['pod'], 'pod');
  if (node['metadata'] !== undefined) return decodeNodesRequest({ ...body, nodes: [node] });
  const cpuMilli = 1000 * amount(node, 'cpu', 'node');
  const cluster = new ClusterState([
    {
      name: 'node',
      labels: {},
      cpuMilli,
      memoryBytes: amount(node, 'memory', 'node'),
      pods: node['pods'] === undefined ? USUAL_PODS : amount(node, 'pods', 'node'),
    },
  ]);
  return { cluster, pod: barePod(pod), asked: Int32Array.of(0), slackLeft: 0 };
}

function barePod(pod: Fields): Pod {
  const cpuMilli = 1000 * (pod['cpu'] === undefined ? 0 : amount(pod, 'cpu', 'pod'));
  return {
    id: 0,
    name: 'pod',
    namespace: 'default',
    cpuMilli,
    memoryBytes: pod['memory'] === undefined ? 0 : amount(pod, 'memory', 'pod'),
    predictedCpuMilli: cpuMilli,
    predictedSeconds: Number.POSITIVE_INFINITY,
    slackSeconds: 0,
    shape: -1,
  };
}

function amount(of: Fields, name: string, where: string): number {
  const value = of[name];
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  const nanos = typeof value === 'string' ? parseQuantity(value) : undefined;
  if (nanos === undefined || nanos < 0n)
    throw scoreServerErrors.KISIM_E_SCORE_REQUEST(
      `${where}.${name} is ${JSON.stringify(value) ?? 'missing'}`,
    );
  return Number(nanos) / 1e9;
}

/** Encoders of Go leave apiVersion and kind out of typed objects. */
function withKind(object: object, kind: string): object {
  return { apiVersion: 'v1', kind, ...object };
}

function podOf(pod: Fields): Pod {
  const manifest = { ...pod, metadata: { name: 'pod', ...(pod['metadata'] as object | undefined) } };
  const read = readManifestObjects('pod', [withKind(manifest, 'Pod')]).pods[0]!;
  const own = (pod as unknown as WirePod).kisimd;
  if (own === undefined) return read;
  for (const field of [
    'id',
    'shape',
    'cpuMilli',
    'memoryBytes',
    'predictedCpuMilli',
    'slackSeconds',
  ] as const)
    numberOf(own[field], `pod.kisimd.${field}`);
  return {
    id: own.id,
    name: read.name,
    namespace: read.namespace,
    cpuMilli: own.cpuMilli,
    memoryBytes: own.memoryBytes,
    predictedCpuMilli: own.predictedCpuMilli,
    predictedSeconds: own.predictedSeconds ?? Number.POSITIVE_INFINITY,
    slackSeconds: own.slackSeconds,
    shape: own.shape,
    ...(own.gpu === undefined ? {} : { gpu: own.gpu }),
    ...(own.extended === undefined ? {} : { extended: own.extended }),
  };
}

function completed(node: Node, { kisimd: own }: WireNode): Node {
  // A node of the API that says nothing of pods takes as many as a kubelet does.
  if (own === undefined) return node.pods > 0 ? node : { ...node, pods: USUAL_PODS };
  if (own.gpus !== undefined) listOf(own.gpus.freeMilli, `${node.name}.gpus.freeMilli`);
  const gpus: NodeGpus | undefined = own.gpus && {
    count: own.gpus.freeMilli.length,
    model: own.gpus.model,
    power: own.gpus.power,
  };
  return {
    ...node,
    cpuMilli: own.cpuMilli,
    memoryBytes: own.memoryBytes,
    pods: own.pods,
    ...(own.extended === undefined ? {} : { extended: own.extended }),
    ...(own.curve === undefined ? {} : { power: curveOf(own.curve) }),
    ...(own.sleep === undefined ? {} : { sleep: own.sleep }),
    ...(own.smt === undefined ? {} : { smt: own.smt }),
    ...(own.speed === undefined ? {} : { speed: own.speed }),
    ...(gpus === undefined ? {} : { gpus }),
  };
}

function restore(cluster: ClusterState, node: number, own: WireNode['kisimd']): void {
  const where = cluster.nodes[node]!.name;
  cluster.freeCpu[node] = numberOf(own.freeCpuMilli, `${where}.freeCpuMilli`);
  cluster.freeMemory[node] = numberOf(own.freeMemoryBytes, `${where}.freeMemoryBytes`);
  cluster.freePods[node] = numberOf(own.freePods, `${where}.freePods`);
  cluster.predictedUse[node] = numberOf(own.predictedUseMilli, `${where}.predictedUseMilli`);
  cluster.measuredUse[node] = numberOf(own.measuredUseMilli, `${where}.measuredUseMilli`);
  if (!Object.hasOwn(POWER, own.power))
    throw scoreServerErrors.KISIM_E_SCORE_REQUEST(`${where}.power is ${JSON.stringify(own.power)}`);
  cluster.power[node] = POWER[own.power];
  cluster.awakeAt[node] = numberOf(own.awakeAt, `${where}.awakeAt`);
  cluster.emptySince[node] = own.emptySince ?? Number.POSITIVE_INFINITY;
  for (const [i, resident] of listOf(own.residents, `${where}.residents`).entries()) {
    const [end, use] = listOf(resident, `${where}.residents[${i}]`);
    cluster.residents[node]!.add(
      i,
      end === null ? Number.POSITIVE_INFINITY : numberOf(end, `${where}.residents[${i}][0]`),
      numberOf(use, `${where}.residents[${i}][1]`),
    );
  }
  for (const [name, free] of Object.entries(own.freeExtended ?? {})) {
    const column = cluster.freeExtended[cluster.extendedNames.indexOf(name)];
    if (column !== undefined) column[node] = free;
  }
  let freeMilli = 0;
  for (const [gpu, free] of (own.gpus?.freeMilli ?? []).entries()) {
    cluster.gpuFree[cluster.gpuOffset[node]! + gpu] = numberOf(free, `${where}.gpus.freeMilli`);
    freeMilli += free;
  }
  cluster.freeGpuMilli[node] = freeMilli;
}

function curveOf(curve: WireCurve): PowerCurve {
  switch (curve.kind) {
    case 'table':
      return new TableCurve(listOf(curve.watts, 'curve.watts') as readonly number[], 'estimated', 'request');
    case 'linear':
      return new LinearCurve(curve.idleWatts, curve.fullWatts, 'estimated');
    case 'exponential':
      return new ExponentialCurve(curve.k0, curve.k1, curve.k2, 'estimated');
    case 'sockets':
      return new SocketCurve(curve.parameters, 'estimated');
    default:
      throw scoreServerErrors.KISIM_E_SCORE_REQUEST(
        `a curve of kind ${JSON.stringify((curve as Fields)['kind'])}`,
      );
  }
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw scoreServerErrors.KISIM_E_SCORE_REQUEST(`${where} is no list`);
}

function objectOf(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw scoreServerErrors.KISIM_E_SCORE_REQUEST(`${where} is no object`);
}

function numberOf(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw scoreServerErrors.KISIM_E_SCORE_REQUEST(`${where} is ${JSON.stringify(value) ?? 'missing'}`);
}
