import { defineErrors } from '../../util/errors.ts';

export const admissionErrors = defineErrors({
  KISIM_E_ADMISSION_POLICY: {
    summary: 'the admission policy failed',
    expected: 'the index of a waiting job that fits now, or none',
    action:
      'see the reason here; nothing is admitted until the policy can decide again, or another one is named',
  },
  KISIM_E_ADMISSION_JOB: {
    summary: 'a job in the queue cannot be read',
    expected: 'templates with requests that the API server would take for pods',
    action: 'correct the job that is named; it waits, and others go past it',
  },
});
