import { trainUntil } from '../../../src/evaluation/own-cluster/train-until.ts';
import type { TrainedScorer } from '../../../src/learning/own-cluster/training.ts';
import type { Twin } from '../../../src/learning/own-cluster/twin.ts';
import { type FittedQSettings, FittedQTraining } from '../../../src/learning/placement/fitted-q-training.ts';

const VALIDATIONS = 10;
/** Rounds never end it: time does. */
const ENDLESS = 1_000_000;

export interface TimedFittedQ extends TrainedScorer {
  readonly rounds: number;
  /** CPU seconds, choice of the rule and validations among them. */
  readonly seconds: number;
}

/** Trains on a twin for so many CPU seconds, as `trainWithin` does with evolution. */
export function fittedQWithin(options: {
  readonly twin: Twin;
  readonly settings: Omit<FittedQSettings, 'rounds' | 'validations'>;
  readonly seconds: number;
  readonly cpuSeconds: () => number;
}): TimedFittedQ {
  const { twin, seconds, cpuSeconds } = options;
  const began = cpuSeconds();
  const spent = () => cpuSeconds() - began;
  const settings = { ...options.settings, rounds: ENDLESS, validations: 1 };
  const training = new FittedQTraining({ twin, settings });
  trainUntil(training, { settings, validations: VALIDATIONS, seconds, spent });
  return { ...training.result(), rounds: training.round, seconds: spent() };
}
