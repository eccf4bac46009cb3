import type { CommandSpec } from '../command.ts';

export const energyCommand: CommandSpec = {
  name: 'energy',
  summary: 'Say who burnt how much, from the history',
  description:
    'Joules, watt-hours and watts by virtual machine, pod, container, unit, process, zone or for the node, in steps of ' +
    'time. Kinds overlap: a pod holds its containers and they hold their processes. Times are UTC. Every row says ' +
    'whether its energy was measured or estimated. Works while the daemon runs and without it.',
  options: [
    {
      flags: '--by <kind>',
      description: 'whose energy; node also shows idle and unattributed energy',
      choices: ['vm', 'pod', 'container', 'unit', 'process', 'node', 'zone'],
      default: 'node',
    },
    {
      flags: '--since <time>',
      description: 'begin: a duration before now (24h), a date or a date and time (2026-01-31T12:00)',
      default: '24h',
    },
    { flags: '--until <time>', description: 'end, in the same forms', default: 'now' },
    {
      flags: '--every <duration>',
      description: 'length of a step (1s, 1m, 1h, 1d), or `total`',
      default: '1h',
    },
    {
      flags: '--top <count>',
      description: 'only those with the most energy; default 20 in a table, 8 in a plot, all in CSV and JSON',
    },
    { flags: '--group-by-name', description: 'one row for all that share a name, such as short processes' },
    {
      flags: '--format <format>',
      description: 'what to print',
      choices: ['table', 'csv', 'json'],
      default: 'table',
    },
    { flags: '--plot', description: 'draw the watts in the terminal instead of the table' },
    { flags: '--svg <file>', description: 'also draw the watts into this SVG file' },
    { flags: '--db <file>', description: 'the history to read instead of the configured one' },
  ],
  examples: [
    {
      command: 'kisimd energy --by pod --since 24h --every 1h',
      does: 'joules of each pod in each hour of a day',
    },
    {
      command: 'kisimd energy --by process --since 1h --every total --group-by-name',
      does: 'programs of the last hour',
    },
    {
      command: 'kisimd energy --by vm --since 7d --every 1d --format csv',
      does: 'a week by day, for a spreadsheet',
    },
    { command: 'kisimd energy --since 10m --every 1s --plot', does: 'the last ten minutes by the second' },
  ],
  run: async (context) => (await import('../commands/energy.ts')).runEnergy(context),
};
