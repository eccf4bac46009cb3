import { defineErrors } from '../../../util/errors.ts';

export const manifestErrors = defineErrors({
  KISIM_E_MANIFEST_SYNTAX: {
    summary: 'the manifest is neither YAML nor JSON',
    expected: 'Kubernetes manifests as `kubectl get -o yaml` or `-o json` prints them',
    action: 'correct the line',
  },
  KISIM_E_MANIFEST_KIND: {
    summary: 'the manifest is of a kind that is not known here',
    expected:
      'Node, Pod, List, Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet, Job, Service, ...',
    action: 'leave the object out, or write the pods that it stands for',
  },
  KISIM_E_MANIFEST_INVALID: {
    summary: 'the manifest is not valid',
    expected: 'fields as the Kubernetes API defines them',
    action: 'correct the field; `kubectl apply --dry-run=server` tells what a cluster would accept',
  },
  KISIM_E_MANIFEST_QUANTITY: {
    summary: 'an amount of a resource cannot be read',
    expected:
      'a number with an optional suffix: n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei, or an exponent',
    action: 'correct the amount',
  },
  KISIM_E_MANIFEST_MISSING: {
    summary: 'there are no manifests to read',
    expected: 'files or folders with .yaml, .yml or .json files',
    action: 'check the path',
  },
});
