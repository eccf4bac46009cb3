import { defineErrors } from '../../../util/errors.ts';

export const simonErrors = defineErrors({
  KISIM_E_SIMON_KIND: {
    summary: 'a simulator configuration is of another kind',
    expected: '`apiVersion: simon/v1alpha1, kind: Config`, or a KubeSchedulerConfiguration behind -s',
    action: 'give the file that is meant',
  },
  KISIM_E_SIMON_CONFIG: {
    summary: 'a simulator configuration says what cannot be done',
    expected:
      'the fields of open-simulator and kubernetes-scheduler-simulator that docs/user/simulate.md names',
    action: 'correct or remove the field',
  },
  KISIM_E_SIMON_PLUGIN: {
    summary: 'a scheduler configuration names a plugin that is not known here',
    expected:
      'score plugins of kubernetes-scheduler-simulator, PWR or Kubernetes, as docs/user/simulate.md names them',
    action: 'correct the name, or take a policy with --policy',
  },
});
