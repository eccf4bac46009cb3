import type { CommandSpec } from '../command.ts';

export const exportCommand: CommandSpec = {
  name: 'export',
  summary: 'Print the present state, or the history, for other programs',
  description:
    'Without --since: what the running daemon knows now, as JSON, CSV or in the text format of Prometheus. With --since: ' +
    'every row of the history in that range, as JSON lines or CSV. With --what: a table of the history, such as what kisimd ' +
    'collect recorded, as JSON lines, CSV or Parquet; the file of --out is whole or not there. A missing value is null, or an ' +
    'empty field.',
  options: [
    {
      flags: '--format <format>',
      description: 'what to print',
      choices: ['json', 'csv', 'prometheus', 'parquet'],
      default: 'json',
    },
    {
      flags: '--what <table>',
      description: 'a table of the history; training is each Job with the nearest state of the cluster',
      choices: [
        'jobs',
        'cluster-states',
        'scheduling-events',
        'metrics',
        'training',
        'decisions',
        'scalings',
        'admissions',
        'pods',
        'node-energy',
        'energy',
      ],
    },
    { flags: '--out <file>', description: 'where to, with --what; the standard output if not given' },
    { flags: '--since <time>', description: 'begin: a duration before now (24h), a date or a date and time' },
    { flags: '--until <time>', description: 'end, in the same forms', default: 'now' },
    {
      flags: '--every <duration>',
      description: 'length of a step of the history (1s, 1m, 1h)',
      default: '1m',
    },
    {
      flags: '--by <kind>',
      description: 'whose history (repeatable); all kinds where not given',
      choices: ['vm', 'pod', 'container', 'unit', 'process', 'node', 'zone'],
      repeatable: true,
    },
    { flags: '--db <file>', description: 'the history to read instead of the configured one' },
  ],
  examples: [
    { command: 'kisimd export', does: 'the last interval as JSON, from the running daemon' },
    { command: 'kisimd export --format prometheus > node.prom', does: 'a page for the textfile collector' },
    {
      command: 'kisimd export --since 24h --every 1m --by pod --format csv > pods.csv',
      does: 'a day of pods by the minute',
    },
    {
      command: 'kisimd export --what training --format parquet --out training.parquet',
      does: 'all Jobs that were collected, each with the state of the cluster when it came',
    },
  ],
  run: async (context) => (await import('../commands/export.ts')).runExport(context),
};
