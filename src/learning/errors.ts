import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_LEARNING_PORTFOLIO: {
    summary: 'there is nothing to choose a policy from or by',
    expected: 'at least one policy and at least one situation',
    action: 'name the policies and a workload to simulate them on',
  },
});
