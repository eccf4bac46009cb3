import { isForTraining } from '../../learning/own-cluster/acceptance-gate.ts';
import {
  OwnClusterTraining,
  type TrainedScorer,
  type TrainingSettings,
} from '../../learning/own-cluster/training.ts';
import type { Twin } from '../../learning/own-cluster/twin.ts';
import type { SimulationInput, SimulationResult } from '../../simulation/simulation.ts';
import { cloneOfHindsight } from './clone-of-hindsight.ts';
import { trainUntil } from './train-until.ts';

const VALIDATIONS = 6;
/** Of the time, up to where placements are looked for with hindsight. */
const HINDSIGHT_SHARE = 0.3;
/** Generations never end it: time does. */
const ENDLESS = 1_000_000;

export interface TimedTraining extends TrainedScorer {
  readonly generations: number;
  /** Whether evolution began at the clone of hindsight, not at the rule. */
  readonly beganAtClone: boolean;
  readonly decisions: number;
  /** CPU seconds, choice of the rule and validations among them. */
  readonly seconds: number;
}

/**
 * Trains on a twin for so many CPU seconds, the choice of the rule to begin at and six validations among them. How many
 * generations that is depends on the machine; nothing else does.
 *
 * @param cpuSeconds of this process so far
 */
export function trainWithin(options: {
  readonly twin: Twin;
  readonly simulate: (input: SimulationInput) => SimulationResult;
  readonly settings: Omit<TrainingSettings, 'generations' | 'validations'>;
  readonly seconds: number;
  readonly cpuSeconds: () => number;
}): TimedTraining {
  const { simulate, seconds, cpuSeconds } = options;
  const twin = seldomAsked(options.twin);
  const began = cpuSeconds();
  const spent = () => cpuSeconds() - began;
  const settings = { ...options.settings, generations: ENDLESS, validations: 1 };
  const training = new OwnClusterTraining({
    twin,
    simulate,
    settings,
    beginnings: (start) => {
      const hasTime = () => spent() < HINDSIGHT_SHARE * seconds;
      const clone = cloneOfHindsight(twin, start, simulate, hasTime);
      return clone === undefined ? [] : [clone];
    },
  });
  trainUntil(training, { settings, validations: VALIDATIONS, seconds, spent });
  return {
    ...training.result(),
    generations: training.generation,
    beganAtClone: training.beganElsewhere,
    decisions: training.decisions,
    seconds: spent(),
  };
}

/** Ticks of training against those of the cluster. */
const COARSER = 2;

/**
 * A twin whose workloads for training ask waiting pods half as often: most of the time of an episode goes into asking them again.
 * The choice of the rule, and what is accepted, stay with the cluster's own ticks.
 */
function seldomAsked(twin: Twin): Twin {
  if (!twin.waits) return twin;
  return {
    ...twin,
    situation(seed) {
      const situation = twin.situation(seed);
      if (!isForTraining(seed)) return situation;
      const { options } = situation;
      return { ...situation, options: { ...options, tickSeconds: COARSER * options.tickSeconds } };
    },
  };
}
