import type { Node } from '../../cluster/node.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import { maySleep } from '../../simulation/node-power.ts';
import type { Plan } from '../../simulation/plan.ts';
import type { SimulationOptions } from '../../simulation/simulation.ts';

/** Pods by ascending id, which is the order of their arrival: the first `count` of `ids`. */
export interface PodList {
  ids: Int32Array;
  count: number;
}

/**
 * What one node burns when certain pods are placed on it as they arrive: the engine's account of a single node (exact
 * between two events; idle, sleep and wakes included), without the engine. A search asks it of two nodes for every move.
 */
export class NodeReplay {
  /** The pod that did not fit, where the last answer was Infinity. */
  misfit = -1;
  readonly #plan: Plan;
  readonly #node: Node;
  readonly #points: Float64Array | undefined;
  readonly #steps: number;
  readonly #idleWatts: number;
  readonly #sleeps: boolean;
  readonly #beginsAsleep: boolean;
  readonly #speed: number;
  readonly #countedUntil: number;
  /** Heap of the pods that run or are booked, by their end. */
  readonly #ends: Float64Array;
  readonly #heap: Int32Array;

  /** @param plan of a workload that `checkHindsight` let through */
  constructor(plan: Plan, node: Node, options: Pick<SimulationOptions, 'beginAsleep'>) {
    const curve = node.power!;
    this.#plan = plan;
    this.#node = node;
    this.#points = curve instanceof TableCurve ? curve.points : undefined;
    this.#steps = this.#points === undefined ? 0 : this.#points.length - 1;
    this.#idleWatts = curve.idleWatts;
    this.#sleeps = maySleep(node);
    this.#beginsAsleep = this.#sleeps && options.beginAsleep === true;
    this.#speed = node.speed ?? 1;
    this.#countedUntil = this.#sleeps ? plan.horizonSeconds : plan.windowSeconds;
    this.#ends = new Float64Array(plan.count + 1);
    this.#heap = new Int32Array(plan.count + 1);
  }

