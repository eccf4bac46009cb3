import type { WorkItem } from '../../simulation/workload.ts';
import type { NodeType } from './node-types.ts';

/** A column of the prices of one type: what a milli-core in use, a milli-core and a byte asked for cost a second. */
export const USE = 0;
export const REQUEST = 1;
export const MEMORY = 2;
export const GOODS = 3;

export interface DualTime {
  readonly blockSeconds: number;
  readonly blocks: number;
  /** Until when idle power counts: of nodes that never sleep, and of those that may. */
  readonly windowSeconds: number;
  readonly horizonSeconds: number;
  /** How much later than its arrival, and its slack, a pod may begin. */
  readonly delaySeconds: number;
}

/**
 * The Lagrangian dual of "run every pod, whole, on one type of node, within the room that there is": with any prices
 * of at least 0 the nodes' least cost less what they could sell, plus every pod's cheapest offer, is at most the energy
 * of any solution (Geoffrion, "Lagrangean relaxation for integer programming", 1974). Prices are constant over blocks of
 * time, one for each type of node and good.
 */
export class BoundDual {
  /** prices[(type x GOODS + good) x blocks + block]; never negative. */
  readonly prices: Float64Array;
  /** Of the last `evaluate`: by how much the demand exceeds what the nodes would sell, in amount x seconds. */
  readonly excess: Float64Array;
  readonly #types: readonly NodeType[];
  readonly #time: DualTime;
  readonly #count: number;
  readonly #arrival: Float64Array;
  readonly #latest: Float64Array;
  /** Amounts of each pod: pod x GOODS + good. */
  readonly #amounts: Float64Array;
  /** Seconds that it runs on each type; NaN where it does not fit; Infinity: to the horizon. pod x types + type. */
  readonly #seconds: Float64Array;
  /** Integrals of the prices up to each block's beginning, one more than blocks. */
  readonly #integrals: Float64Array;
  /** Rises and falls of the demand from block to block, in the same places. */
  readonly #steps: Float64Array;

