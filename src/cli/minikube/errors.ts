import { defineErrors } from '../../util/errors.ts';

export const minikubeErrors = defineErrors({
  KISIM_E_MINIKUBE_MISSING: {
    summary: 'the minikube command is not installed',
    expected: 'minikube 1.33 or newer on the PATH',
    action:
      'install it as https://minikube.sigs.k8s.io/docs/start/ says (nothing is downloaded for you); any other cluster does too: `kisimd setup --context NAME`',
  },
  KISIM_E_MINIKUBE_TOO_OLD: {
    summary: 'the minikube command is too old',
    expected: 'minikube 1.33 or newer, which starts Kubernetes 1.30 or newer',
    action: 'upgrade it as https://minikube.sigs.k8s.io/docs/start/ says',
  },
  KISIM_E_MINIKUBE_FAILED: {
    summary: 'minikube did not do it',
    expected: 'minikube to end well',
    action: 'see what it said above, and `minikube logs`; the same command can be run again',
  },
  KISIM_E_MINIKUBE_ANSWER: {
    summary: 'minikube gave an answer that is no good here',
    expected: 'JSON as `minikube status -o json` and `minikube profile list -o json` print it',
    action: 'run the command named here by hand; upgrade minikube if it prints no JSON',
  },
});
