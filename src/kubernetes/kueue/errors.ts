import { defineErrors } from '../../util/errors.ts';

export const kueueErrors = defineErrors({
  KISIM_E_KUEUE_VERSION: {
    summary: 'the Kueue of the cluster serves no version of its API that is known here',
    expected: 'kueue.x-k8s.io v1beta2 or v1beta1',
    action:
      'upgrade Kueue, or leave its workloads to it: `kisimd queue --live` without --kueue admits Jobs alone',
  },
  KISIM_E_KUEUE_ABSENT: {
    summary: 'the cluster has no Kueue',
    expected: 'the API group kueue.x-k8s.io',
    action:
      'install Kueue, or leave --kueue out: Jobs with kisimd.io/start=when-admitted are admitted without it',
  },
});
