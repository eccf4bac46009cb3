import { clusterOptions } from '../cluster-options.ts';
import type { CommandSpec } from '../command.ts';

export const extenderCommand: CommandSpec = {
  name: 'extender',
  summary: 'Advise your own kube-scheduler by its extender protocol',
  description:
    'For clusters whose scheduler configuration is yours: watches the cluster and answers POST /kisimd/filter and ' +
    '/kisimd/prioritize, for pods of opted-in namespaces. It writes nothing, so it needs no `kisimd setup`: list and watch ' +
    'of nodes, namespaces and pods are enough, and of Services and controllers with placement.owner-selectors. Listens on ' +
    'this machine alone unless told otherwise; it asks nobody who he is. What it cannot answer in time it leaves to the ' +
    'scheduler.',
  options: [
    ...clusterOptions,
    { flags: '--policy <name>', description: 'the rule that chooses (placement.policy)' },
    {
      flags: '--strength <how>',
      description:
        'preferred: the node gets all points; required: all others are refused (placement.strength)',
      choices: ['preferred', 'required'],
    },
    {
      flags: '--all-namespaces',
      description: 'advise on pods of every namespace but kube-system and the own one',
    },
    { flags: '--host <address>', description: 'address to listen on', default: '127.0.0.1' },
    { flags: '--port <number>', description: 'port; 0: any free one', default: '28284' },
    {
      flags: '--time-limit <duration>',
      description: 'for one answer; less than httpTimeout',
      default: '150ms',
    },
    {
      flags: '--print-config',
      description: "print the part of the scheduler's configuration that belongs to it",
    },
  ],
  examples: [
    { command: 'kisimd extender --print-config', does: 'what to put into the KubeSchedulerConfiguration' },
    { command: 'kisimd extender --policy efficiency-first', does: 'advise until it is asked to stop' },
  ],
  run: async (context) => (await import('../commands/extender.ts')).runExtender(context),
};
