import { defineErrors } from '../../util/errors.ts';

export const headroomErrors = defineErrors({
  KISIM_E_HEADROOM_NOTHING: {
    summary: 'there is nothing to place',
    expected: 'nodes that can take pods, and pods that could run elsewhere',
    action:
      'name a cluster with pods, or manifests of nodes and pods; pods of kube-system and of DaemonSets are never placed',
  },
  KISIM_E_HEADROOM_POWER: {
    summary: 'the power of a node is not known',
    expected: 'a power curve for every node',
    action:
      'describe the nodes in a file and give it with --node-table, or leave out `placement.estimate-missing-power=false`',
  },
});
