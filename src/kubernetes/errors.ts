import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_KUBE_NO_CLUSTER: {
    summary: 'there is no cluster to talk to',
    expected:
      'a kubeconfig with a context (--kubeconfig, KUBECONFIG or ~/.kube/config), or a pod with a service account',
    action: 'name a kubeconfig and a context that `kubectl --context NAME get nodes` works with',
  },
  KISIM_E_KUBE_CERTIFICATE: {
    summary: 'no trusted connection to the API server',
    expected: "a server certificate that the kubeconfig's authority signed, and readable key files",
    action: "compare `kubectl config view --raw` with the server's certificate and the machine's clock",
  },
  KISIM_E_KUBE_TOKEN: {
    summary: 'the API server does not know who asks',
    expected: 'a token or client certificate that is valid now, or a credential plugin that gives one',
    action: 'log in to the cluster again, or renew the token of the service account',
  },
  KISIM_E_KUBE_FORBIDDEN: {
    summary: 'the API server forbids it',
    expected: 'the permissions that docs/developer/acting.md lists',
    action: 'add the verb to the role of the user named here',
  },
  KISIM_E_KUBE_TOO_OLD: {
    summary: 'the API server is too old',
    expected: 'Kubernetes 1.30 or newer, where pods may be held by scheduling gates',
    action: 'upgrade the cluster',
  },
  KISIM_E_KUBE_UNREACHABLE: {
    summary: 'the API server cannot be reached',
    expected: 'an API server that answers at the address of the kubeconfig',
    action: 'see whether the cluster runs, and whether `kubectl version` reaches it from this machine',
  },
  KISIM_E_KUBE_TIMEOUT: {
    summary: 'the API server did not answer in time',
    expected: 'an answer within the time given',
    action:
      "look at the load of the API server; `kubectl get --raw '/readyz?verbose'` tells what it waits for",
  },
  KISIM_E_KUBE_ANSWER: {
    summary: 'the API server gave an answer that is no good here',
    expected: 'JSON as the Kubernetes API defines it, with a status of success',
    action: 'see that the address is that of an API server, and not of a proxy before it',
  },
});
