import { simulate } from '../../simulation/engine.ts';
import type { SavedState } from '../saved-state.ts';
import type { Trainer, TrainingAlgorithm } from '../trainer.ts';
import { scorerTrainer } from './scorer-trainer.ts';
import {
  defaultTraining,
  OwnClusterTraining,
  type SavedTraining,
  type TrainingSettings,
} from './training.ts';

/** Generations that a measurement takes; the first of them also simulates the rule on its workloads. */
const MEASURED_GENERATIONS = 3;

/** sep-CMA-ES over the weights of the structured scorer, on the twin. */
export const evolution: TrainingAlgorithm = {
  name: 'es',
  summary: 'evolution of the weights of the structured scorer (sep-CMA-ES), from the best rule',
  unit: 'generations',
  begin({ twin, episodes, seed, steps, saved }) {
    const settings = settingsOf(seed, steps);
    return trainerOf(
      new OwnClusterTraining({
        twin,
        simulate,
        episodes,
        settings,
        ...(saved === undefined ? {} : { saved: withSteps(saved, settings) }),
      }),
    );
  },
  stepsWithin(seconds, { twin, episodes, seed, begun, clock, reportWorkloads }) {
    const before = clock();
    const settings = settingsOf(seed, MEASURED_GENERATIONS);
    const training = new OwnClusterTraining({
      twin,
      simulate,
      episodes,
      settings: { ...settings, validations: 1 },
      saved: withSteps(begun, { ...settings, validations: 1 }),
    });
    while (!training.isDone) training.step();
    const { population, seedsPerGeneration, validationSeeds, acceptanceSeeds, validations } = defaultTraining;
    // Counted in episodes, since what a generation costs depends on whether it validates.
    const generation = (population + 1) * seedsPerGeneration;
    const secondsAnEpisode =
      (clock() - before) / 1000 / (MEASURED_GENERATIONS * generation + 3 * validationSeeds);
    const left = seconds / secondsAnEpisode;
    // A validation looks at the mean and at the average of the means.
    const once = 2 * (reportWorkloads + acceptanceSeeds) + (2 * validations + 1) * validationSeeds;
    return Math.max(1, Math.floor((left - once) / generation));
  },
};

function settingsOf(seed: number, steps: number): TrainingSettings {
  return {
    ...defaultTraining,
    seed,
    generations: steps,
    validations: Math.min(defaultTraining.validations, steps),
  };
}

/** A training that has only begun knows nothing of how many generations there will be. */
function withSteps(saved: SavedState, settings: TrainingSettings): SavedTraining {
  const training = saved as unknown as SavedTraining;
  return training.search.generation === 0 ? { ...training, settings } : training;
}

function trainerOf(training: OwnClusterTraining): Trainer {
  return scorerTrainer(training, {
    step: () => training.step(),
    told: () => ({
      step: training.generation,
      steps: training.settings.generations,
      measures: { sigma: training.sigma },
    }),
  });
}
