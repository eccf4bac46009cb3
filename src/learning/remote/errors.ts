import { defineErrors } from '../../util/errors.ts';

export const remoteErrors = defineErrors({
  KISIM_E_TRAINING_ORDER: {
    summary: 'an order to train cannot be carried out here',
    expected:
      'an order of this version of the program, and a seed of it by JOB_COMPLETION_INDEX, as the pods of a training have them',
    action: 'use an image with the same version of the program as the one that asks for the training',
  },
  KISIM_E_TRAINING_RESULT: {
    summary: 'what a worker brought back is not what was asked for',
    expected:
      'a whole result of this version: a usable model with its card, of the seed, algorithm and cluster of the order',
    action: 'use an image with the same version of the program as the one that asks for the training',
  },
});
