import type { CommandSpec } from '../command.ts';

export const topCommand: CommandSpec = {
  name: 'top',
  summary: 'Show live who burns the energy of this machine',
  description:
    'Shows watts by guest, pod, container, unit or process, from the running daemon or, where none runs, from a ' +
    'meter of its own. On a terminal it has keys to sort, filter and group (h tells them); into a pipe or a file it ' +
    'prints a table an interval, with --json one JSON object a line.',
  options: [
    { flags: '-n, --count <intervals>', description: 'end after so many intervals' },
    { flags: '--interval <duration>', description: 'time between two tables, such as 500ms or 5s' },
    {
      flags: '--by <kind>',
      description: 'what to list',
      choices: ['vm', 'pod', 'container', 'unit', 'process'],
      default: 'process',
    },
    {
      flags: '--sort <column>',
      description: 'column to sort by',
      choices: ['watts', 'joules', 'cpu', 'name'],
      default: 'watts',
    },
    {
      flags: '--filter <text>',
      description: 'only what has the text in its name, namespace, executable, pid or place',
    },
    {
      flags: '--limit <rows>',
      description: 'greatest number of rows a table, not on a terminal',
      default: 20,
    },
    {
      flags: '--placement',
      description:
        'also what the placement loop does; where neither a daemon nor a cluster is there, on a simulated cluster',
    },
    { flags: '--own-meter', description: 'meter in this process even where a daemon runs' },
    { flags: '--plain', description: 'tables line by line on a terminal too' },
  ],
  examples: [
    { command: 'kisimd top', does: 'watch processes; q ends it' },
    { command: 'kisimd top --by pod --sort joules', does: 'pods by the energy they have used' },
    { command: 'kisimd top --placement', does: 'with the last decisions, and what they save' },
    { command: 'kisimd top --json --count 1 --by container', does: 'one interval for a script' },
  ],
  run: async (context) => (await import('../commands/top.ts')).runTop(context),
};
