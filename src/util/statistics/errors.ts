import { defineErrors } from '../errors.ts';

export const errors = defineErrors({
  KISIM_E_STATISTICS_UNPAIRED: {
    summary: 'values cannot be compared in pairs',
    expected: 'as many values as baselines, and baselines above 0',
    action: 'report this with the command that you ran',
  },
});
