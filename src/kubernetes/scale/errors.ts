import { defineErrors } from '../../util/errors.ts';

export const scaleErrors = defineErrors({
  KISIM_E_SCALE_GONE: {
    summary: 'a Deployment that is to be scaled is not there',
    expected: 'a Deployment of that name in that namespace, the same one from the first look to the last',
    action:
      'see `kubectl get deployments -n NAMESPACE`; nothing is scaled until it is there and this runs again',
  },
  KISIM_E_SCALE_NOT_OPTED_IN: {
    summary: 'a Deployment does not ask to be scaled',
    expected: 'the label kisimd.io/scale=enabled on the Deployment',
    action: '`kubectl label deployment NAME -n NAMESPACE kisimd.io/scale=enabled`, or name another one',
  },
  KISIM_E_SCALE_CONTESTED: {
    summary: 'somebody else scales a Deployment too',
    expected: 'one controller alone that sets its replicas',
    action:
      'remove the HorizontalPodAutoscaler or the tool that sets them, or take the label kisimd.io/scale off',
  },
});
