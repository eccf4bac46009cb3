import type { CommandSpec } from '../command.ts';
import { liveQueueOptions } from '../queue/live-options.ts';

export const queueCommand: CommandSpec = {
  name: 'queue',
  summary: 'Which waiting job next: compare, train and try admission policies',
  description:
    'Jobs of one or more pods wait in a queue; a policy says which one is admitted next, and a placement policy finds nodes for its ' +
    'pods. --evaluate compares policies on the same simulated jobs: FIFO as in Kueue, shortest first, backfilling, rules of this ' +
    'program and learned models; throughput, waits, success, use, memory kills, bounded slowdown and energy. --train learns a policy, ' +
    '--live admits suspended Jobs of a cluster.',
  options: [
    { flags: '--evaluate', description: 'compare policies on the same jobs' },
    { flags: '--train', description: 'train a policy; leaves model.onnx, card.json, log.jsonl in a folder' },
    {
      flags: '--workload <what>',
      description: 'realistic, uniform, burst, or a file: YAML of jobs or of SKRueue, SWF log, CSV trace',
    },
    {
      flags: '--load <share>',
      description: 'mean share of the CPU that is asked for (0.85; a log stays as it is)',
    },
    {
      flags: '--cluster <machines>',
      description: 'skrueue (16 nodes, 288 cores), or such as 20x32 for 20 nodes of 32 threads',
    },
    { flags: '--sleep', description: 'empty nodes go to sleep' },
    {
      flags: '--policies <names>',
      description: 'of docs/user/queue.md, by commas; with --live the one that decides',
    },
    {
      flags: '--model <file>',
      description: 'a trained model to compare besides (repeatable)',
      repeatable: true,
    },
    { flags: '--runs <count>', description: 'runs of each policy, on other jobs each', default: '5' },
    { flags: '--weeks <number>', description: 'how long jobs come in each run', default: '1' },
    { flags: '--seed <number>', description: 'of the jobs, or of the training', default: '1' },
    { flags: '--report <file>', description: 'writes the comparison as a page with plots (HTML)' },
    {
      flags: '--algorithm <name>',
      description: 'of a training (ppo)',
      choices: ['ppo', 'dqn', 'a2c'],
    },
    {
      flags: '--state <name>',
      description: "what a training shows: own, or skrueue, SKRueue's 67 numbers and reward",
      choices: ['own', 'skrueue'],
      default: 'own',
    },
    { flags: '--steps <count>', description: 'decisions that a training makes (400000)' },
    {
      flags: '--energy-weight <number>',
      description: 'what the extra energy of a mean job costs in a training, in slowdowns (0.01)',
    },
    { flags: '--out <folder>', description: 'of a training; a new one below kisimd-training if not given' },
    { flags: '--resume <folder>', description: 'go on with the training in this folder' },
    ...liveQueueOptions,
  ],
  examples: [
    { command: 'kisimd queue --evaluate --report queue.html', does: 'compares all policies, and draws it' },
    {
      command: 'kisimd queue --evaluate --workload log.swf --load 0.9 --policies fifo,easy,sjf,ppo --runs 4',
      does: 'on four weeks of a log',
    },
    { command: 'kisimd queue --train --steps 200000 --seed 3', does: 'trains a PPO' },
    { command: 'kisimd queue --train --state skrueue --algorithm dqn', does: "SKRueue's problem, repaired" },
    { command: 'kisimd queue --live --policies easy', does: 'admits suspended Jobs of a cluster' },
  ],
  run: async (context) => (await import('../commands/queue.ts')).runQueue(context),
};
