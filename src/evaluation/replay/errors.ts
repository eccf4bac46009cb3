import { defineErrors } from '../../util/errors.ts';

export const replayErrors = defineErrors({
  KISIM_E_REPLAY_NOTHING: {
    summary: 'the history holds nothing to replay',
    expected: 'pods and nodes of a cluster that the placement loop watched',
    action:
      'run `kisimd run` on the cluster for some time first; any mode keeps the records, `placement.mode=dry-run` writes nothing to it',
  },
  KISIM_E_REPLAY_SHORT: {
    summary: 'the history has gaps, or the nodes changed: no stretch is long enough to replay',
    expected:
      'an unbroken stretch with the same nodes of at least half of what was asked for, and of ten minutes',
    action: 'ask for the longest stretch that there is: see what was found',
  },
  KISIM_E_REPLAY_POWER: {
    summary: 'the power of a node is not known',
    expected: 'a power curve for every node, from the history or from a table',
    action: 'describe the nodes in a file and give it with --node-table',
  },
});
