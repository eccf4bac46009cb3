import { simulate } from '../../simulation/engine.ts';
import type { SavedState } from '../saved-state.ts';
import type { Trainer, TrainingAlgorithm } from '../trainer.ts';
import { scorerTrainer } from './scorer-trainer.ts';
import { stepsWithin } from './steps-within.ts';
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
    const measured = { seconds: (clock() - before) / 1000, steps: MEASURED_GENERATIONS };
    const { population, seedsPerGeneration } = defaultTraining;
    const eachStep = (population + 1) * seedsPerGeneration;
    return stepsWithin(seconds, measured, { ...defaultTraining, eachStep, reportWorkloads });
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
