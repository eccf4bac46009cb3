import { clusterOptions } from '../cluster-options.ts';
import type { CommandSpec } from '../command.ts';

export const headroomCommand: CommandSpec = {
  name: 'headroom',
  summary: 'Say what a cluster could save by placement at all, before anything is installed',
  description:
    'Lists nodes and pods once, read-only, and tells the modelled watts of the pods as they are placed now, of the same pods placed ' +
    'anew by rules and by a search, and a bound below which no placement can come; where the difference comes from (nodes that ' +
    'differ, curves that bend, nodes that could sleep) and how sure it is. Nodes that share a machine save nothing, whatever the ' +
    'placement, and that is said. Without --node-table the power of nodes is estimated by their CPUs, and called so.',
  options: [
    ...clusterOptions,
    {
      flags: '--manifests <file>',
      description:
        'read nodes and pods from manifests instead, such as `kubectl get nodes,pods -A -o json`: a file or folder (repeatable)',
      repeatable: true,
    },
    { flags: '--node-table <file>', description: 'power and sleep of the nodes (YAML)' },
    {
      flags: '--sleep',
      description: 'also with nodes that sleep when they are empty, where the table says that they can',
    },
    { flags: '--same-host', description: 'all nodes are guests of one machine, where that cannot be seen' },
    { flags: '--use <share>', description: 'CPU that pods use of their request', default: '1' },
    {
      flags: '--policies <list>',
      description: 'rules, separated by commas; the default scheduler and those for energy if not given',
    },
    { flags: '--hours <number>', description: 'time for which joules are told', default: '24' },
    { flags: '--seed <number>', description: 'seed of ties, of the search and of the doubt', default: '1' },
  ],
  examples: [
    { command: 'kisimd headroom', does: 'the cluster of the current kubeconfig' },
    {
      command: 'kisimd headroom --node-table nodes.yaml --sleep',
      does: 'with the power of the nodes, and what sleep would add',
    },
    {
      command: 'kisimd headroom --manifests dump.json --use 0.4 --json',
      does: 'from a dump, pods using two fifths of what they ask for',
    },
  ],
  run: async (context) => (await import('../commands/headroom.ts')).runHeadroom(context),
};
