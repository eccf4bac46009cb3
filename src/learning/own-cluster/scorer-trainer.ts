import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import type { SavedState } from '../saved-state.ts';
import type { Trainer, TrainerProgress } from '../trainer.ts';
import type { Validation } from './acceptance-gate.ts';

/** What every training of the scorer's weights offers, whatever moves them. */
export interface ScorerTraining extends Pick<Trainer, 'isDone' | 'result' | 'report'> {
  readonly decisions: number;
  readonly start: WeightedRule;
  readonly validations: readonly Validation[];
  readonly best: Validation;
  save(): object;
}

/** @param own how far it is, in its own unit, and its own figures; and one step of it */
export function scorerTrainer(
  training: ScorerTraining,
  own: {
    step(): void;
    told(): Pick<TrainerProgress, 'step' | 'steps' | 'measures'>;
  },
): Trainer {
  return {
    get isDone() {
      return training.isDone;
    },
    step: () => own.step(),
    progress: () => ({
      ...own.told(),
      decisions: training.decisions,
      start: training.start.name,
      last: training.validations.at(-1),
      best: training.best,
    }),
    save: () => training.save() as SavedState,
    result: () => training.result(),
    report: (rule, workloads) => training.report(rule, workloads),
  };
}
