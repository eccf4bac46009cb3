import { defineErrors } from '../../util/errors.ts';

export const collectErrors = defineErrors({
  KISIM_E_COLLECT_NOT_WRITTEN: {
    summary: 'what is collected cannot be written',
    expected: 'a disk with free space that takes the history',
    action:
      'free some space and give the same command again: it goes on in the same file; all that was told as written is there',
  },
  KISIM_E_COLLECT_PERMISSION: {
    summary: 'the account may not see what is to be collected',
    expected:
      'an account that may list and watch nodes, namespaces, pods and Jobs; for a workload also make and delete Jobs',
    action: 'give the account the permission named here, or use another with --kubeconfig and --context',
  },
  KISIM_E_COLLECT_NAMESPACE: {
    summary: 'the namespace is not one that workloads may be made in',
    expected: 'a namespace that does not exist yet, or that carries the label kisimd.io/collect',
    action: 'give another with --namespace, or label it: what runs in it beside the workload is left alone',
  },
  KISIM_E_COLLECT_WORKLOAD: {
    summary: 'a Job of the workload cannot be made',
    expected: 'an API server that takes Jobs in the namespace',
    action: 'mend what the server names here and give the same command again; what was collected is there',
  },
  KISIM_E_COLLECT_SERVER: {
    summary: 'the cluster is not heard any more',
    expected: 'an API server that answers, at the latest some time after the start',
    action: 'check the connection and the account; what was collected is there',
  },
});
