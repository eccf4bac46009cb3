import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_LEARNING_PORTFOLIO: {
    summary: 'there is nothing to choose a policy from or by',
    expected: 'at least one policy and at least one situation',
    action: 'name the policies and a workload to simulate them on',
  },
  KISIM_E_LEARNING_SETTINGS: {
    summary: 'a training cannot be set so',
    expected:
      'whole numbers from 1, at least 4 points a generation, 2 workloads of validation, no more workloads a generation than there are, and sigma above 0',
    action: 'correct the setting named here',
  },
  KISIM_E_LEARNING_CHECKPOINT: {
    summary: 'a saved training cannot be gone on with',
    expected: 'a checkpoint of this version, made with the same settings on the same cluster',
    action: 'go on with the settings that it was begun with, or begin anew in another folder',
  },
});
