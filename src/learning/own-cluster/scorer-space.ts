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
