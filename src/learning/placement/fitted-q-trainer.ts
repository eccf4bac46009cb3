import { scorerTrainer } from '../own-cluster/scorer-trainer.ts';
import { stepsWithin } from '../own-cluster/steps-within.ts';
import type { SavedState } from '../saved-state.ts';
import type { Trainer, TrainingAlgorithm } from '../trainer.ts';
import {
  defaultFittedQ,
  type FittedQSettings,
  FittedQTraining,
  type SavedFittedQ,
} from './fitted-q-training.ts';

/** Rounds that a measurement takes. */
const MEASURED_ROUNDS = 2;

/** Q-learning as a residual on the best rule, on the twin. */
export const fittedQ: TrainingAlgorithm = {
  name: 'dqn',
  summary: 'Q-learning as a residual on the best rule, linear in the terms of the structured scorer',
  unit: 'rounds',
  begin({ twin, episodes, seed, steps, saved }) {
    const settings = settingsOf(seed, steps);
    return trainerOf(
      new FittedQTraining({
        twin,
        episodes,
        settings,
        ...(saved === undefined ? {} : { saved: withRounds(saved, settings) }),
      }),
    );
  },
  stepsWithin(seconds, { twin, episodes, seed, begun, clock, reportWorkloads }) {
    const settings = { ...settingsOf(seed, MEASURED_ROUNDS), validations: 1 };
    const training = new FittedQTraining({ twin, episodes, settings, saved: withRounds(begun, settings) });
    const before = clock();
    while (!training.isDone) training.step();
    const measured = { seconds: (clock() - before) / 1000, steps: MEASURED_ROUNDS };
    const { episodesPerRound, probeSeeds, ridges, mixings } = defaultFittedQ;
    const eachStep = episodesPerRound + (1 + ridges.length * mixings.length) * probeSeeds;
    return stepsWithin(seconds, measured, { ...defaultFittedQ, eachStep, reportWorkloads });
  },
};

function settingsOf(seed: number, steps: number): FittedQSettings {
  return {
    ...defaultFittedQ,
    seed,
    rounds: steps,
    validations: Math.min(defaultFittedQ.validations, steps),
  };
}

/** A training that has only begun knows nothing of how many rounds there will be. */
function withRounds(saved: SavedState, settings: FittedQSettings): SavedFittedQ {
  const training = saved as unknown as SavedFittedQ;
  return training.round === 0 ? { ...training, settings } : training;
}

function trainerOf(training: FittedQTraining): Trainer {
  return scorerTrainer(training, {
    step: () => training.step(),
    told: () => ({
      step: training.round,
      steps: training.settings.rounds,
      measures: { mixing: training.mixing },
    }),
  });
}
