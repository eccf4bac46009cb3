import { sin } from '../../util/portable-math.ts';
import type { RandomStream } from '../../util/rng.ts';

/** The rhythm of arrivals: rate(t) = mean x (1 + amplitude x sin(2 pi (t + phase) / period)). Amplitude 0: none. */
export interface ArrivalRhythm {
  readonly amplitude: number;
  readonly periodSeconds: number;
  readonly phaseSeconds: number;
}

export const STEADY: ArrivalRhythm = { amplitude: 0, periodSeconds: 86400, phaseSeconds: 0 };

export function relativeRate(rhythm: ArrivalRhythm, seconds: number): number {
  if (rhythm.amplitude === 0) return 1;
  const turn = (seconds + rhythm.phaseSeconds) / rhythm.periodSeconds;
  return 1 + rhythm.amplitude * sin(2 * Math.PI * (turn - Math.floor(turn)));
}

/**
 * Times of a Poisson process whose rate follows the rhythm, by thinning (Lewis and Shedler, "Simulation of
 * nonhomogeneous Poisson processes by thinning", 1979).
 *
 * @param perSecond mean rate
 * @returns ascending times in [from, to)
 */
export function poissonArrivals(
  random: RandomStream,
  perSecond: number,
  rhythm: ArrivalRhythm,
  from: number,
  to: number,
): number[] {
  const times: number[] = [];
  const peak = 1 + rhythm.amplitude;
  const meanGap = 1 / (perSecond * peak);
  for (let t = from + random.exponential(meanGap); t < to; t += random.exponential(meanGap)) {
    if (random.next() * peak < relativeRate(rhythm, t)) times.push(t);
  }
  return times;
}
