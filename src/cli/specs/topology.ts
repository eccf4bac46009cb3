import type { CommandSpec } from '../command.ts';

export const topologyCommand: CommandSpec = {
  name: 'topology',
  summary: 'Label nodes with racks and servers by the order of their list',
  description:
    'Prints the manifests with the labels topology.kisimd.io/rack and topology.kisimd.io/server on every Node: the ' +
    'first nodes are rack-0 with srv-0, srv-1 and so on, the next ones rack-1. Labels that are there already stay.',
  options: [
    {
      flags: '-f, --file <path>',
      description: 'manifests: a file or a folder (repeatable)',
      repeatable: true,
    },
    { flags: '--data-dir <folder>', description: 'folder with an openb node list instead' },
    { flags: '--servers-per-rack <count>', description: 'nodes in one rack', default: '4' },
  ],
  examples: [
    {
      command: 'kisimd topology --servers-per-rack 4 -f nodes.yaml > labelled.yaml',
      does: 'four nodes in a rack',
    },
    {
      command: 'kisimd topology --data-dir openb --servers-per-rack 8',
      does: 'manifests of the openb nodes, labelled',
    },
  ],
  run: async (context) => (await import('../commands/topology.ts')).runTopology(context),
};
