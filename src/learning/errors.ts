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
  KISIM_E_LEARNING_DIVERGED: {
    summary: 'a training has diverged',
    expected: 'losses that stay finite',
    action: 'go back to the last checkpoint, which is as it was, with a lower learning rate',
  },
  KISIM_E_LEARNING_DATA: {
    summary: 'recorded decisions cannot be learned from',
    expected: 'at least one row, and arrays as long as their rows and the shape of the environment ask for',
    action: 'record the decisions anew, or name the environment that they were made in',
  },
  KISIM_E_LEARNING_TWIN: {
    summary: 'no twin of the cluster can be made',
    expected: 'nodes with power curves, and pods that come and go',
    action: 'see what is missing; `--scenario` trains on a cluster of the program instead',
  },
  KISIM_E_LEARNING_HISTORY: {
    summary: 'the history is too short to make a twin of',
    expected:
      'at least an hour in which the cluster was watched, and at least 20 pods that came and ended in it',
    action: 'let the daemon watch for longer, or use `--for-cluster` without `--from-history`',
  },
  KISIM_E_LEARNING_OUTPUT: {
    summary: 'a file of a training cannot be written',
    expected: 'a folder that this user may write, with room on the disk',
    action: 'make room or correct the permissions, then go on with --resume: what was saved before is whole',
  },
  KISIM_E_LEARNING_FOLDER: {
    summary: 'a training cannot use this folder',
    expected: 'a new or empty folder to begin in; with --resume one in which a training was begun',
    action: 'name another folder, or add --resume to go on with the training in this one',
  },
  KISIM_E_LEARNING_MODEL: {
    summary: 'a model of a network cannot be used',
    expected:
      'an ONNX file that this program wrote, unchanged, with finite weights, for the task that it is used in',
    action: 'name the right file, or train the model anew',
  },
  KISIM_E_LEARNING_ASSIGNMENT: {
    summary: 'placements found with hindsight cannot be imitated',
    expected: 'a node with room on arrival for every pod, and decisions with more than one candidate',
    action: 'train without them, or on a cluster of more nodes',
  },
});
