import { defineErrors } from '../../util/errors.ts';

export const blockerErrors = defineErrors({
  KISIM_E_BLOCK_POD_START: {
    summary: 'the pod that is to hold it does not start',
    expected: 'a node with room for the pod, and an image of kisimd that the node can get',
    action: 'see `kubectl describe pod`, correct --node or --image, or ask for less',
  },
  KISIM_E_BLOCK_POD_GONE: {
    summary: 'the pod that holds it has gone',
    expected: 'a pod that stays until its time is over',
    action: 'see the events of its namespace: it was deleted or evicted by somebody else',
  },
  KISIM_E_BLOCK_POD_FAILED: {
    summary: 'the pod could not hold what was asked for',
    expected: 'a pod that ends with a report',
    action: 'see what it says, and ask for less or correct what is named',
  },
});
