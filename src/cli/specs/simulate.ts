import type { CommandSpec } from '../command.ts';

export const simulateCommand: CommandSpec = {
  name: 'simulate',
  summary: 'Place the pods of a file, a trace or a scenario and tell energy, waits and what did not fit',
  description:
    'Without times (Kubernetes manifests, simulator configurations, openb lists) pods are placed one after another and ' +
    'nothing ends: prints what is allocated, GPU fragmentation, watts where the power of the nodes is known, and which ' +
    'pods fit nowhere and why. With times (scenarios, SWF logs, CSV traces) the run is simulated to its end: prints ' +
    'energy, waits and missed objectives. A long run tells how far it is; with --checkpoint it can be stopped and goes ' +
    'on with the same command.',
  options: [
    {
      flags: '-f, --file <path>',
      description:
        'a simulator configuration (simon/v1alpha1), or manifests: a file or a folder (repeatable)',
      repeatable: true,
    },
    {
      flags: '-s, --scheduler-config <file>',
      description: 'KubeSchedulerConfiguration whose score plugins are the policy',
    },
    {
      flags: '--extended-resources <list>',
      description: 'resources beside CPU and memory: gpu; shared GPUs are always looked at',
    },
    { flags: '--nodes <file>', description: 'openb node list (CSV)' },
    { flags: '--pods <file>', description: 'openb pod list (CSV)' },
    {
      flags: '--tune <ratio>',
      description: 'openb: shuffle, and add or take away pods until they ask for this multiple of the GPUs',
    },
    { flags: '--scenario <name>', description: 'a named scenario, such as B or Drnd' },
    { flags: '--swf <file>', description: 'a log in the Standard Workload Format' },
    {
      flags: '--trace <file>',
      description: 'a CSV trace of jobs, of requests or tokens, or of the use of machines',
    },
    { flags: '--vms <file>', description: 'sizes of the machines whose use --trace tells' },
    { flags: '--per-replica <count>', description: 'requests or tokens a minute that one replica takes' },
    {
      flags: '--machines <description>',
      description: 'nodes for a trace: 50x64 (50 nodes of 64 threads), 20x96+8xV100M16',
    },
    { flags: '--sleep', description: 'the nodes of --machines sleep when they are empty' },
    {
      flags: '--load <share>',
      description:
        'mean share of the CPU (or GPUs) that is asked for: scenarios 0.6; traces are scaled to it',
    },
    {
      flags: '--grow <method>',
      description: 'how a trace is made larger: faster, or copies laid over each other',
      choices: ['compress', 'overlay'],
      default: 'overlay',
    },
    {
      flags: '--from <duration>',
      description: 'where in the trace to begin; once it has settled if not given',
    },
    { flags: '--window <duration>', description: 'how much of the trace to take; all if not given' },
    {
      flags: '--hardware <file>',
      description: 'table of servers that random clusters are drawn from',
    },
    { flags: '--cluster-seed <number>', description: 'which random cluster', default: '0' },
    { flags: '--policy <name>', description: 'placement policy; kube-scheduler if nothing else is said' },
    {
      flags: '--ties <rule>',
      description: 'how equal scores are told apart; lexicographic for openb, else random',
      choices: ['lexicographic', 'random', 'first'],
    },
    { flags: '--seed <number>', description: 'seed of workload and ties', default: '1' },
    { flags: '--scorer <url>', description: 'ask a program behind HTTP for the scores' },
    { flags: '--scorer-timeout <ms>', description: 'how long it may take for one pod', default: '1000' },
    {
      flags: '--fallback <policy>',
      description: 'decides where the scorer does not',
      default: 'least-allocated',
    },
    { flags: '--series <duration>', description: 'also print power and use over time, in such steps' },
    {
      flags: '--checkpoint <file>',
      description: 'where a run that is stopped is kept, and goes on from; gone at its end',
    },
  ],
  examples: [
    {
      command: 'kisimd simulate -f cluster.yaml -s scheduler.yaml --extended-resources gpu',
      does: 'an experiment of kubernetes-scheduler-simulator',
    },
    { command: 'kisimd simulate -f manifests/ --policy best-fit', does: 'where would these pods go?' },
    {
      command: 'kisimd simulate --scenario D --load 0.3 --policy efficiency-first --json',
      does: 'a scenario of the study',
    },
    {
      command: 'kisimd simulate --trace jobs.csv --machines 50x32 --load 0.6 --policy marginal-run-out',
      does: 'a trace scaled to a cluster',
    },
  ],
  run: async (context) => (await import('../commands/simulate.ts')).runSimulate(context),
};
