import type { RandomStream } from '../../util/rng.ts';

/** How much of something a request asks for: a fixed amount, or a draw of an exponential distribution with this mean. */
export interface Amount {
  readonly mean: number;
  readonly exponential: boolean;
}

/** Of an exponential distribution 1 draw in 22,000 is above ten times its mean, and cut there. */
const CUT = 10;

/**
 * `20` or `exp:20`. Undefined where the text is neither, or where the greatest possible draw is above `most`.
 *
 * @example
 * parseAmount('exp:20', 60_000); // { mean: 20, exponential: true }
 */
export function parseAmount(text: string, most: number): Amount | undefined {
  const match = /^(exp:)?(\d{1,12}(?:\.\d{1,9})?)$/.exec(text);
  if (match === null) return undefined;
  const exponential = match[1] !== undefined;
  const mean = Number(match[2]);
  return mean * (exponential ? CUT : 1) > most ? undefined : { mean, exponential };
}

/** The amount itself, or the next draw. */
export function drawAmount({ mean, exponential }: Amount, random: RandomStream): number {
  return exponential ? Math.min(random.exponential(mean), CUT * mean) : mean;
}