  constructor(types: readonly NodeType[], items: readonly WorkItem[], time: DualTime) {
    const size = types.length * GOODS * time.blocks;
    this.prices = new Float64Array(size);
    this.excess = new Float64Array(size);
    this.#types = types;
    this.#time = time;
    this.#count = items.length;
    this.#arrival = Float64Array.from(items, (item) => item.arrivalSeconds);
    this.#latest = Float64Array.from(items, (item) =>
      item.prefill === true
        ? item.arrivalSeconds + time.delaySeconds
        : item.arrivalSeconds + item.pod.slackSeconds + time.delaySeconds,
    );
    this.#amounts = new Float64Array(items.length * GOODS);
    this.#seconds = new Float64Array(items.length * types.length);
    items.forEach(({ pod, useMilli, kind, seconds }, i) => {
      this.#amounts.set([useMilli, pod.cpuMilli, pod.memoryBytes], i * GOODS);
      types.forEach((type, k) => {
        const fits = type.open && pod.cpuMilli <= type.cpuMilli && pod.memoryBytes <= type.memoryBytes;
        const taken = kind === 'batch' ? seconds / type.speed : seconds;
        this.#seconds[i * types.length + k] = fits ? taken : Number.NaN;
      });
    });
    this.#integrals = new Float64Array(types.length * GOODS * (time.blocks + 1));
    this.#steps = new Float64Array(this.#integrals.length);
  }

  /** Joules that no solution goes below, at these prices; sets `excess`, a supergradient. */
  evaluate(): number {
    this.#integrate();
    this.excess.fill(0);
    let joules = 0;
    for (let type = 0; type < this.#types.length; type++) joules += this.#supply(type);
    for (let pod = 0; pod < this.#count; pod++) joules += this.#demand(pod);
    this.#sumExcess();
    return joules;
  }

  #integrate(): void {
    const { blocks, blockSeconds } = this.#time;
    for (let row = 0; row < this.#types.length * GOODS; row++) {
      let sum = 0;
      for (let block = 0; block < blocks; block++) {
        this.#integrals[row * (blocks + 1) + block] = sum;
        sum += this.prices[row * blocks + block]! * blockSeconds;
      }
      this.#integrals[row * (blocks + 1) + blocks] = sum;
    }
  }

  /** Nodes of one type: in each block on at the best use or asleep, whichever leaves less. */
  #supply(type: number): number {
    const { count, cpuMilli, memoryBytes, maySleep, open, idleWatts, offWatts, useAt, wattsAt } =
      this.#types[type]!;
    const { blocks, blockSeconds, windowSeconds, horizonSeconds } = this.#time;
    const end = maySleep ? horizonSeconds : windowSeconds;
    const [use, request, memory] = [USE, REQUEST, MEMORY].map((good) => (type * GOODS + good) * blocks) as [
      number,
      number,
      number,
    ];
    let joules = 0;
    for (let block = 0; block < blocks; block++) {
      // A block is as if all of it counted, or none: the share of it that does is cut off by weight.
      const counted = Math.min(1, Math.max(0, end / blockSeconds - block));
      if (!open) {
        joules += count * blockSeconds * counted * idleWatts;
        continue;
      }
      const price = this.prices[use + block]!;
      let best = Number.POSITIVE_INFINITY;
      let sold = 0;
      for (let i = 0; i < useAt.length; i++) {
        const cost = wattsAt[i]! - price * useAt[i]!;
        if (cost < best) {
          best = cost;
          sold = useAt[i]!;
        }
      }
      const rent = this.prices[request + block]! * cpuMilli + this.prices[memory + block]! * memoryBytes;
      const on = best - rent;
      const seconds = count * blockSeconds;
      // Idle power is no cost of any solution where it is not counted.
      const inside = maySleep && offWatts < on ? offWatts : on;
      const outside = maySleep && on > idleWatts ? 0 : on - idleWatts;
      joules += seconds * (counted * inside + (1 - counted) * outside);
      const onInside = inside === on ? counted : 0;
      const onOutside = outside === on - idleWatts ? 1 - counted : 0;
      const share = seconds * (onInside + onOutside);
      this.excess[use + block]! -= share * sold;
      this.excess[request + block]! -= share * cpuMilli;
      this.excess[memory + block]! -= share * memoryBytes;
    }
    return joules;
  }

  /** One pod: the type and the start at which it pays least. */
  #demand(pod: number): number {
    const types = this.#types.length;
    const from = this.#arrival[pod]!;
    const latest = this.#latest[pod]!;
    const { blockSeconds } = this.#time;
    let best = Number.POSITIVE_INFINITY;
    let bestType = -1;
    let bestStart = 0;
    for (let type = 0; type < types; type++) {
      const seconds = this.#seconds[pod * types + type]!;
      if (Number.isNaN(seconds)) continue;
      let start = from;
      for (;;) {
        const cost = this.#cost(pod, type, start, this.#endOf(start, seconds));
        if (cost < best) {
          best = cost;
          bestType = type;
          bestStart = start;
        }
        if (start >= latest) break;
        // Between two block edges, of its start or its end, the cost is linear in the start.
        const nextStart = (Math.floor(start / blockSeconds) + 1) * blockSeconds;
        const end = start + seconds;
        const nextEnd = (Math.floor(end / blockSeconds) + 1) * blockSeconds - seconds;
        const next = Math.min(nextStart, nextEnd > start + 1e-9 ? nextEnd : nextStart);
        start = Math.min(latest, next);
      }
    }
    const seconds = this.#seconds[pod * types + bestType]!;
    for (let good = 0; good < GOODS; good++)
      this.#book(
        bestType * GOODS + good,
        this.#amounts[pod * GOODS + good]!,
        bestStart,
        this.#endOf(bestStart, seconds),
      );
    return best;
  }

  #endOf(start: number, seconds: number): number {
    return seconds === Number.POSITIVE_INFINITY ? this.#time.horizonSeconds : start + seconds;
  }

  #cost(pod: number, type: number, from: number, to: number): number {
    let cost = 0;
    for (let good = 0; good < GOODS; good++) {
      const row = type * GOODS + good;
      cost += this.#amounts[pod * GOODS + good]! * (this.#integralAt(row, to) - this.#integralAt(row, from));
    }
    return cost;
  }

  #integralAt(row: number, seconds: number): number {
    const { blocks, blockSeconds } = this.#time;
    const block = Math.min(blocks - 1, Math.floor(seconds / blockSeconds));
    const into = seconds - block * blockSeconds;
    return this.#integrals[row * (blocks + 1) + block]! + into * this.prices[row * blocks + block]!;
  }

  /** Adds an amount over a time: ends in their blocks, what lies between as a step up and a step down. */
  #book(row: number, amount: number, from: number, to: number): void {
    const { blocks, blockSeconds } = this.#time;
    const first = Math.min(blocks - 1, Math.floor(from / blockSeconds));
    const last = Math.min(blocks - 1, Math.floor(to / blockSeconds));
    const at = row * blocks;
    if (first === last) {
      this.excess[at + first]! += amount * (to - from);
      return;
    }
    this.excess[at + first]! += amount * ((first + 1) * blockSeconds - from);
    this.excess[at + last]! += amount * (to - last * blockSeconds);
    this.#steps[at + row + first + 1]! += amount * blockSeconds;
    this.#steps[at + row + last]! -= amount * blockSeconds;
  }

  #sumExcess(): void {
    const { blocks } = this.#time;
    for (let row = 0; row < this.#types.length * GOODS; row++) {
      let sum = 0;
      for (let block = 0; block < blocks; block++) {
        sum += this.#steps[row * (blocks + 1) + block]!;
        this.excess[row * blocks + block]! += sum;
      }
    }
    this.#steps.fill(0);
  }
}
