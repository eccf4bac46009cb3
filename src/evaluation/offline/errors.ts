import { defineErrors } from '../../util/errors.ts';

export const offlineErrors = defineErrors({
  KISIM_E_OFFLINE_UNSUPPORTED: {
    summary: 'no offline yardstick can be computed for this cluster or workload',
    expected:
      'nodes with power curves and without hyper-threading, GPUs and other resources; constant use of at most the request',
    action: 'leave out the offline column, or the scenario',
  },
  KISIM_E_OFFLINE_QUEUES: {
    summary: 'pods have to queue, so that there is no solution without delay to look for',
    expected: 'a cluster on which every pod finds room when it arrives',
    action: 'lower the load, or leave out the offline column',
  },
  KISIM_E_OFFLINE_DISAGREES: {
    summary: 'the engine finds another energy for the offline solution than its search',
    expected: 'the same joules to nine digits',
    action: 'report this with the command that you ran',
  },
});
