import { defineErrors } from '../../util/errors.ts';

export const jmeterErrors = defineErrors({
  KISIM_E_LOAD_PLAN: {
    summary: 'the JMeter plan cannot be read',
    expected: 'a .jmx file that JMeter has saved',
    action: 'check its path and its XML, or save it again from JMeter',
  },
  KISIM_E_LOAD_PLAN_ELEMENT: {
    summary: 'the JMeter plan has an element that is not understood',
    expected:
      'thread groups, HTTP requests and their defaults, header managers, user-defined variables, constant and uniform random timers, simple, transaction and loop controllers, listeners',
    action:
      'disable the element in the plan (disabled ones are passed over), or say what it does with what is understood',
  },
  KISIM_E_LOAD_PLAN_VALUE: {
    summary: 'a value in the JMeter plan is not usable',
    expected: 'numbers where numbers belong, and only variables that the plan defines',
    action: 'correct the element that is named',
  },
});
