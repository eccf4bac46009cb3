import { exp } from '../../util/portable-math.ts';
import type { RandomStream } from '../../util/rng.ts';

/** Normals further out are drawn again, so that one draw in a thousand does not decide an experiment. */
const CUT = 2.5;

/** Trapezoids over the cut normal: 1e-7 of the mean. */
const STEPS = 500;

/** Log-normal durations in seconds, cut at 2.5 standard deviations of the logarithm on both sides. */
export class DurationLaw {
  readonly medianSeconds: number;
  readonly sigma: number;

  constructor(medianSeconds: number, sigma: number) {
    this.medianSeconds = medianSeconds;
    this.sigma = sigma;
  }

  draw(random: RandomStream): number {
    let z: number;
    do z = random.normal();
    while (z < -CUT || z > CUT);
    return this.medianSeconds * exp(this.sigma * z);
  }

  /** Of the cut law, so a little below median x e^(sigma^2 / 2). */
  get meanSeconds(): number {
    let weights = 0;
    let sum = 0;
    for (let i = 0; i <= STEPS; i++) {
      const z = -CUT + (2 * CUT * i) / STEPS;
      const weight = exp((-z * z) / 2) * (i === 0 || i === STEPS ? 0.5 : 1);
      weights += weight;
      sum += weight * exp(this.sigma * z);
    }
    return (this.medianSeconds * sum) / weights;
  }

  get longestSeconds(): number {
    return this.medianSeconds * exp(this.sigma * CUT);
  }
}
