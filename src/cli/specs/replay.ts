import type { CommandSpec } from '../command.ts';

export const replayCommand: CommandSpec = {
  name: 'replay',
  summary: 'Ask the history what other placement rules would have used',
  description:
    'Rebuilds what ran from the history (pods with their real lives, requests and use; nodes as they were) and simulates how ' +
    'each rule would have placed it: energy and waits, against how it really was. The real placement is simulated too, and set ' +
    'against the metered joules: a difference that is smaller than what the model is wrong by says nothing, and is called so. ' +
    'Takes the longest stretch in which the cluster was watched and had the same nodes. Changes nothing; works without the ' +
    'daemon and without the cluster.',
  options: [
    { flags: '--days <number>', description: 'how much of the history', default: '7' },
    {
      flags: '--until <time>',
      description:
        'end of it: a duration before now (24h), a date or a date and time; the newest if not given',
    },
    {
      flags: '--policies <list>',
      description:
        'rules, separated by commas; the configured ones, kube-scheduler and two energy rules if not given',
    },
    { flags: '--keep-running', description: 'pods that ran at the beginning stay where they were' },
    {
      flags: '--sleep',
      description: 'also with nodes that sleep when they are empty, where --node-table says that they can',
    },
    {
      flags: '--node-table <file>',
      description: 'power of the nodes (YAML), instead of what the history knows',
    },
    {
      flags: '--use <share>',
      description: 'CPU that pods use of their request, where it was not metered',
      default: '1',
    },
    {
      flags: '--cluster <kind>',
      description: 'which cluster of the history',
      choices: ['live', 'simulated'],
      default: 'live',
    },
    { flags: '--seed <number>', description: 'seed of ties and of random rules', default: '1' },
    { flags: '--plot', description: 'also draw the watts in the terminal' },
    { flags: '--svg <file>', description: 'also draw the watts into this SVG file' },
    { flags: '--db <file>', description: 'the history to read instead of the configured one' },
  ],
  examples: [
    { command: 'kisimd replay --days 7', does: 'what the last week would have cost under other rules' },
    {
      command: 'kisimd replay --days 1 --policies round-robin,marginal-run-out --plot',
      does: 'two rules over a day, with their watts',
    },
    {
      command: 'kisimd replay --node-table nodes.yaml --sleep --json',
      does: 'with power and sleep of the nodes from a file',
    },
  ],
  run: async (context) => (await import('../commands/replay.ts')).runReplay(context),
};
