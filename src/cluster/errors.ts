import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_CLUSTER_INVALID: {
    summary: 'the cluster is not usable',
    expected: 'nodes with distinct names and positive CPU, memory and pod capacity',
    action: 'correct the node list',
  },
  KISIM_E_CLUSTER_OVERFULL: {
    summary: 'a pod was placed where it does not fit',
    expected: 'placements within the free capacity of a node that is on',
    action: 'report this with the command that you ran: a policy must choose among its candidates',
  },
});
