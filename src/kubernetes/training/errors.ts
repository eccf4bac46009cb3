import { defineErrors } from '../../util/errors.ts';

export const trainingErrors = defineErrors({
  KISIM_E_TRAINING_ORDER_SIZE: {
    summary: 'the order of a training does not fit into a ConfigMap',
    expected: 'at most 1,000,000 bytes compressed, with the table of servers',
    action: 'train on this host, or for a cluster of fewer nodes and kinds of pods',
  },
  KISIM_E_TRAINING_FORBIDDEN: {
    summary: 'who runs this may not train on that cluster',
    expected: 'the verbs that docs/user/training.md lists, in the namespace of the Job',
    action:
      'have an administrator give you these verbs (the role `edit` has them all), or name another --namespace',
  },
  KISIM_E_TRAINING_NAMESPACE: {
    summary: 'there is no such namespace',
    expected: 'a namespace that exists and is not being deleted',
    action: 'make it (`kubectl create namespace NAME`), or name another one by --namespace',
  },
  KISIM_E_TRAINING_REFUSED: {
    summary: 'the cluster refuses the Job or its pods',
    expected: 'a Job whose pods the API server admits: see quotas, limits and policies of the namespace',
    action: 'correct what the API server names, or name another --namespace',
  },
  KISIM_E_TRAINING_IMAGE: {
    summary: 'no worker can be started',
    expected: 'an image that the nodes can pull or have, whose entry point is kisimd',
    action: 'correct --image, or the access to its registry; `kubectl describe pod` tells more',
  },
  KISIM_E_TRAINING_FAILED: {
    summary: 'seeds could not be trained',
    expected: 'workers that end with a result',
    action: 'see what is told of each seed; --resume trains those that are missing once more',
  },
  KISIM_E_TRAINING_GONE: {
    summary: 'the Job of a training is gone before its end',
    expected: 'a Job that nobody deletes',
    action: 'nothing that was gathered is lost: --resume trains the seeds that are missing in another Job',
  },
  KISIM_E_TRAINING_LOST: {
    summary: 'results of workers that had finished are not to be had',
    expected: 'pods that stay, with their output, until it is gathered',
    action: 'see whether something deletes finished pods or their logs, then use --resume',
  },
});
