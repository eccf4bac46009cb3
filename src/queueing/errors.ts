import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_QUEUE_POLICY_UNKNOWN: {
    summary: 'there is no admission policy of this name',
    expected: 'a policy of docs/user/queue.md, or model:FILE',
    action: 'correct the name',
  },
  KISIM_E_QUEUE_CHOICE: {
    summary: 'an admission policy chose a job that it may not admit',
    expected: 'the index of a job that fits now, or none',
    action: 'correct the policy; nothing was admitted',
  },
  KISIM_E_QUEUE_STATE: {
    summary: 'a state of the queue lacks what its policy was trained on',
    expected: 'the use of CPU and memory and the killed pods, which the state skrueue holds',
    action: 'have them measured, or use a policy of the state own, which needs none of them',
  },
  KISIM_E_QUEUE_WORKLOAD: {
    summary: 'jobs cannot be queued so',
    expected: 'jobs in the order of their arrival, of at least one pod, with sizes and times above 0',
    action: 'correct the job or the setting named here',
  },
  KISIM_E_QUEUE_FILE: {
    summary: 'a workload file cannot be used',
    expected: 'the keys of docs/user/queue.md, or the configuration file of SKRueue',
    action: 'correct the line named here',
  },
  KISIM_E_QUEUE_OPTIONS: {
    summary: 'the options of queue do not go together',
    expected: 'the options of docs/user/queue.md',
    action: 'correct the option named here',
  },
  KISIM_E_QUEUE_MODEL: {
    summary: 'a model of an admission policy cannot be used',
    expected: 'a file that kisimd queue --train wrote, of this version',
    action: 'name another file, or train again',
  },
});
