import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_CONTROLLER_NO_POWER: {
    summary: 'the placement policy needs the power of nodes that nothing is known of',
    expected: 'a power curve for every node of the cluster',
    action:
      'give the nodes named here a power model, or choose a policy that looks at requests only; until then pods are freed to the default scheduler',
  },
  KISIM_E_CONTROLLER_POLICY: {
    summary: 'the placement policy failed',
    expected: 'one of the nodes that it was offered for a pod, or WAIT while the pod has slack',
    action:
      'report this with its cause; pods are placed by the fallback rule meanwhile, or freed to the default scheduler',
  },
  KISIM_E_CONTROLLER_LEFT_GATED: {
    summary: 'a pod was held past its deadline',
    expected: 'a leader that frees it, and an API server that takes the write',
    action:
      'see the reason here; `kubectl patch` can remove the gate by hand, and `kisimd pause` frees all that are held',
  },
  KISIM_E_CONTROLLER_STUCK: {
    summary: 'a write to the cluster did not end',
    expected: 'an answer or a failure soon after the write was called off',
    action: 'nothing at once: the pod is freed by another write; report this with the log before it',
  },
  KISIM_E_CONTROLLER_PAUSE_FILE: {
    summary: 'the file that pauses placement cannot be written or read',
    expected: 'a folder that the daemon and this user can use',
    action: 'check the folder of history.path and its permissions',
  },
  KISIM_E_CONTROLLER_NO_COST: {
    summary: 'what work costs on a node is not known',
    expected:
      'a power curve that was measured, published or fitted, for every node that advice is to be given of',
    action:
      'tell the power of the nodes named here in placement.node-table; until then they get no label, and no Deployment is sent to them',
  },
  KISIM_E_CONTROLLER_OVERWRITTEN: {
    summary: 'somebody takes the preferences out of a Deployment that asks for them',
    expected: 'a template that stays as the program has written it',
    action:
      'let the tool that owns the Deployment leave its nodeAffinity alone, or take the label kisimd.io/prefer off; it is left alone until then',
  },
  KISIM_E_CONTROLLER_TWO_INSTALLATIONS: {
    summary: 'the cluster has more than one installation of this program',
    expected: 'one namespace of its own: each installation has its own lease, and both place the same pods',
    action: 'remove all but one: `kisimd setup --remove --namespace NAME`',
  },
  KISIM_E_CONTROLLER_NOT_READY: {
    summary: 'the cluster is not known yet',
    expected: 'lists of all nodes, namespaces and pods from the API server',
    action: 'wait a moment; the log says what is wrong with watching if it lasts',
  },
  KISIM_E_CONTROLLER_UNSEEN_POD: {
    summary: 'the scheduler asks for a pod that was not seen to be made',
    expected: 'a pod that the watch has told of',
    action: 'see that scheduler and extender talk to the same cluster; the scheduler tries again by itself',
  },
});
