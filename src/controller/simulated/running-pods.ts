import { ClusterState } from '../../cluster/cluster-state.ts';
import { fits } from '../../cluster/feasible.ts';
import type { Node } from '../../cluster/node.ts';
import { EnergyMeter } from '../../simulation/energy-meter.ts';
import type { Joules, Watts } from '../../util/units.ts';
import type { StreamedPod } from './pod-stream.ts';

const FOR_EVER = { windowSeconds: Number.POSITIVE_INFINITY, horizonSeconds: Number.POSITIVE_INFINITY };

interface Running {
  readonly streamed: StreamedPod;
  readonly node: number;
  readonly endSeconds: number;
}

/**
 * What runs on simulated nodes, and the energy that it takes by their power curves. A pod uses the same CPU for the same time
 * wherever it runs, so that what is done is the same whoever places, and only the energy differs.
 */
export class RunningPods {
  readonly cluster: ClusterState;
  readonly #meter: EnergyMeter;
  readonly #useMilli: Float64Array;
  readonly #counts: Int32Array;
  /** By end, latest first. */
  readonly #byEnd: Running[] = [];

  constructor(nodes: readonly Node[]) {
    this.cluster = new ClusterState(nodes);
    this.#meter = new EnergyMeter(this.cluster, FOR_EVER);
    this.#useMilli = new Float64Array(nodes.length);
    this.#counts = new Int32Array(nodes.length);
  }

  get count(): number {
    return this.#byEnd.length;
  }

  /** Infinity where nothing runs. */
  get nextEndSeconds(): number {
    return this.#byEnd.at(-1)?.endSeconds ?? Number.POSITIVE_INFINITY;
  }

  fits({ pod }: StreamedPod, node: number): boolean {
    return fits(this.cluster, pod, node);
  }

  /** @throws KISIM_E_CLUSTER_OVERFULL where it does not fit */
  start(streamed: StreamedPod, node: number, now: number): void {
    this.cluster.now = now;
    this.cluster.place(streamed.pod, node);
    this.#counts[node]!++;
    this.#setUse(node, this.#useMilli[node]! + streamed.useMilli, now);
    const endSeconds = now + streamed.lifeSeconds;
    let at = this.#byEnd.length;
    while (at > 0 && this.#byEnd[at - 1]!.endSeconds < endSeconds) at--;
    this.#byEnd.splice(at, 0, { streamed, node, endSeconds });
  }

  /** Takes the pod that ends first, at its own time. */
  endNext(): { readonly streamed: StreamedPod; readonly node: number; readonly endSeconds: number } {
    const running = this.#byEnd.pop()!;
    const { streamed, node, endSeconds } = running;
    this.cluster.now = endSeconds;
    this.cluster.remove(streamed.pod);
    const left = --this.#counts[node]!;
    // What sums of differences leave behind is not use.
    this.#setUse(node, left === 0 ? 0 : this.#useMilli[node]! - streamed.useMilli, endSeconds);
    return running;
  }

  /** Of one node since the beginning. */
  joules(node: number, now: number): Joules {
    const { active, idle } = this.#meter.energy(node, now);
    return active + idle;
  }

  /** Of all nodes since the beginning; `active`: what is above idle. */
  total(now: number): { readonly joules: Joules; readonly activeJoules: Joules } {
    let joules = 0;
    let activeJoules = 0;
    for (let node = 0; node < this.cluster.size; node++) {
      const { active, idle } = this.#meter.energy(node, now);
      joules += active + idle;
      activeJoules += active;
    }
    return { joules, activeJoules };
  }

  get watts(): Watts {
    return this.#meter.totalWatts;
  }

  #setUse(node: number, useMilli: number, now: number): void {
    this.#meter.settle(node, now);
    this.#useMilli[node] = useMilli;
    this.cluster.measuredUse[node] = useMilli;
    const curve = this.cluster.nodes[node]!.power!;
    const watts = useMilli > 0 ? curve.watts(useMilli / this.cluster.cpuCapacity[node]!) : curve.idleWatts;
    this.#meter.setWatts(node, watts - curve.idleWatts, 0);
  }
}
