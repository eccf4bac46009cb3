import { ClusterState, NODE_ASLEEP, NODE_WAKING } from '../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../src/cluster/feasible.ts';
import type { Node, NodeSleep } from '../../src/cluster/node.ts';
import type { Pod } from '../../src/cluster/pod.ts';
import { TableCurve } from '../../src/power-model/table-curve.ts';
import { RandomStream } from '../../src/util/rng.ts';

export const GIBIBYTE = 2 ** 30;

export const SLEEP: NodeSleep = { sleepWatts: 9, emptySeconds: 300, wakeSeconds: 120, wakeWatts: 150 };

/** Three made-up types of server, from an old one to a new one. */
export const serverTypes = [
  { threads: 32, memory: 128, watts: [80, 110, 125, 140, 155, 170, 185, 200, 215, 230, 240] },
  { threads: 64, memory: 256, watts: [70, 110, 125, 140, 155, 170, 190, 210, 235, 250, 262] },
  { threads: 128, memory: 512, watts: [75, 120, 135, 150, 165, 180, 200, 220, 240, 258, 269] },
].map(({ threads, memory, watts }) => ({
  cpuMilli: 1000 * threads,
  memoryBytes: memory * GIBIBYTE,
  curve: new TableCurve(watts, 'synthetic'),
}));

/** A node of one of the types; `type` 2 is the most efficient. */
export function server(name: string, type: number, sleep?: NodeSleep): Node {
  const { cpuMilli, memoryBytes, curve } = serverTypes[type]!;
  return {
    name,
    labels: {},
    cpuMilli,
    memoryBytes,
    pods: 110,
    power: curve,
    ...(sleep === undefined ? {} : { sleep }),
  };
}

/** A pod with everything that is not given at a middling value. */
export function podOf(id: number, given: Partial<Pod> = {}): Pod {
  return {
    id,
    name: `pod-${id}`,
    namespace: 'default',
    cpuMilli: 2000,
    memoryBytes: 4 * GIBIBYTE,
    predictedCpuMilli: 1200,
    predictedSeconds: 1800,
    slackSeconds: 0,
    shape: -1,
    ...given,
  };
}

export function randomPod(random: RandomStream, id: number): Pod {
  const cpuMilli = 250 * (1 + random.integer(32));
  return podOf(id, {
    cpuMilli,
    memoryBytes: GIBIBYTE * (1 + random.integer(32)),
    predictedCpuMilli: Math.round(cpuMilli * random.uniform(0.1, 1)),
    predictedSeconds: random.next() < 0.03 ? Number.POSITIVE_INFINITY : random.logNormal(900, 1.5),
    slackSeconds: random.next() < 0.3 ? 3600 : 0,
  });
}

export interface RandomCluster {
  readonly cluster: ClusterState;
  /** Pods that run there, and the next free pod id. */
  readonly pods: readonly Pod[];
  readonly random: RandomStream;
}

/** Some hours into the life of a cluster: pods with ends before and behind now, nodes asleep and waking. */
export function randomCluster(
  seed: number,
  options: { sleep?: boolean; nodes?: number } = {},
): RandomCluster {
  const random = new RandomStream(seed);
  const sleep = options.sleep ?? random.next() < 0.5;
  const size = options.nodes ?? 2 + random.integer(10);
  const prefix = () => String(random.integer(10_000)).padStart(4, '0');
  const nodes = Array.from({ length: size }, (_, i) =>
    server(`${prefix()}-${i}`, random.integer(3), sleep ? SLEEP : undefined),
  );
  const cluster = new ClusterState(nodes);
  cluster.now = 10_000;
  const candidates = new Int32Array(size);
  const pods: Pod[] = [];
  const unused = random.integer(3);
  for (let id = 0; id < 12 * size; id++) {
    cluster.now += random.exponential(60);
    const pod = randomPod(random, id);
    // The last nodes stay empty, so that some can sleep.
    const count = feasibleNodes(cluster, pod, candidates);
    const node = candidates[random.integer(Math.max(1, count))]!;
    if (count === 0 || node >= size - unused) continue;
    cluster.place(pod, node);
    cluster.measuredUse[node]! += Math.round(pod.predictedCpuMilli * random.uniform(0.7, 1.3));
    pods.push(pod);
  }
  if (sleep)
    for (let node = 0; node < size; node++) {
      if (cluster.residents[node]!.count > 0) continue;
      cluster.emptySince[node] = cluster.now - random.uniform(0, 299);
      const state = random.integer(3);
      if (state === 0) continue;
      cluster.power[node] = state === 1 ? NODE_ASLEEP : NODE_WAKING;
      cluster.awakeAt[node] = cluster.now + random.uniform(0, 120);
      cluster.touch(node);
      if (state === 2) {
        const pod = randomPod(random, pods.length + 100_000);
        cluster.place(pod, node);
        pods.push(pod);
      }
    }
  return { cluster, pods, random };
}
