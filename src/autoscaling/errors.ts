import { defineErrors } from '../util/errors.ts';

export const autoscalingErrors = defineErrors({
  KISIM_E_AUTOSCALE_METRIC: {
    summary: 'a metric that the autoscaling policy needs is missing',
    expected: 'a finite number for each field that the policy reads, in every interval',
    action:
      'see why nothing was measured (no request ended, no target answers, a query finds no series); the episode stops here, replicas stay as they are',
  },
  KISIM_E_AUTOSCALE_MODEL: {
    summary: 'a model is no autoscaling policy',
    expected:
      'a model that `kisimd autoscale --train` wrote: ten numbers, and actions of 5, 5 and 3 or of 75',
    action: 'name another model, or train one',
  },
  KISIM_E_AUTOSCALE_CONFIG: {
    summary: 'the configuration of autoscaling is not usable',
    expected:
      'the keys of docs/user/autoscale.md, with intervals that divide the episode and min at most max',
    action: 'correct the key that is named',
  },
});
