import type { Twin } from '../../learning/own-cluster/twin.ts';
import { perturbed, TEN_PERCENT_OFF } from '../../power-model/perturb.ts';
import type { PowerCurve } from '../../power-model/power-curve.ts';
import { type ArrivalRhythm, STEADY } from '../../simulation/generators/arrivals.ts';
import { DurationLaw } from '../../simulation/generators/duration.ts';
import { type MachineGroup, nodesOf } from '../../simulation/generators/hardware.ts';
import { balancedMix, batchHeavyMix, type PodMix, standardMix } from '../../simulation/generators/pod-mix.ts';
import { generateWorkload } from '../../simulation/generators/workload.ts';
import type { SimulationOptions, Situation } from '../../simulation/simulation.ts';
import { exp } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';

const HOUR = 3600;
const BATCH_SLACK = { share: 0.7, fromSeconds: HOUR, toSeconds: 4 * HOUR };
const NO_SLACK = { share: 0, fromSeconds: 0, toSeconds: 0 };
const DAILY: ArrivalRhythm = { amplitude: 0.7, periodSeconds: 24 * HOUR, phaseSeconds: 0 };
const PREDICTION_SIGMA = 0.3;

/** What a cluster is asked for: whether its nodes sleep, whether batch may wait, and how much there is to do. */
export interface OwnClusterCell {
  /** Family and load: `D60`. */
  readonly name: string;
  /** B: nodes never sleep; D: they do; E: they do, a day with its rhythm, and batch that may wait. */
  readonly family: 'B' | 'D' | 'E';
  /** Requested share of the CPU. */
  readonly load: number;
}

function cell(family: OwnClusterCell['family'], percent: number): OwnClusterCell {
  return { name: `${family}${percent}`, family, load: percent / 100 };
}

/** At 90 % load with a daily rhythm the peak is beyond what the cluster can do, under any policy. */
export const ownClusterCells: readonly OwnClusterCell[] = [
  ...[30, 60, 90].map((percent) => cell('B', percent)),
  ...[30, 60, 90].map((percent) => cell('D', percent)),
  ...[30, 60].map((percent) => cell('E', percent)),
];

/** How a cluster differs from what its twin says. Left out: not at all. */
export interface Deviation {
  /** The other of the two mixes of its family: memory-heavy services come or go. */
  readonly otherMix?: boolean;
  /** Load times this. */
  readonly load?: number;
  /** Standard deviation of the logarithm of what predictions are off by. */
  readonly predictionSigma?: number;
  /** Ten per cent: which curves are meant is drawn by this seed. */
  readonly curvesSeed?: number;
}

/** Seeds of the parity that decides on the mix, as in the earlier study: even clusters have memory-heavy services. */
function mixOf({ family }: OwnClusterCell, cluster: number, otherMix = false): PodMix {
  if (family === 'E') return otherMix ? standardMix : batchHeavyMix;
  return (cluster % 2 === 0) !== otherMix ? standardMix : balancedMix;
}

function optionsOf({ family }: OwnClusterCell): SimulationOptions {
  return {
    tickSeconds: 300,
    reconsider: family === 'E' ? 'tick' : 'departure',
    unplaced: 'queue',
    beginAsleep: true,
    seriesSeconds: 0,
    sloSeconds: 600,
  };
}

/** A cell on one cluster, as it is or as it differs from its twin. */
export function cellTwin(
  cell: OwnClusterCell,
  groups: readonly MachineGroup[],
  cluster: number,
  { otherMix, load = 1, predictionSigma = PREDICTION_SIGMA, curvesSeed }: Deviation = {},
): Twin {
  const waits = cell.family === 'E';
  const sleeps = cell.family !== 'B';
  const nodes = nodesOf(groups.map(curvesSeed === undefined ? same : redrawn(curvesSeed)), { sleep: sleeps });
  const prediction = { kind: 'log-normal', sigma: predictionSigma } as const;
  const plan = {
    mix: mixOf(cell, cluster, otherMix),
    load: cell.load * load,
    capacityMilli: nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0),
    windowSeconds: (waits ? 24 : 12) * HOUR,
    rhythm: waits ? DAILY : STEADY,
    durationPrediction: prediction,
    usePrediction: prediction,
    slack: waits ? BATCH_SLACK : NO_SLACK,
  };
  return {
    name: `${cell.name}, cluster ${cluster}`,
    sleeps,
    waits,
    situation: (seed) => ({ nodes, workload: generateWorkload(plan, seed), options: optionsOf(cell) }),
  };
}

/**
 * The same, but every workload comes from a cluster that is a little other: load x 0.8 to 1.2, shares of the classes x e^(0.4 n),
 * durations x e^(0.25 n), predictions off by 0.3 to 0.6, curves by ten per cent.
 */
export function randomisedTwin(cell: OwnClusterCell, groups: readonly MachineGroup[], cluster: number): Twin {
  const base = cellTwin(cell, groups, cluster);
  const mix = mixOf(cell, cluster);
  const waits = base.waits;
  return {
    ...base,
    name: `${base.name}, randomised`,
    situation(seed): Situation {
      const random = new RandomStream(seed).fork('randomised twin');
      const off = (deviation: number) => exp(deviation * random.normal());
      const nodes = nodesOf(groups.map(redrawn(random.integer(2 ** 31))), { sleep: base.sleeps });
      const prediction = { kind: 'log-normal', sigma: random.uniform(0.3, 0.6) } as const;
      const load = Math.min(0.95, cell.load * random.uniform(0.8, 1.2));
      const classes = mix.classes.map((each) => ({
        ...each,
        share: each.share * off(0.4),
        duration: new DurationLaw(each.duration.medianSeconds * off(0.25), each.duration.sigma),
      }));
      const sum = classes.reduce((total, { share }) => total + share, 0);
      const workload = generateWorkload(
        {
          mix: { ...mix, classes: classes.map((each) => ({ ...each, share: each.share / sum })) },
          load,
          capacityMilli: nodes.reduce((total, { cpuMilli }) => total + cpuMilli, 0),
          windowSeconds: (waits ? 24 : 12) * HOUR,
          rhythm: waits ? DAILY : STEADY,
          durationPrediction: prediction,
          usePrediction: prediction,
          slack: waits ? BATCH_SLACK : NO_SLACK,
        },
        seed,
      );
      return { nodes, workload, options: optionsOf(cell) };
    },
  };
}

const same = (group: MachineGroup): MachineGroup => group;

function redrawn(seed: number): (group: MachineGroup) => MachineGroup {
  const random = new RandomStream(seed).fork('curves');
  return (group) => ({ ...group, curve: perturbed(group.curve as PowerCurve, random, TEN_PERCENT_OFF) });
}
