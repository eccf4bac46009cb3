import type { Node } from '../../src/cluster/node.ts';
import type { Pod } from '../../src/cluster/pod.ts';
import { Decider } from '../../src/controller/decider.ts';
import { LiveCluster } from '../../src/controller/live-cluster.ts';
import { policyByName } from '../../src/policy/registry.ts';
import { TableCurve } from '../../src/power-model/table-curve.ts';
import type { Clock } from '../../src/util/clock.ts';
import { silentLogger } from '../../src/util/log.ts';
import type { Joules, Milliseconds } from '../../src/util/units.ts';
import { PlayedEnergy } from './played-experiment.ts';
import { GIBIBYTE, podOf } from './random-cluster.ts';

/** Watts of a node's curve from idle to full, at equal steps. */
export interface StreamNode {
  readonly name: string;
  readonly watts: readonly number[];
}

/** Two nodes that need little for what they do, two that need much; both draw some power when idle. */
export const unequalNodes: readonly StreamNode[] = [
  { name: 'n1', watts: [20, 60, 90, 120, 160] },
  { name: 'n2', watts: [20, 120, 200, 280, 360] },
  { name: 'n3', watts: [20, 60, 90, 120, 160] },
  { name: 'n4', watts: [20, 120, 200, 280, 360] },
];

export const NODE_CPU_MILLI = 16_000;
export const POD_CPU_MILLI = 3_000;
/** Of what a pod asks for it uses so much. */
export const USED_SHARE = 0.8;

/** When a pod of a stream runs, by the wall clock. */
export interface RunSpan {
  readonly uid: string;
  readonly from: Milliseconds;
  readonly to: Milliseconds;
}

export function streamPod(id: number): Pod {
  return podOf(id, {
    namespace: 'team',
    cpuMilli: POD_CPU_MILLI,
    memoryBytes: GIBIBYTE / 8,
    predictedCpuMilli: POD_CPU_MILLI,
    predictedSeconds: Number.POSITIVE_INFINITY,
  });
}

/** The placement of a live cluster without the cluster: real book, real decider, counters that are played. */
export class StreamWorld {
  readonly energy: PlayedEnergy;
  readonly #book = new LiveCluster();
  readonly #decider: Decider;
  readonly #running = new Map<string, string>();
  #ids = 0;

  constructor(clock: Clock, nodes: readonly StreamNode[], policy: string) {
    this.energy = new PlayedEnergy(clock);
    const made = nodes.map(({ name, watts }): Node => {
      const power = new TableCurve(watts, 'synthetic');
      this.energy.add(name, NODE_CPU_MILLI, power);
      return { name, labels: {}, cpuMilli: NODE_CPU_MILLI, memoryBytes: 64 * GIBIBYTE, pods: 200, power };
    });
    this.#book.setNodes(made);
    this.#decider = new Decider({
      book: this.#book,
      policy: policyByName(policy),
      seed: 1,
      log: silentLogger,
      monotonicMilliseconds: () => clock.monotonicNanoseconds() / 1e6,
    });
  }

  use(policy: string): void {
    this.#decider.usePolicy(policyByName(policy));
  }

  /** Places a pod, which runs from now on. Returns its node. */
  begin(uid: string): string {
    const pod = streamPod(this.#ids++);
    const verdict = this.#decider.decide(pod, 0);
    if (verdict.kind !== 'place') throw new Error(`${uid}: ${verdict.kind}`);
    this.#book.bound(uid, pod, verdict.node);
    this.energy.use(verdict.node, POD_CPU_MILLI * USED_SHARE);
    this.#running.set(uid, verdict.node);
    return verdict.node;
  }

  end(uid: string): void {
    this.#book.gone(uid);
    this.energy.use(this.#running.get(uid)!, -POD_CPU_MILLI * USED_SHARE);
    this.#running.delete(uid);
  }
}

/**
 * Energy per unit of work (J per requested CPU second) that a policy alone needs for a stream of pods, counted from a tenth of it
 * to its last tenth.
 */
export function aloneOn(nodes: readonly StreamNode[], policy: string, stream: readonly RunSpan[]): number {
  const first = Math.min(...stream.map(({ from }) => from));
  const last = Math.max(...stream.map(({ to }) => to));
  const [from, to] = [first + (last - first) / 10, last - (last - first) / 10];
  let now = first;
  const clock: Clock = { monotonicNanoseconds: () => now * 1e6, unixMilliseconds: () => now };
  const world = new StreamWorld(clock, nodes, policy);
  const readings: Joules[] = [];
  const happenings = stream
    .flatMap((pod) => [
      { at: pod.from, call: () => void world.begin(pod.uid) },
      { at: pod.to, call: () => world.end(pod.uid) },
    ])
    .concat([from, to].map((at) => ({ at, call: () => void readings.push(world.energy.now()) })))
    .sort((one, other) => one.at - other.at);
  for (const { at, call } of happenings) {
    now = at;
    call();
  }
  const seconds = stream.reduce(
    (sum, pod) => sum + Math.max(0, Math.min(to, pod.to) - Math.max(from, pod.from)) / 1000,
    0,
  );
  return (readings[1]! - readings[0]!) / (seconds * (POD_CPU_MILLI / 1000));
}
