import type { PeriodMeasurement, WindowMeasurement } from '../../src/evaluation/switchback/period.ts';
import { type Side, type SwitchbackPlan, scheduleOf } from '../../src/evaluation/switchback/plan.ts';
import { exp, sin } from '../../src/util/portable-math.ts';
import type { RandomStream } from '../../src/util/rng.ts';

export function planOf(given: Partial<SwitchbackPlan> = {}): SwitchbackPlan {
  return {
    a: 'learned',
    b: 'default',
    periodSeconds: 1800,
    washOutSeconds: 300,
    pairs: 24,
    seed: 1,
    ...given,
  };
}

export interface PlayedPeriod {
  readonly joules: number | undefined;
  readonly work: number;
  /** Share of the work that the other side placed. */
  readonly other?: number;
}

export const START = 1_800_000_000_000;

/** Periods of a plan, measured as a function says. */
export function playedPeriods(
  plan: SwitchbackPlan,
  play: (side: Side, index: number) => PlayedPeriod,
  given: Partial<PeriodMeasurement> = {},
): PeriodMeasurement[] {
  return scheduleOf(plan).map(({ index, pair, side, policy }) => {
    const { joules, work, other = 0 } = play(side, index);
    const part = (share: number): WindowMeasurement => ({
      joules: joules === undefined ? undefined : joules * share,
      knownShare: joules === undefined ? 0.5 : 1,
      leastKnown: joules === undefined ? 'n1' : undefined,
      used: undefined,
      requested: {
        total: work * share,
        other: work * share * other,
        before: work * share * 0.1,
        untouched: 0,
      },
    });
    const from = START + index * plan.periodSeconds * 1000 + plan.washOutSeconds * 1000;
    return {
      index,
      pair,
      side,
      policy,
      fromUnixMilliseconds: from,
      toUnixMilliseconds: START + (index + 1) * plan.periodSeconds * 1000,
      whole: part(1),
      halves: [part(0.5), part(0.5)],
      sources: ['played'],
      nodes: 3,
      boundAfterSeconds: [0.1, 0.2],
      startedAfterSeconds: [1, 2],
      pods: { created: 10, completed: 9, failed: 0, evicted: 0, restarts: 0 },
      decisions: { own: 10, fellBack: 0, freed: 0 },
      ...given,
    };
  });
}

export interface Noise {
  /** Of the difference of logarithms, side A minus side B. */
  readonly effect: number;
  /** Standard deviation of a period's own noise. */
  readonly own: number;
  /** Of noise that lives on from period to period by `correlation`. */
  readonly lasting?: number;
  readonly correlation?: number;
  /** Of the logarithm, over the whole experiment. */
  readonly drift?: number;
  /** Amplitude of the day's rhythm in the logarithm. */
  readonly day?: number;
  /** Standard deviation of the logarithm of work, which energy follows in part. */
  readonly work?: number;
}

/** Energies with all that disturbs a real experiment. */
export function noisyPeriods(plan: SwitchbackPlan, noise: Noise, random: RandomStream): PeriodMeasurement[] {
  const { effect, own, lasting = 0, correlation = 0, drift = 0, day = 0, work = 0 } = noise;
  const periods = 2 * plan.pairs;
  let lived = lasting * random.normal();
  const phase = random.next();
  return playedPeriods(plan, (side, index) => {
    lived = correlation * lived + lasting * Math.sqrt(1 - correlation ** 2) * random.normal();
    const days = (index * plan.periodSeconds) / 86_400 + phase;
    const busy = work * random.normal();
    const level = drift * (index / periods) + day * sin(2 * Math.PI * days) + lived + own * random.normal();
    return { joules: 1e6 * exp((side === 'a' ? effect : 0) + level + busy), work: 1e4 * exp(busy) };
  });
}
