import type { CommandSpec } from '../command.ts';

export const collectCommand: CommandSpec = {
  name: 'collect',
  summary: 'Record a running cluster: Jobs, states, scheduling events, measurements',
  description:
    'Watches Jobs, pods, nodes and events of the cluster and samples its state once an interval, into a history: what export ' +
    'writes as CSV or Parquet, and train --from-history learns from. With --strategy Jobs are made meanwhile, in a namespace of ' +
    'their own, and taken away at the end. Stopped with Ctrl-C, or by anything else, the same command goes on in the same file; ' +
    'the time in between is kept as a gap.',
  options: [
    {
      flags: '--hours <number>',
      description: 'how long in all, stops not counted; until Ctrl-C if not given (1 with a workload)',
    },
    { flags: '--interval <duration>', description: 'time between two states', default: '10s' },
    {
      flags: '--strategy <name>',
      description: 'make Jobs meanwhile: evenly, by the time of day, or in bursts',
      choices: ['uniform', 'realistic', 'burst'],
    },
    { flags: '--no-workload', description: 'make no Jobs: what is done if no strategy is given' },
    {
      flags: '--namespace <name>',
      description:
        "only this namespace's Jobs; the workload's own (kisimd-collect if not given, and all are recorded)",
    },
    { flags: '--seed <number>', description: 'seed of the workload', default: '0' },
    {
      flags: '--load <share>',
      description: "share of the cluster's CPU that the workload asks for",
      default: '0.3',
    },
    { flags: '--speed <factor>', description: 'so many seconds of the strategy in one', default: '1' },
    { flags: '--jobs <count>', description: 'no more Jobs than this', default: '1000' },
    { flags: '--image <name>', description: 'image of their containers, with sh', default: 'busybox:1.36' },
    {
      flags: '--work <kind>',
      description: 'sleep, or keep the CPU that was asked for busy',
      choices: ['sleep', 'cpu'],
      default: 'sleep',
    },
    { flags: '--placed', description: 'let kisimd place their pods (label of the namespace)' },
    {
      flags: '--metric <name=query>',
      description: 'a query of Prometheus (kubernetes.prometheus-url) to be kept, too (repeatable)',
      repeatable: true,
    },
    {
      flags: '--db <file>',
      description: 'where to (history.path if not given); a running daemon has its own',
    },
    {
      flags: '--kubeconfig <file>',
      description: 'the kubeconfig (kubernetes.kubeconfig, else as kubectl finds it)',
    },
    {
      flags: '--context <name>',
      description: 'one of its contexts (kubernetes.context, else the current one)',
    },
  ],
  examples: [
    { command: 'kisimd collect --hours 24 --db cluster.db', does: 'a day of the cluster as it is' },
    {
      command: 'kisimd collect --hours 2 --strategy realistic --seed 1 --db cluster.db',
      does: 'two hours with Jobs that come as the time of day says',
    },
    {
      command: 'kisimd export --what training --format parquet --out training.parquet --db cluster.db',
      does: 'what was collected, each Job with the state of the cluster',
    },
    { command: 'kisimd train --from-history --db cluster.db', does: 'a policy for that cluster' },
  ],
  run: async (context) => (await import('../commands/collect.ts')).runCollect(context),
};
