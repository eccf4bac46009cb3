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
  const training = new FittedQTraining({
    twin,
    settings: { ...options.settings, rounds: ENDLESS, validations: 1 },
  });
  const from = spent();
  let longest = 0;
  let validated = 0;
  /** In validations: both look at two points on each workload. */
  const acceptance = options.settings.acceptanceSeeds / options.settings.validationSeeds;
  for (let part = 1; part <= VALIDATIONS; part++) {
    // What the validations that are still to come and the acceptance will take is kept free for them.
    const until = seconds - longest - (VALIDATIONS - part + acceptance) * validated;
    const due = from + ((until - from) * part) / VALIDATIONS;
    const begun = training.round;
    while (spent() < due || training.round === begun) {
      const before = spent();
      training.step();
      longest = Math.max(longest, spent() - before);
      if (spent() >= seconds) break;
    }
    const before = spent();
    training.validate();
    validated = spent() - before;
    if (spent() + longest + acceptance * validated >= seconds) break;
  }
  return { ...training.result(), rounds: training.round, seconds: spent() };
}
