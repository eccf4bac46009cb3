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
  KISIM_E_LEARNING_STATE: {
    summary: 'a saved training cannot be read',
    expected: 'a whole file of this version, written on a machine of the same byte order',
    action: 'go on from an older checkpoint, or begin anew',
  },
  KISIM_E_LEARNING_ENVIRONMENT: {
    summary: 'an environment cannot be learned in',
    expected: 'finite rewards and observations, and at least one valid option of every choice',
    action: 'correct the environment named here; nothing was learned from this step',
  },
});
