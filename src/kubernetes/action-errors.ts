import { defineErrors } from '../util/errors.ts';

export const actionErrors = defineErrors({
  KISIM_E_KUBE_WRITE: {
    summary: 'a decision could not be written to the cluster',
    expected: 'an API server that takes the patch within a few tries',
    action: 'nothing at once: the sweep frees the pod; see the reason here if it happens again',
  },
  KISIM_E_KUBE_LEASE: {
    summary: 'the times of the leader election contradict each other',
    expected:
      'a lease longer than the time for its renewal, and that longer than 1.2 times the time between tries',
    action: 'correct the times; 15, 10 and 2 seconds are usual',
  },
  KISIM_E_EXTENDER_LISTEN: {
    summary: 'the scheduler extender cannot listen',
    expected: 'a free port on an address of this machine',
    action: 'choose another port, or end the program that holds it',
  },
  KISIM_E_EXTENDER_REQUEST: {
    summary: 'a request to the scheduler extender is not usable',
    expected: 'what kube-scheduler sends: POST with a Pod, and Nodes or NodeNames',
    action:
      "compare urlPrefix, filterVerb and prioritizeVerb of the scheduler's configuration with the manual",
  },
  KISIM_E_EXTENDER_TOO_LARGE: {
    summary: 'a request to the scheduler extender is too large',
    expected: 'a body within the limit',
    action: 'set nodeCacheCapable: true for the extender, so that the scheduler sends names instead of nodes',
  },
  KISIM_E_EXTENDER_SLOW: {
    summary: 'the scheduler extender did not decide in time',
    expected: 'a score of every node within the time limit',
    action: "raise httpTimeout of the scheduler's configuration and the extender's time limit together",
  },
  KISIM_E_EXTENDER_SCORE: {
    summary: 'the policy could not score the nodes of a pod',
    expected: 'a score from 0 to 10 for nodes that the policy knows',
    action: 'see the log for the cause; pods are placed by the scheduler alone meanwhile',
  },
  KISIM_E_WEBHOOK_LISTEN: {
    summary: 'the webhook that gates pods cannot listen',
    expected: 'a free port on an address of this machine, and a certificate with its key in PEM',
    action: 'choose another port, or correct certificate and key',
  },
  KISIM_E_WEBHOOK_REQUEST: {
    summary: 'a request to the webhook that gates pods is not usable',
    expected: 'an AdmissionReview (admission.k8s.io/v1) from an API server, of at most 4 MiB',
    action: 'correct the address in the MutatingWebhookConfiguration, or find out who else asks',
  },
});
