import type { CommandSpec } from '../command.ts';

export const benchmarkCommand: CommandSpec = {
  name: 'benchmark',
  summary: 'Compare placement policies by simulation, in pairs, with intervals',
  description:
    'Simulates every policy on the same clusters and the same workloads and tells by how many percent their energies ' +
    'differ from a baseline, with 95 % intervals over clusters, waits and missed objectives. The default suite has ' +
    'random hardware without sleep, with it, and with waiting, and a control where nothing can be saved. Equal seeds ' +
    'give equal figures, whatever the number of workers. Prints tables and leaves results.json, results.csv, runs.csv ' +
    'and report.html in a folder; a run that was stopped goes on with --resume.',
  options: [
    {
      flags: '--suite <name>',
      description: 'default, small (under two minutes on two cores), or a YAML file',
      default: 'default',
    },
    { flags: '--policies <list>', description: 'these policies only, separated by commas' },
    { flags: '--scenarios <list>', description: 'these scenarios only, separated by commas' },
    { flags: '--loads <list>', description: 'these loads, separated by commas: 0.3,0.6' },
    { flags: '--clusters <count>', description: 'clusters in each row; they are the units of the intervals' },
    { flags: '--seeds <count>', description: 'workloads on each cluster' },
    { flags: '--seed <number>', description: 'from which clusters, workloads and ties are drawn' },
    { flags: '--baseline <policy>', description: 'what all others are compared with' },
    {
      flags: '--hardware <file>',
      description: "table of servers to draw clusters from, in place of the program's own models",
    },
    { flags: '--offline', description: 'also look for a better solution with hindsight (slow)' },
    {
      flags: '--card <file>',
      description: 'run what the card of a model tells, and see whether every figure comes out again',
    },
    {
      flags: '--into-card <file>',
      description: 'run the model of a card too, and write its figures into the card',
    },
    { flags: '--workers <count>', description: 'threads that simulate; all cores if not given' },
    {
      flags: '--out <folder>',
      description: 'where results go; a new folder below kisimd-benchmark if not given',
    },
    { flags: '--resume', description: 'go on with the runs that are in the folder of --out' },
    { flags: '--csv', description: 'print CSV instead of tables' },
  ],
  examples: [
    {
      command: 'kisimd benchmark --suite small',
      does: 'the headline table on a few clusters, in two minutes',
    },
    { command: 'kisimd benchmark --baseline round-robin', does: 'the default suite against round robin' },
    {
      command: 'kisimd benchmark --scenarios Drnd --loads 0.3,0.6 --policies best-fit,efficiency-first',
      does: 'two policies and the baseline on nodes that sleep',
    },
    {
      command: 'kisimd benchmark --card models/frozen.card.json',
      does: 'the figures of a model that comes with the program, once more',
    },
    { command: 'kisimd benchmark --out night --resume', does: 'goes on where it was stopped' },
  ],
  run: async (context) => (await import('../commands/benchmark.ts')).runBenchmark(context),
};
