import type { Node } from '../../cluster/node.ts';
import { TableCurve } from '../../power-model/table-curve.ts';
import { maySleep } from '../../simulation/node-power.ts';
import type { Plan } from '../../simulation/plan.ts';
import type { SimulationOptions } from '../../simulation/simulation.ts';
import { CheckpointStore, STRIDE } from './checkpoint-store.ts';
import { NOTHING, type PodList, placeOf } from './pod-list.ts';
import { ReplayState } from './replay-state.ts';

/**
 * What one node burns when certain pods are placed on it as they arrive: the engine's account of a single node (exact
 * between two events; idle, sleep and wakes included), without the engine. A search asks it of two nodes for every move:
 * it then sets out from the last checkpoint before the change, and stops where the node is again as it was without it.
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
  readonly #state: ReplayState;
  readonly #checkpoints = new CheckpointStore();
  #remembered = Number.NaN;

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
    this.#state = new ReplayState(plan.count);
  }

  /** Joules with the pods of a list, which later questions are about; Infinity where one of them does not fit. */
  remember(list: PodList): number {
    this.#checkpoints.clear();
    this.#reset();
    this.#remembered = this.#walk(list, NOTHING, NOTHING, 0, true);
    return this.#remembered;
  }

  /**
   * Joules with the pods of the list that was remembered, less those of `without` and with those of `and` (all ascending);
   * Infinity where one of them does not fit when it arrives.
   */
  joules(list: PodList, without: PodList, and: PodList): number {
    let change = list.count;
    if (without.count > 0) change = placeOf(list, without.ids[0]!);
    if (and.count > 0) change = Math.min(change, placeOf(list, and.ids[0]!));
    // A checkpoint shows the node as its pod arrives: a pod that comes in just before it needs the one before.
    const from = Math.min(Math.floor((change - 1) / STRIDE), this.#checkpoints.count);
    if (from < 1) this.#reset();
    else this.#checkpoints.load(from, this.#state);
    return this.#walk(list, without, and, from < 1 ? 0 : from * STRIDE, false);
  }

  #reset(): void {
    this.#state.reset(this.#node.cpuMilli, this.#node.memoryBytes, this.#beginsAsleep);
  }

  #walk(list: PodList, without: PodList, and: PodList, from: number, records: boolean): number {
    const { prefilled, arrival, cpuMilli, memoryBytes, useMilli, seconds, isBatch } = this.#plan;
    const { pods: places, sleep } = this.#node;
    const state = this.#state;
    const until = this.#countedUntil;
    const hasRemembered = !records && this.#remembered < Number.POSITIVE_INFINITY;
    let next = from;
    let skipped = 0;
    let added = 0;
    for (;;) {
      // The next pod of the merged list.
      while (next < list.count && skipped < without.count && list.ids[next] === without.ids[skipped]) {
        next++;
        skipped++;
      }
      let pod = next < list.count ? list.ids[next]! : -1;
      let place = next;
      if (added < and.count && (pod < 0 || and.ids[added]! < pod)) {
        pod = and.ids[added++]!;
        place = -1;
      } else if (pod >= 0) next++;
      if (pod < 0) break;
      const now = arrival[pod]!;
      this.#endsUntil(now);
      if (place > 0 && place % STRIDE === 0) {
        if (records) this.#checkpoints.record(state, this.#burnt(now));
        else if (hasRemembered && skipped === without.count && added === and.count) {
          const index = place / STRIDE;
          if (index <= this.#checkpoints.count && this.#checkpoints.equals(index, state))
            return this.#remembered + (this.#burnt(now) - this.#checkpoints.burnt(index));
        }
      }
      if (cpuMilli[pod]! > state.freeCpu || memoryBytes[pod]! > state.freeMemory || state.running >= places) {
        this.misfit = pod;
        return Number.POSITIVE_INFINITY;
      }
      // Prefilled pods have run since before the beginning, on nodes that are up.
      if (state.running === 0 && this.#sleeps && (!state.isFresh || pod >= prefilled)) {
        const asleepAt = state.isFresh ? 0 : state.emptySince + sleep!.emptySeconds;
        if (state.isFresh || asleepAt < now) {
          state.onSeconds += between(state.awakeAt, asleepAt, until);
          state.sleepSeconds += between(asleepAt, now, until);
          state.awakeAt = now + sleep!.wakeSeconds;
          state.wakeSeconds += between(now, state.awakeAt, until);
        }
      }
      state.isFresh = false;
      state.freeCpu -= cpuMilli[pod]!;
      state.freeMemory -= memoryBytes[pod]!;
      const start = Math.max(state.awakeAt, now);
      if (start > now) state.bookedUse += useMilli[pod]!;
      else {
        state.active += state.watts * (now - state.since);
        state.since = now;
        state.use += useMilli[pod]!;
        state.watts = this.#activeWatts(state.use);
      }
      const alone = seconds[pod]!;
      const taken = isBatch[pod] === 1 ? alone / this.#speed : alone;
      const end =
        alone === Number.POSITIVE_INFINITY ? Math.max(start, this.#plan.horizonSeconds) : start + taken;
      state.push(pod, end, start - now);
    }
    this.#endsUntil(Number.POSITIVE_INFINITY);
    if (this.#sleeps) {
      const asleepAt = state.isFresh ? 0 : state.emptySince + sleep!.emptySeconds;
      const off = Math.min(asleepAt, until);
      state.onSeconds += between(state.awakeAt, off, until);
      state.sleepSeconds += between(off, until, until);
    }
    return this.#burnt(state.since) + (this.#sleeps ? 0 : this.#idleWatts * until);
  }

  /** Ends of pods and the node's wake, up to and at an instant. */
  #endsUntil(now: number): void {
    const { cpuMilli, memoryBytes, useMilli } = this.#plan;
    const state = this.#state;
    while (state.running > 0) {
      const end = state.nextEnd;
      if (state.bookedUse > 0 && state.awakeAt <= now && state.awakeAt <= end) {
        state.active += state.watts * (state.awakeAt - state.since);
        state.since = state.awakeAt;
        state.use += state.bookedUse;
        state.bookedUse = 0;
        state.watts = this.#activeWatts(state.use);
      }
      if (end > now) return;
      state.active += state.watts * (end - state.since);
      state.since = end;
      const pod = state.pop();
      if (state.running === 0) {
        // As the engine: what sums of differences leave behind is forgotten.
        state.use = 0;
        state.freeCpu = this.#node.cpuMilli;
        state.freeMemory = this.#node.memoryBytes;
        state.emptySince = end;
      } else {
        state.use -= useMilli[pod]!;
        state.freeCpu += cpuMilli[pod]!;
        state.freeMemory += memoryBytes[pod]!;
      }
      state.watts = this.#activeWatts(state.use);
    }
  }

  /** Joules so far, less the idle joules of a node that never sleeps. */
  #burnt(now: number): number {
    const state = this.#state;
    const active = state.active + state.watts * (now - state.since);
    if (!this.#sleeps) return active;
    const { sleepWatts, wakeWatts } = this.#node.sleep!;
    return (
      active +
      this.#idleWatts * state.onSeconds +
      sleepWatts * state.sleepSeconds +
      wakeWatts * state.wakeSeconds
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
}

/** Seconds from one instant to another that lie before `until`. */
function between(from: number, to: number, until: number): number {
  return Math.max(0, Math.min(to, until) - Math.min(from, until));
}
