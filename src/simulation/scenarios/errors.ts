import { defineErrors } from '../../util/errors.ts';

export const scenarioErrors = defineErrors({
  KISIM_E_SCENARIO_UNKNOWN: {
    summary: 'there is no such scenario',
    expected: 'a name of docs/developer/scenarios.md',
    action: 'correct the name; capital and small letters are told apart',
  },
  KISIM_E_SCENARIO_INVALID: {
    summary: 'a scenario cannot be generated like this',
    expected: 'whole seeds of at least 0 and a load above 0 and at most 2',
    action: 'correct the number',
  },
  KISIM_E_SCENARIO_HARDWARE: {
    summary: 'no cluster can be drawn from this table of servers',
    expected: 'three CPU models of which 1 to 8 nodes each have 190 to 290 threads together',
    action: 'give a table with more kinds of servers',
  },
});
