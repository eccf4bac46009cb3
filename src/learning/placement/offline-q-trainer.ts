import { scorerTrainer } from '../own-cluster/scorer-trainer.ts';
import type { SavedState } from '../saved-state.ts';
import type { Trainer, TrainingAlgorithm } from '../trainer.ts';
import {
  defaultOfflineQ,
  type OfflineQSettings,
  OfflineQTraining,
  type SavedOfflineQ,
} from './offline-q-training.ts';

/** Steps that a measurement takes. */
const MEASURED_STEPS = 2;

/** Q-learning from recorded decisions alone. */
export const offlineQ: TrainingAlgorithm = {
  name: 'offline-dqn',
  summary:
    'conservative Q-learning from recorded decisions (--from-history --arrivals), no simulation to learn from',
  unit: 'steps',
  begin({ twin, episodes, seed, steps, saved }) {
    const settings = settingsOf(seed, steps);
    return trainerOf(
      new OfflineQTraining({
        twin,
        episodes,
        settings,
        ...(saved === undefined ? {} : { saved: withSteps(saved, settings) }),
      }),
    );
  },
  stepsWithin(seconds, { twin, episodes, seed, begun, clock, reportWorkloads }) {
    const settings = { ...settingsOf(seed, MEASURED_STEPS), validations: 1 };
    const training = new OfflineQTraining({ twin, episodes, settings, saved: withSteps(begun, settings) });
    let before = clock();
    training.advance();
    const updates = (clock() - before) / 1000;
    before = clock();
    training.validate();
    const { validationSeeds, acceptanceSeeds, validations, mixings } = settings;
    const episode = (clock() - before) / 1000 / (validationSeeds * (mixings.length + 1));
    const judged = validations * validationSeeds * mixings.length + validationSeeds;
    const once = episode * (judged + 2 * (acceptanceSeeds + reportWorkloads));
    return Math.max(1, Math.floor((seconds - once) / Math.max(1e-3, updates)));
  },
};

function settingsOf(seed: number, steps: number): OfflineQSettings {
  return {
    ...defaultOfflineQ,
    seed,
    steps,
    validations: Math.min(defaultOfflineQ.validations, steps),
  };
}

/** A training that has only begun knows nothing of how many steps there will be. */
function withSteps(saved: SavedState, settings: OfflineQSettings): SavedOfflineQ {
  const training = saved as unknown as SavedOfflineQ;
  if (training.step !== 0) return training;
  const agent = { ...training.agent, settings: agentSettings(training.agent, settings) };
  return { ...training, settings, agent };
}

function agentSettings(agent: SavedState, { steps, updatesPerStep }: OfflineQSettings): SavedState {
  return { ...(agent['settings'] as SavedState), totalSteps: steps * updatesPerStep };
}

function trainerOf(training: OfflineQTraining): Trainer {
  return scorerTrainer(training, {
    step: () => training.advance(),
    told: () => ({
      step: training.step,
      steps: training.settings.steps,
      measures: {
        ...training.figures,
        recorded: training.data.transitions.rows,
        byRules: training.data.decided,
      },
    }),
  });
}
