import { BoundDual, GOODS, USE } from './offline/bound-dual.ts';
import { type Hindsight, hindsightPlan } from './offline/hindsight.ts';
import { type NodeType, nodeTypes } from './offline/node-types.ts';

export interface LowerBoundOptions {
  /**
   * How much later than its arrival and slack a pod begins at the latest: the bound holds for all runs that keep to it.
   * Left out: the longest wake of a node.
   */
  readonly delaySeconds?: number;
  /** Time over which prices are constant: shorter is tighter and slower. */
  readonly blockSeconds?: number;
  readonly rounds?: number;
}

export interface LowerBound {
  readonly joules: number;
  /** With one price of CPU use an instant and nothing else: pods and nodes divisible, free migration. */
  readonly fluidJoules: number;
  readonly delaySeconds: number;
  readonly rounds: number;
}

const BLOCK_SECONDS = 300;
const ROUNDS = 1500;

/**
 * Joules below which no policy without migration can come on this cluster with these pods, if no pod queues. Every
 * price gives such a bound; the prices are improved by a subgradient method, and the best bound is kept. Where nodes sleep it
 * is loose: part of a node may be on, and wakes cost nothing.
 *
 * @throws KISIM_E_OFFLINE_UNSUPPORTED
 */
export function lowerBound(situation: Hindsight, options: LowerBoundOptions = {}): LowerBound {
  const { windowSeconds, horizonSeconds } = hindsightPlan(situation);
  const { nodes, workload } = situation;
  const types = nodeTypes(nodes);
  const longestWake = Math.max(0, ...nodes.map((node) => node.sleep?.wakeSeconds ?? 0));
  const { delaySeconds = longestWake, blockSeconds = BLOCK_SECONDS, rounds = ROUNDS } = options;
  const slowest = Math.min(1, ...types.map((type) => type.speed));
  const end = workload.items.reduce((latest, { arrivalSeconds, pod, seconds }) => {
    const ends = arrivalSeconds + pod.slackSeconds + delaySeconds + seconds / slowest;
    return ends === Number.POSITIVE_INFINITY ? latest : Math.max(latest, ends);
  }, horizonSeconds);
  const blocks = Math.floor(end / blockSeconds) + 1;
  const dual = new BoundDual(types, workload.items, {
    blockSeconds,
    blocks,
    windowSeconds,
    horizonSeconds,
    delaySeconds,
  });
  fluidPrices(dual, types, blocks);
  const fluidJoules = dual.evaluate();
  return { joules: ascend(dual, types, blocks, fluidJoules, rounds), fluidJoules, delaySeconds, rounds };
}

/** Rounds of halving: prices to a millionth of the greatest slope. */
const HALVINGS = 24;

/** One price of use for all types in each block, at which all nodes together would sell what the pods use. */
function fluidPrices(dual: BoundDual, types: readonly NodeType[], blocks: number): void {
  const greatest = Math.max(...types.map(steepest));
  const low = new Float64Array(blocks);
  const high = new Float64Array(blocks).fill(greatest);
  const set = (prices: (block: number) => number) => {
    for (let type = 0; type < types.length; type++)
      for (let block = 0; block < blocks; block++)
        dual.prices[(type * GOODS + USE) * blocks + block] = prices(block);
  };
  for (let round = 0; round < HALVINGS; round++) {
    set((block) => (low[block]! + high[block]!) / 2);
    dual.evaluate();
    for (let block = 0; block < blocks; block++) {
      let excess = 0;
      for (let type = 0; type < types.length; type++)
        excess += dual.excess[(type * GOODS + USE) * blocks + block]!;
      const middle = (low[block]! + high[block]!) / 2;
      if (excess > 0) low[block] = middle;
      else high[block] = middle;
    }
  }
  set((block) => (low[block]! + high[block]!) / 2);
}

/** Watts a milli-core: the greatest between two points of the curve, or from asleep to full. */
function steepest({ useAt, wattsAt, cpuMilli }: NodeType): number {
  let most = wattsAt[wattsAt.length - 1]! / cpuMilli;
  for (let i = 1; i < useAt.length; i++)
    most = Math.max(most, (wattsAt[i]! - wattsAt[i - 1]!) / (useAt[i]! - useAt[i - 1]!));
  return most;
}

/** A level that is not reached in so many rounds is halved. */
const PATIENCE = 40;
const FIRST_RISE = 0.02;
const DEFLECTION = 0.7;

/**
 * Polyak's step towards a level a little above the best bound so far, along a direction that remembers the last ones
 * (Camerini, Fratta and Maffioli, "On improving relaxation methods by modified gradient techniques", 1975). Amounts are
 * scaled by what a type has of each good, so that one step suits all.
 */
function ascend(
  dual: BoundDual,
  types: readonly NodeType[],
  blocks: number,
  start: number,
  rounds: number,
): number {
  const { prices, excess } = dual;
  const scale = new Float64Array(prices.length);
  types.forEach((type, k) => {
    const amounts = [type.cpuMilli, type.cpuMilli, type.memoryBytes];
    for (let good = 0; good < GOODS; good++)
      scale.fill(
        1 / (type.count * amounts[good]!),
        (k * GOODS + good) * blocks,
        (k * GOODS + good + 1) * blocks,
      );
  });
  const direction = new Float64Array(prices.length);
  const bestPrices = prices.slice();
  let best = start;
  let rise = FIRST_RISE * Math.abs(start);
  let idle = 0;
  let value = start;
  for (let round = 0; round < rounds; round++) {
    let square = 0;
    for (let i = 0; i < prices.length; i++) {
      // A price of nothing that would have to fall further stays.
      const pull = prices[i] === 0 && excess[i]! < 0 ? 0 : excess[i]! * scale[i]!;
      direction[i] = pull + DEFLECTION * direction[i]!;
      square += direction[i]! ** 2;
    }
    if (square === 0) break;
    const step = (best + rise - value) / square;
    for (let i = 0; i < prices.length; i++)
      prices[i] = Math.max(0, prices[i]! + step * direction[i]! * scale[i]!);
    value = dual.evaluate();
    if (value > best) {
      if (value > best + 0.05 * rise) idle = 0;
      best = value;
      bestPrices.set(prices);
    } else if (++idle >= PATIENCE) {
      idle = 0;
      rise /= 2;
      prices.set(bestPrices);
      direction.fill(0);
      value = dual.evaluate();
    }
  }
  return best;
}
