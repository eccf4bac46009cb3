import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_POLICY_UNKNOWN: {
    summary: 'there is no such policy',
    expected:
      'a name of docs/developer/policy-terms.md, with its variant and wrappers: `bid-price:0.5+awake-first`',
    action: 'correct the name',
  },
  KISIM_E_POLICY_VARIANT: {
    summary: 'a policy has no such variant',
    expected: 'a variant of docs/developer/policy-terms.md',
    action: 'correct what stands after the colon',
  },
  KISIM_E_POLICY_NO_POWER: {
    summary: 'an energy policy needs the power curve of every node',
    expected: 'nodes with a power curve and, where they sleep, the watts of sleeping and waking',
    action: 'give every node a power model, or take a policy that looks at requests only',
  },
  KISIM_E_POLICY_REFUSED: {
    summary: 'a policy finds none of the nodes good that it was offered for a pod',
    expected: "nodes that the pod's own constraints allow, or a pod that may wait",
    action: 'filter the nodes by constraints before the policy is asked',
  },
  KISIM_E_KUBE_NODE: {
    summary: 'the scheduler was told of a node that cannot be',
    expected: 'each node added once, before it is changed or removed',
    action: 'report this with the command that you ran',
  },
  KISIM_E_KUBE_POD: {
    summary: 'the scheduler was told of a pod that cannot be',
    expected: 'each pod placed once, before it is removed',
    action: 'report this with the command that you ran',
  },
  KISIM_E_POLICY_WEIGHTS: {
    summary: 'a weight vector is not usable',
    expected: 'one finite number for every term of docs/developer/policy-terms.md',
    action: 'correct the weights',
  },
});
