import { perturbed, TEN_PERCENT_OFF } from '../../power-model/perturb.ts';
import type { ServerModel } from '../../power-model/server-model.ts';
import { STEADY } from '../../simulation/generators/arrivals.ts';
import { DurationLaw } from '../../simulation/generators/duration.ts';
import { disjointClusters, nodesOf, randomHardware } from '../../simulation/generators/hardware.ts';
import { balancedMix, batchHeavyMix, standardMix } from '../../simulation/generators/pod-mix.ts';
import { generateWorkload } from '../../simulation/generators/workload.ts';
import type { Situation } from '../../simulation/simulation.ts';
import { exp } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';

const HOUR = 3600;

/** What episodes are drawn from. */
export interface RandomSituationOptions {
  readonly hardware: readonly ServerModel[];
  readonly windowSeconds: number;
  /** Requested share of the CPU, from a range. */
  readonly load: readonly [number, number];
  /** Chance that nodes may sleep, and that batch may wait. */
  readonly sleepShare: number;
  readonly waitShare: number;
}

export const usualSituations: Omit<RandomSituationOptions, 'hardware'> = {
  windowSeconds: 12 * HOUR,
  load: [0.25, 0.95],
  sleepShare: 0.5,
  waitShare: 0.25,
};

/**
 * Everything that a cluster may be like, drawn anew for every episode, so that a policy is fitted to none: hardware and size from a
 * table of servers, curves off by some ten per cent, sleep, mix of pods with shares and durations off, load, patience, and how wrong
 * predictions are. The same seed gives the same situation on every machine.
 */
export function randomSituations(options: RandomSituationOptions): (seed: number) => Situation {
  const { hardware, windowSeconds, load, sleepShare, waitShare } = options;
  const clusters = disjointClusters(hardware);
  return (seed) => {
    const random = new RandomStream(seed).fork('situation');
    const off = (deviation: number) => exp(deviation * random.normal());
    const groups = randomHardware(hardware, random.integer(clusters));
    const curves = random.fork('curves');
    const sleeps = random.next() < sleepShare;
    const waits = random.next() < waitShare;
    const nodes = nodesOf(
      groups.map((group) => ({ ...group, curve: perturbed(group.curve, curves, TEN_PERCENT_OFF) })),
      { sleep: sleeps },
    );
    const mix = random.pick([standardMix, balancedMix, batchHeavyMix]);
    const classes = mix.classes.map((each) => ({
      ...each,
      share: each.share * off(0.4),
      duration: new DurationLaw(each.duration.medianSeconds * off(0.25), each.duration.sigma),
    }));
    const sum = classes.reduce((total, { share }) => total + share, 0);
    const prediction = { kind: 'log-normal', sigma: random.uniform(0, 0.6) } as const;
    const workload = generateWorkload(
      {
        mix: { ...mix, classes: classes.map((each) => ({ ...each, share: each.share / sum })) },
        load: random.uniform(...load),
        capacityMilli: nodes.reduce((total, { cpuMilli }) => total + cpuMilli, 0),
        windowSeconds,
        rhythm: STEADY,
        durationPrediction: prediction,
        usePrediction: prediction,
        slack: waits
          ? { share: 0.7, fromSeconds: HOUR, toSeconds: 4 * HOUR }
          : { share: 0, fromSeconds: 0, toSeconds: 0 },
      },
      random.integer(2 ** 31),
    );
    return {
      nodes,
      workload,
      options: {
        tickSeconds: 300,
        reconsider: 'tick',
        unplaced: 'queue',
        beginAsleep: true,
        seriesSeconds: 0,
        sloSeconds: 600,
      },
    };
  };
}
