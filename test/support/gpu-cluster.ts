import { ClusterState } from '../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../src/cluster/feasible.ts';
import type { Node } from '../../src/cluster/node.ts';
import type { Pod } from '../../src/cluster/pod.ts';
import { gpuPowerOf } from '../../src/power-model/gpu-models.ts';
import { PWR_SOCKETS, SocketCurve } from '../../src/power-model/socket-curve.ts';
import type { RandomStream } from '../../src/util/rng.ts';
import { GIBIBYTE, podOf } from './random-cluster.ts';

/** A node with sockets of PWR and GPUs of the openb trace. */
export function gpuNode(name: string, threads: number, gpus: number, model = 'G2'): Node {
  return {
    name,
    labels: {},
    cpuMilli: threads * 1000,
    memoryBytes: 4 * threads * GIBIBYTE,
    pods: 110,
    ...(gpus > 0 ? { gpus: { count: gpus, model, power: gpuPowerOf(model) } } : {}),
    power: new SocketCurve({ ...PWR_SOCKETS, threads }, 'published'),
  };
}

/** A pod that asks for whole GPUs (1000 each) or for a part of one. */
export function gpuPod(
  id: number,
  cpus: number,
  gpus: number,
  milliEach = 1000,
  models: readonly string[] = [],
): Pod {
  return podOf(id, {
    cpuMilli: cpus * 1000,
    memoryBytes: GIBIBYTE,
    ...(gpus > 0 ? { gpu: { count: gpus, milliEach, models } } : {}),
  });
}

/** One of 24 shapes: none, a part of a GPU, or 1, 2, 4 whole ones. */
export function randomGpuPod(random: RandomStream, id: number): Pod {
  const shape = random.integer(24);
  const cpus = 1 + (shape % 4) * 3;
  const milli = 100 * (1 + shape);
  const models = shape % 5 === 0 ? ['T4'] : [];
  const pod =
    shape < 4
      ? gpuPod(id, cpus, 0)
      : shape < 14
        ? gpuPod(id, cpus, 1, Math.min(milli, 900), models)
        : gpuPod(id, cpus, [1, 2, 4][shape % 3]!, 1000, models);
  return { ...pod, shape };
}

/** A cluster of three kinds of GPU nodes and one without. */
export function gpuCluster(): ClusterState {
  return new ClusterState([
    ...Array.from({ length: 4 }, (_, i) => gpuNode(`g-${i}`, 96, 8, 'G2')),
    ...Array.from({ length: 3 }, (_, i) => gpuNode(`t-${i}`, 48, 2, 'T4')),
    ...Array.from({ length: 2 }, (_, i) => gpuNode(`v-${i}`, 32, 4, 'V100M16')),
    gpuNode('plain', 32, 0),
  ]);
}

/** Places a pod on any node and any GPUs that have room; undefined where it fits nowhere. */
export function placeAnywhere(cluster: ClusterState, pod: Pod, random: RandomStream): number | undefined {
  const nodes = new Int32Array(cluster.size);
  const count = feasibleNodes(cluster, pod, nodes);
  if (count === 0) return undefined;
  const node = nodes[random.integer(count)]!;
  const roomy: number[] = [];
  for (let gpu = 0; gpu < cluster.gpuCount[node]!; gpu++)
    if (cluster.gpuFree[cluster.gpuOffset[node]! + gpu]! >= (pod.gpu?.milliEach ?? 0)) roomy.push(gpu);
  const gpus = pod.gpu === undefined ? undefined : random.shuffle(roomy).slice(0, pod.gpu.count);
  cluster.place(pod, node, gpus === undefined ? undefined : Int32Array.from(gpus));
  return node;
}
