import { JobRows, ROW_WIDTH, ROWS, SHOWN_JOBS } from '../policies/job-rows.ts';
import { NONE } from '../policy.ts';
import type { QueueView } from './view.ts';

export const OWN_VIEW = 'own';

/** The program's own state: a row a job, with what is free, reserved and cheap. */
export function ownView(): QueueView {
  const rows = new JobRows();
  return {
    name: OWN_VIEW,
    observationSize: ROWS * ROW_WIDTH,
    options: ROWS,
    entities: ROWS,
    read: (state, observation, mask) => {
      rows.fill(state);
      observation.set(rows.rows);
      mask.set(rows.mask);
    },
    choiceOf: (option) => (option === SHOWN_JOBS ? NONE : rows.jobOf[option]!),
    podsPerNode: (option, state) => (option === SHOWN_JOBS ? undefined : rows.roomOf(option, state)),
    reasons: (option) => rows.reasons(option),
  };
}
