import {
  placementTerms,
  TERM,
  TERM_COUNT,
  WAIT_TERM_COUNT,
  waitTerms,
} from '../../policy/energy/term-table.ts';
import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';

/** Whether a node sleeps matters more than anything else of it: its weights are looked for in wider steps. */
const SLEEP_STEP = 3;
const WAIT_STEP = 2;

/** What only rules use that are nothing else. */
const wholeRules: ReadonlySet<number> = new Set([
  TERM.kubeScore,
  TERM.requestedWatts,
  TERM.dotProduct,
  TERM.absoluteFit,
  TERM.peaks,
]);

/** 0 wherever no node sleeps. */
const needsSleep: ReadonlySet<number> = new Set([
  TERM.idleEnergy,
  TERM.asleep,
  TERM.waking,
  TERM.asleepFreeAwake,
  TERM.asleepShort,
  TERM.asleepLoad,
  TERM.asleepQueue,
  TERM.idleLoad,
  TERM.idleFill,
  TERM.tier0Idle,
  TERM.tier1Idle,
  TERM.tier0Asleep,
  TERM.tier1Asleep,
]);

/**
 * The weights of the structured scorer as one vector: those of the placement terms, then, where pods may wait, those of the
 * wait terms. Every energy rule is a point of it.
 */
export class ScorerSpace {
  readonly size: number;
  readonly waits: boolean;

  constructor(waits: boolean) {
    this.waits = waits;
    this.size = waits ? TERM_COUNT + WAIT_TERM_COUNT : TERM_COUNT;
  }

  encode({ weights, waitWeights }: WeightedRule): Float64Array {
    const point = new Float64Array(this.size);
    point.set(weights);
    if (this.waits && waitWeights !== undefined) point.set(waitWeights, TERM_COUNT);
    return point;
  }

  decode(name: string, point: ArrayLike<number>): WeightedRule {
    if (point.length !== this.size) throw new RangeError(`${point.length} weights for ${this.size} terms`);
    const all = Float64Array.from(point);
    const weights = all.slice(0, TERM_COUNT);
    return this.waits
      ? { name, weights, waitWeights: all.slice(TERM_COUNT), unit: 'points' }
      : { name, weights, unit: 'points' };
  }

  /**
   * The positions that a search from a point moves. Terms that are the same for all nodes of this cluster have no effect, and
   * those that stand for whole rules are dear and say little beside the others: they are moved where the point has them.
   */
  searched(from: Float64Array, cluster: { readonly sleeps: boolean }): Int32Array {
    const isSearched = (position: number) => {
      if (!cluster.sleeps && needsSleep.has(position)) return false;
      return from[position] !== 0 || !wholeRules.has(position);
    };
    return Int32Array.from({ length: this.size }, (_, position) => position).filter(isSearched);
  }

  /** Standard deviations of a search's first generation. */
  deviations(sigma: number): Float64Array {
    const deviations = new Float64Array(this.size).fill(sigma);
    deviations[TERM.asleep]! *= SLEEP_STEP;
    for (let i = TERM_COUNT; i < this.size; i++) deviations[i]! *= WAIT_STEP;
    return deviations;
  }

  /** Of each coordinate, for people and files. */
  get names(): readonly string[] {
    const placement = placementTerms.map(({ name }) => name);
    return this.waits ? [...placement, ...waitTerms.map(({ name }) => `wait:${name}`)] : placement;
  }
}
