import { type ClusterState, NODE_ASLEEP, NODE_WAKING } from '../../cluster/cluster-state.ts';
import type { Joules, Watts } from '../../util/units.ts';
import type { ClusterPower } from './cluster-power.ts';

/**
 * Run-out energies: what a node will burn until the pods on it have ended, if nothing more arrives, and how much more
 * that is with one more pod. Exact for predictions that come true on nodes that are not overloaded; a property test
 * holds it against the integral.
 */
export class RunOut {
  readonly #cluster: ClusterState;
  readonly #power: ClusterPower;
  /** The version of each node that its caches below are of; -1: none. */
  readonly #version: Float64Array;
  /** The first resident of each node whose predicted end is not past. Ends ascend, so that it only moves up. */
  readonly #first: Int32Array;
  /** Of each node and resident: milli-cores of it and of all that end later, and the watts at that use. */
  readonly #use: Float64Array[];
  readonly #watts: Float64Array[];

  constructor(cluster: ClusterState, power: ClusterPower) {
    this.#cluster = cluster;
    this.#power = power;
    this.#version = new Float64Array(cluster.size).fill(-1);
    this.#first = new Int32Array(cluster.size);
    this.#use = Array.from({ length: cluster.size }, () => new Float64Array(8));
    this.#watts = Array.from({ length: cluster.size }, () => new Float64Array(8));
  }

  /** When a pod placed now would start, in seconds on the cluster's clock. */
  startSeconds(node: number): number {
    const { now, power, awakeAt } = this.#cluster;
    if (power[node] === NODE_ASLEEP) return now + this.#power.wakeSeconds[node]!;
    return power[node] === NODE_WAKING ? Math.max(now, awakeAt[node]!) : now;
  }

  /** Joules above what the node burns anyway while it is on, for a pod of so much use and so many seconds. */
  activeJoules(node: number, useMilli: number, seconds: number): Joules {
    const residents = this.#cluster.residents[node]!;
    const { count, predictedEnds } = residents;
    const power = this.#power;
    let at = this.startSeconds(node);
    const end = at + seconds;
    let joules = 0;
    if (count > 0) {
      if (this.#version[node] !== this.#cluster.version[node]) this.#renew(node);
      const use = this.#use[node]!;
      const watts = this.#watts[node]!;
      let i = this.#first[node]!;
      while (i < count && predictedEnds[i]! <= this.#cluster.now) i++;
      this.#first[node] = i;
      // `power.watts`, with what it looks up once for all of them: most of the time of a decision goes by here.
      const { tables } = power;
      const offset = power.offset[node]!;
      const steps = power.steps[node]!;
      const stepsPerMilli = power.stepsPerMilli[node]!;
      for (; i < count; i++) {
        const until = predictedEnds[i]!;
        if (until <= at) continue;
        const total = use[i]! + useMilli;
        const step = total * stepsPerMilli;
        let drawn: Watts;
        if (offset < 0 || !(step > 0) || step >= steps) drawn = power.watts(node, total);
        else {
          const below = offset + (step | 0);
          drawn = tables[below]! + (step - (step | 0)) * (tables[below + 1]! - tables[below]!);
        }
        const more = drawn - watts[i]!;
        if (until >= end) return joules + more * (end - at);
        joules += more * (until - at);
        at = until;
      }
    }
    return joules + (power.watts(node, useMilli) - power.idleWatts[node]!) * (end - at);
  }

  /** Seconds by which the pod's end lies behind the end of the last other pod (or behind the emptying of the node). */
  extensionSeconds(node: number, seconds: number): number {
    const { residents, emptySince, now } = this.#cluster;
    const { count, predictedEnds } = residents[node]!;
    const end = this.startSeconds(node) + seconds;
    if (count === 0) return end - Math.min(now, emptySince[node]!);
    return Math.max(0, end - Math.max(now, predictedEnds[count - 1]!));
  }

  /**
   * Joules of a node that could sleep: the wake, and idling on instead of sleeping because of this pod. 0 for a node
   * that never sleeps: it idles anyway.
   */
  idleJoules(node: number, seconds: number): Joules {
    const power = this.#power;
    if (power.sleeps[node] === 0) return 0;
    const saved = power.idleWatts[node]! - power.sleepWatts[node]!;
    if (this.#cluster.power[node] === NODE_ASLEEP)
      return power.wakeJoules[node]! + saved * (seconds + power.emptySeconds[node]!);
    return saved * this.extensionSeconds(node, seconds);
  }

  /** Of residents whose predicted end is past nothing is asked any more, nor of any that end before them. */
  #renew(node: number): void {
    const { now } = this.#cluster;
    const { count, predictedUses, predictedEnds } = this.#cluster.residents[node]!;
    let use = this.#use[node]!;
    let watts = this.#watts[node]!;
    if (use.length < count) {
      use = new Float64Array(2 * count);
      watts = new Float64Array(2 * count);
      this.#use[node] = use;
      this.#watts[node] = watts;
    }
    let sum = 0;
    let first = count;
    while (first > 0 && predictedEnds[first - 1]! > now) {
      first--;
      sum += predictedUses[first]!;
      use[first] = sum;
      watts[first] = this.#power.watts(node, sum);
    }
    this.#first[node] = first;
    this.#version[node] = this.#cluster.version[node]!;
  }
}
