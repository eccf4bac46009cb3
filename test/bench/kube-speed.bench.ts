import { ClusterState } from '../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../src/cluster/feasible.ts';
import type { Node } from '../../src/cluster/node.ts';
import type { Pod } from '../../src/cluster/pod.ts';
import { kubePolicy } from '../../src/policy/kube/kube-policy.ts';
import { KubeScheduler } from '../../src/policy/kube/kube-scheduler.ts';
import { RandomStream } from '../../src/util/rng.ts';
import { PlainKubeScheduler } from '../support/plain-kube-scheduler.ts';
import { type Bench, type BenchOptions, type BenchResult, median } from './bench.ts';
import { KUBE_MIX, kubeNodes, kubePods } from './support/kube-workload.ts';

const FULL = { nodes: [1000, 5000], pods: 20_000, controls: 5, rounds: 3 };
const QUICK = { nodes: [60, 200], pods: 600, controls: 3, rounds: 1 };
const GOALS = [10_000, 5000];
/** Of the pods that were placed before one more is, this share has ended and makes room: a cluster is never only filled. */
const ENDED_SHARE = 0.1;

interface Filled {
  readonly scheduler: KubeScheduler;
  readonly placed: Map<number, { readonly pod: Pod; readonly node: string }>;
  readonly decisionsPerSecond: number;
  readonly unplaced: number;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Schedules all pods, one after another, each in the state that the ones before it made. */
function fill(nodes: readonly Node[], pods: readonly Pod[], seed: number, percentage = 0): Filled {
  const random = new RandomStream(seed).fork('ends');
  const placed: Filled['placed'] = new Map();
  const alive: number[] = [];
  let unplaced = 0;
  const begin = cpuSeconds();
  const scheduler = new KubeScheduler(nodes, { percentageOfNodesToScore: percentage });
  for (const pod of pods) {
    const { node } = scheduler.schedule(pod);
    if (node === undefined) {
      unplaced++;
      continue;
    }
    scheduler.add(pod, node);
    placed.set(pod.id, { pod, node });
    alive.push(pod.id);
    if (random.next() >= ENDED_SHARE) continue;
    const at = random.integer(alive.length);
    scheduler.remove(alive[at]!);
    placed.delete(alive[at]!);
    alive[at] = alive.at(-1)!;
    alive.pop();
  }
  const decisionsPerSecond = pods.length / (cpuSeconds() - begin);
  return { scheduler, placed, decisionsPerSecond, unplaced };
}

/** Decisions a second of a scheduler that walks over all nodes and pods each time, in the full cluster. */
function control(nodes: readonly Node[], { placed }: Filled, more: readonly Pod[]): number {
  const plain = new PlainKubeScheduler(nodes, new Map(), true);
  for (const { pod, node } of placed.values()) plain.add(pod, node);
  const begin = cpuSeconds();
  for (const pod of more) plain.schedule(pod);
  return more.length / (cpuSeconds() - begin);
}

/** How many of some more pods go where the plain restatement of the same rules puts them. */
function agreeing(nodes: readonly Node[], { scheduler, placed }: Filled, more: readonly Pod[]): number {
  const plain = new PlainKubeScheduler(nodes, new Map());
  plain.next = scheduler.nextStartNodeIndex;
  for (const { pod, node } of placed.values()) plain.add(pod, node);
  return more.filter((pod) => plain.schedule(pod).node === scheduler.schedule(pod).node).length;
}

/** Decisions a second as a policy of the simulator: 24 nodes, pods of CPU and memory alone, at most 160 at a time. */
function asPolicy(pods: number, seed: number): number {
  const random = new RandomStream(seed).fork('policy');
  const nodes = kubeNodes(random, 24).map(({ taints: _, images: __, ...node }) => node);
  const cluster = new ClusterState(nodes);
  const run = kubePolicy().start({ cluster, random });
  const candidates = { nodes: new Int32Array(nodes.length), count: 0 };
  const alive: Pod[] = [];
  const coming = kubePods(random, pods).map(({ scheduling: _, ...pod }) => ({
    ...pod,
    cpuMilli: 100 * (1 + random.integer(10)),
    memoryBytes: 2 ** 28 * (1 + random.integer(8)),
  }));
  let oldest = 0;
  const begin = cpuSeconds();
  for (const pod of coming) {
    candidates.count = feasibleNodes(cluster, pod, candidates.nodes);
    while (candidates.count === 0 || alive.length - oldest >= 160) {
      const gone = alive[oldest++]!;
      run.removed?.(gone, cluster.remove(gone));
      candidates.count = feasibleNodes(cluster, pod, candidates.nodes);
    }
    const node = run.choose(pod, candidates);
    cluster.place(pod, node);
    run.placed?.(pod, node);
    alive.push(pod);
  }
  return pods / (cpuSeconds() - begin);
}

async function run({ quick, seed, progress }: BenchOptions): Promise<BenchResult> {
  const { nodes: sizes, pods: podCount, controls, rounds } = quick ? QUICK : FULL;
  const details: Record<string, number | string | readonly number[]> = {
    pods: podCount,
    mix: Object.entries(KUBE_MIX)
      .map(([what, share]) => `${100 * share} % ${what}`)
      .concat('the others Deployments behind a Service, with the default spreading')
      .join('; '),
    ended: `${100 * ENDED_SHARE} % of the pods end while others come`,
  };
  const figures = sizes.map((size, i) => {
    const random = new RandomStream(seed).fork(`nodes ${size}`);
    const nodes = kubeNodes(random, size);
    const all = kubePods(random.fork('pods'), podCount + controls);
    const pods = all.slice(0, podCount);
    const more = all.slice(podCount);
    const speeds: number[] = [];
    let filled: Filled | undefined;
    for (let round = 0; round < rounds; round++) {
      filled = fill(nodes, pods, seed);
      speeds.push(filled.decisionsPerSecond);
      progress(`${size} nodes: ${Math.round(filled.decisionsPerSecond)} decisions/s`);
    }
    const agreed = agreeing(nodes, filled!, more);
    if (agreed < more.length)
      throw new Error(`only ${agreed} of ${more.length} pods where the plain rules put them`);
    details[`rounds, ${size} nodes`] = speeds.map(Math.round);
    details[`unplaced, ${size} nodes`] = filled!.unplaced;
    const everyNode = fill(nodes, pods.slice(0, pods.length / 4), seed, 100).decisionsPerSecond;
    details[`decisions/s where all ${size} nodes are looked at and scored, a quarter of the pods`] =
      Math.round(everyNode);
    return {
      what: `decisions at ${size} nodes, with booking, of CPU time on one core`,
      value: median(speeds),
      unit: '/s',
      goal: GOALS[i]!,
      direction: 'at-least' as const,
      control: {
        what: 'every node and its pods walked through for every decision, nothing counted beforehand',
        value: control(nodes, filled!, more),
      },
    };
  });
  details['decisions/s as a policy on 24 nodes, pods of CPU and memory alone, with booking'] = Math.round(
    asPolicy(quick ? 2000 : 100_000, seed),
  );
  const [first, ...others] = figures;
  return { figures: [first!, ...others], seeds: [seed], details };
}

export const kubeSpeedBench: Bench = {
  name: 'kube-speed',
  what: "decisions a second of Kubernetes 1.36's default scheduler, node by node the same",
  run,
};