  /**
   * Joules of the node with the pods of `list`, less those of `without` and with those of `and` (all ascending); Infinity
   * where one of them does not fit when it arrives.
   */
  joules(list: PodList, without: PodList, and: PodList): number {
    const { prefilled, arrival, cpuMilli, memoryBytes, useMilli, seconds, isBatch } = this.#plan;
    const { cpuMilli: capacity, memoryBytes: memory, pods: places, sleep } = this.#node;
    const until = this.#countedUntil;
    const ends = this.#ends;
    const heap = this.#heap;
    let running = 0;
    let freeCpu = capacity;
    let freeMemory = memory;
    let use = 0;
    let bookedUse = 0;
    let watts = 0;
    let active = 0;
    let since = 0;
    /** Awake at `awakeAt`, then on since that; empty since `emptySince`. */
    let awakeAt = 0;
    let emptySince = 0;
    let onSeconds = 0;
    let sleepSeconds = 0;
    let wakeSeconds = 0;
    let isFresh = this.#beginsAsleep;
    let next = 0;
    let skipped = 0;
    let added = 0;
    for (;;) {
      // The next pod of the merged list.
      while (next < list.count && skipped < without.count && list.ids[next] === without.ids[skipped]) {
        next++;
        skipped++;
      }
      let pod = -1;
      if (next < list.count) pod = list.ids[next]!;
      if (added < and.count && (pod < 0 || and.ids[added]! < pod)) pod = and.ids[added++]!;
      else if (pod >= 0) next++;
      const now = pod < 0 ? Number.POSITIVE_INFINITY : arrival[pod]!;
      // Ends and a wake up to now; at one instant ends come before arrivals.
      while (running > 0) {
        const first = heap[1]!;
        const end = ends[first]!;
        if (bookedUse > 0 && awakeAt <= now && awakeAt <= end) {
          active += watts * (awakeAt - since);
          since = awakeAt;
          use += bookedUse;
          bookedUse = 0;
          watts = this.#activeWatts(use);
        }
        if (end > now) break;
        active += watts * (end - since);
        since = end;
        running = this.#pop(running);
        if (running === 0) {
          use = 0;
          freeCpu = capacity;
          freeMemory = memory;
          emptySince = end;
        } else {
          use -= useMilli[first]!;
          freeCpu += cpuMilli[first]!;
          freeMemory += memoryBytes[first]!;
        }
        watts = this.#activeWatts(use);
      }
      let asleepAt = Number.POSITIVE_INFINITY;
      if (this.#sleeps && running === 0) asleepAt = isFresh ? 0 : emptySince + sleep!.emptySeconds;
      if (pod < 0) {
        if (!this.#sleeps) break;
        const off = Math.min(asleepAt, until);
        onSeconds += between(awakeAt, off, until);
        sleepSeconds += between(off, until, until);
        break;
      }
      if (cpuMilli[pod]! > freeCpu || memoryBytes[pod]! > freeMemory || running >= places) {
        this.misfit = pod;
        return Number.POSITIVE_INFINITY;
      }
      // Prefilled pods have run since before the beginning, on nodes that are up.
      if (isFresh ? pod >= prefilled : asleepAt < now) {
        onSeconds += between(awakeAt, asleepAt, until);
        sleepSeconds += between(asleepAt, now, until);
        awakeAt = now + sleep!.wakeSeconds;
        wakeSeconds += between(now, awakeAt, until);
      }
      isFresh = false;
      freeCpu -= cpuMilli[pod]!;
      freeMemory -= memoryBytes[pod]!;
      const start = Math.max(awakeAt, now);
      if (start > now) bookedUse += useMilli[pod]!;
      else {
        active += watts * (now - since);
        since = now;
        use += useMilli[pod]!;
        watts = this.#activeWatts(use);
      }
      const alone = seconds[pod]!;
      ends[pod] =
        alone === Number.POSITIVE_INFINITY
          ? Math.max(start, this.#plan.horizonSeconds)
          : start + (isBatch[pod] === 1 ? alone / this.#speed : alone);
      running = this.#push(pod, running);
    }
    if (!this.#sleeps) return active + this.#idleWatts * until;
    return (
      active + this.#idleWatts * onSeconds + sleep!.sleepWatts * sleepSeconds + sleep!.wakeWatts * wakeSeconds
    );
  }

  #activeWatts(use: number): number {
    if (!(use > 0)) return 0;
    const { cpuMilli, power } = this.#node;
    const points = this.#points;
    if (points === undefined) return power!.watts(use / cpuMilli) - this.#idleWatts;
    const at = (use / cpuMilli) * this.#steps;
    if (at >= this.#steps) return points[this.#steps]! - this.#idleWatts;
    const below = at | 0;
    const from = points[below]!;
    return from + (at - below) * (points[below + 1]! - from) - this.#idleWatts;
  }

  #push(pod: number, count: number): number {
    const ends = this.#ends;
    const heap = this.#heap;
    const end = ends[pod]!;
    let at = count + 1;
    while (at > 1 && ends[heap[at >> 1]!]! > end) {
      heap[at] = heap[at >> 1]!;
      at >>= 1;
    }
    heap[at] = pod;
    return count + 1;
  }

  #pop(count: number): number {
    const ends = this.#ends;
    const heap = this.#heap;
    const last = heap[count]!;
    const end = ends[last]!;
    const left = count - 1;
    let at = 1;
    for (;;) {
      let child = 2 * at;
      if (child > left) break;
      if (child < left && ends[heap[child + 1]!]! < ends[heap[child]!]!) child++;
      if (ends[heap[child]!]! >= end) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return left;
  }
}

/** Seconds from one instant to another that lie before `until`. */
function between(from: number, to: number, until: number): number {
  return Math.max(0, Math.min(to, until) - Math.min(from, until));
}
