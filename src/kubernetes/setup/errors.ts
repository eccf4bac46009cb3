import { defineErrors } from '../../util/errors.ts';

export const setupErrors = defineErrors({
  KISIM_E_SETUP_FORBIDDEN: {
    summary: 'who runs this may not do all that it takes',
    expected: 'a user who may make roles, admission policies and namespaces, such as cluster-admin',
    action: 'run it with the kubeconfig of an administrator, or have one give you these verbs',
  },
  KISIM_E_SETUP_TWICE: {
    summary: 'pods of this cluster are gated already, by another set-up',
    expected: 'one set-up of kisimd in a cluster: a pod that is gated twice waits for two daemons',
    action: 'remove the other one first, or go on with it',
  },
  KISIM_E_SETUP_FOREIGN: {
    summary: 'an object of this name belongs to somebody else',
    expected: 'no object of this name, or one labelled app.kubernetes.io/managed-by=kisimd',
    action: 'rename or remove it; with --force it is taken over',
  },
  KISIM_E_SETUP_CONFLICT: {
    summary: 'somebody else has set fields that kisimd needs',
    expected: 'objects of kisimd that nobody else writes',
    action: 'end what writes them (kubectl edit, a GitOps controller), or take the fields over with --force',
  },
  KISIM_E_SETUP_NO_POLICY: {
    summary: 'this API server cannot set gates by itself',
    expected: 'Kubernetes 1.36 with MutatingAdmissionPolicy (admissionregistration.k8s.io/v1)',
    action: 'use the webhook: --gates-by webhook --webhook-url https://HOST:28283/gate',
  },
  KISIM_E_SETUP_WEBHOOK_URL: {
    summary: 'the API server must know where the webhook is',
    expected:
      '--webhook-url https://HOST:PORT/gate, with the name or address by which the API server reaches the daemon',
    action:
      'give the address of this machine as seen from the API server, and the port of kubernetes.webhook-port; with Minikube the host is host.minikube.internal',
  },
  KISIM_E_SETUP_OPT_IN: {
    summary: 'this namespace cannot be opted in',
    expected: "a namespace of the cluster's users that exists",
    action: 'name namespaces whose pods may be placed: not kube-system and its like, and not the own one',
  },
  KISIM_E_SETUP_TERMINATING: {
    summary: "the program's own namespace is still being deleted",
    expected: 'a namespace that is there or not',
    action: 'run it again when `kubectl get namespace` does not show it any more',
  },
  KISIM_E_SETUP_NOT_GATING: {
    summary: 'new pods are not gated although all is set up',
    expected: 'the gate kisimd.io/placement on a pod that is tried out in an opted-in namespace',
    action:
      'look for admission plugins of the API server that are switched off (MutatingAdmissionPolicy) and for errors in its log, then run it again',
  },
  KISIM_E_SETUP_STILL_GATING: {
    summary: 'new pods are still gated although what gates them was removed',
    expected: 'a pod without the gate kisimd.io/placement',
    action:
      'look for another admission policy or webhook that sets it: `kubectl get mutatingadmissionpolicies`',
  },
  KISIM_E_SETUP_TOKEN: {
    summary: 'there is no token for the service',
    expected: 'a token of the service account kisimd from the API server',
    action: 'see that the controller manager of the cluster runs, and try again without --long-lived-token',
  },
  KISIM_E_SETUP_KUBECONFIG: {
    summary: 'the kubeconfig cannot be written',
    expected: 'a path in a folder that exists and may be written',
    action: 'choose another path, or make the folder',
  },
  KISIM_E_SETUP_LEFT: {
    summary: 'something of kisimd is left in the cluster',
    expected: 'nothing that carries its names',
    action: 'run `kisimd setup --remove` again; what stays is held by a finalizer or made by somebody else',
  },
  KISIM_E_SETUP_STOPPED: {
    summary: 'stopped before the end',
    expected: 'to be left running; what was done stays done and does no harm',
    action: 'run the same command again: it goes on where it was stopped',
  },
  KISIM_E_SETUP_DECLINED: {
    summary: 'nothing was done',
    expected: 'yes to the question',
    action: 'answer y, or give --yes',
  },
});
