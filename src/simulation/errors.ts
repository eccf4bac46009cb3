import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_SIM_POD_TOO_LARGE: {
    summary: 'a pod is larger than every node',
    expected: 'for every pod at least one open node that could take it while empty',
    action: 'make its requests smaller, add a node that is large enough, or leave the pod out',
  },
  KISIM_E_SIM_WORKLOAD_INVALID: {
    summary: 'the workload is not usable',
    expected:
      'prefilled pods first, then ascending arrivals of at least 0, ids that count up, positive times',
    action: 'correct the item that is named',
  },
  KISIM_E_SIM_OPTIONS_INVALID: {
    summary: 'an option of the simulation is not usable',
    expected: 'a positive tick, and seconds of at least 0',
    action: 'correct the option that is named',
  },
  KISIM_E_SIM_POWER_UNKNOWN: {
    summary: 'the power of a node is not known',
    expected: 'a power curve for every node, and the power of its GPUs where it has some',
    action: 'give the node a curve: measured, from a table, or estimated from its processor',
  },
  KISIM_E_SIM_BAD_CHOICE: {
    summary: 'a policy chose a node that is no candidate',
    expected: 'the index of one of the candidates, or WAIT',
    action: 'correct the policy that is named',
  },
  KISIM_E_SIM_WAIT_REFUSED: {
    summary: 'a policy lets a pod wait that has no slack left',
    expected: 'WAIT only while candidates.slackLeft is above 0',
    action: 'correct the policy that is named',
  },
  KISIM_E_SIM_STUCK: {
    summary: 'pods wait for a place and nothing will ever change again',
    expected:
      'for every pod a node that it fits and that its constraints allow, once others have ended or begun',
    action:
      'correct taints, affinity or spread constraints of the pod that is named, or drop what has no place',
  },
  KISIM_E_SIM_UNDECIDED: {
    summary: 'the simulation stands before a decision and can be neither copied nor saved',
    expected: 'a simulation whose policy has decided',
    action: 'let the policy decide and run the simulation on, then copy or save it',
  },
  KISIM_E_SIM_ADMISSION: {
    summary: 'an admission let a pod go that has no place',
    expected:
      'pods that fit one of the nodes left to them; and a pod at all where nothing else will ever happen',
    action: 'correct the admission that is named',
  },
  KISIM_E_SIM_HELD: {
    summary: 'a simulation whose pods are held by an admission can be neither copied nor saved',
    expected: 'a simulation without one',
    action: 'run it again from the beginning: the same input gives the same bits',
  },
  KISIM_E_SIM_UNFINISHED: {
    summary: 'the simulation has not come to its end',
    expected: 'a simulation that has run to its end before its result is asked for',
    action: 'run it on',
  },
  KISIM_E_SIM_SNAPSHOT: {
    summary: 'a saved simulation cannot be taken up',
    expected: 'a snapshot of this version, made with the same nodes, workload, policy, seed and options',
    action: 'resume with the inputs that it was saved with, or begin anew',
  },
  KISIM_E_SIM_NODE_NAME: {
    summary: 'a pod is bound to a node that cannot hold it',
    expected: 'a nodeName of the node list, with room for the pods that are bound there',
    action: 'correct the nodeName, or take it out so that the pod is placed',
  },
});
