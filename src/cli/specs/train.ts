import { clusterOptions } from '../cluster-options.ts';
import type { CommandSpec } from '../command.ts';

export const trainCommand: CommandSpec = {
  name: 'train',
  summary: 'Train a placement policy for one cluster on its simulated twin',
  description:
    'Simulates all rules on the cluster, begins at the best, and looks for a better policy on workloads of the same kind. What ' +
    'was found is accepted only where it is proven better than the rule on workloads of its own; otherwise the model is the ' +
    'rule. Leaves model.onnx, card.json, report.html, log.jsonl and checkpoint.bin in a folder. A training that was ' +
    'stopped or killed goes on with --resume and ends with the same model, bit for bit, whatever the number of workers. The ' +
    'figure at the end is of workloads that nothing was chosen by.',
  options: [
    {
      flags: '--hours <number>',
      description:
        'about how long; the steps that fit are measured at the beginning and told (0.05 if nothing is given)',
    },
    { flags: '--steps <count>', description: 'so many steps exactly: the same model on every machine' },
    {
      flags: '--algorithm <name>',
      description: 'how: es, or another of docs/user/training.md',
      default: 'es',
    },
    { flags: '--scenario <name>', description: 'for a scenario of the benchmark (B if no cluster is named)' },
    {
      flags: '--load <share>',
      description: 'share of the CPU that is asked for; 0.6, or what the cluster shows',
    },
    { flags: '--cluster-seed <number>', description: 'which cluster of a scenario with random hardware' },
    { flags: '--hardware <file>', description: 'table of servers that the scenario draws its cluster from' },
    { flags: '--for-cluster', description: 'for the cluster of the kubeconfig, as it is now' },
    {
      flags: '--from-history',
      description: "for the cluster that this host's daemon has watched: pods as they really came and went",
    },
    {
      flags: '--arrivals',
      description:
        'with --from-history: the recorded pods themselves, arrival for arrival, in place of others like them',
    },
    { flags: '--db <file>', description: 'the history to read (history.path if not given)' },
    { flags: '--days <number>', description: 'how far back', default: '7' },
    {
      flags: '--manifests <file>',
      description: 'for nodes and pods of manifests: a file or folder (repeatable)',
      repeatable: true,
    },
    ...clusterOptions,
    { flags: '--node-table <file>', description: 'power and sleep of the nodes (YAML)' },
    {
      flags: '--exact',
      description:
        'take the twin of a real cluster as exact; otherwise load, kinds of pods, predictions and curves are drawn around it',
    },
    { flags: '--seed <number>', description: 'seed of the search', default: '0' },
    {
      flags: '--workers <count>',
      description: 'threads that simulate; all cores if not given, on kubernetes 1 a worker',
    },
    {
      flags: '--adopt',
      description: 'put the model to use where it is proven better than the one in use for the cluster',
    },
    { flags: '--out <folder>', description: 'where to; a new folder below kisimd-training if not given' },
    { flags: '--resume <folder>', description: 'go on with the training in this folder' },
    {
      flags: '--on <where>',
      description: 'where it runs: host, or kubernetes, as a Job of the cluster in --namespace (host)',
      choices: ['host', 'kubernetes'],
    },
    {
      flags: '--seeds <list>',
      description:
        'on kubernetes: a worker for each of these seeds, 1..5 or 1,3,7; the best by validation is taken',
    },
    { flags: '--image <name>', description: 'on kubernetes: an image whose entry point is kisimd' },
    { flags: '--parallel <count>', description: 'on kubernetes: workers at a time (all)' },
    { flags: '--pod-memory <quantity>', description: 'on kubernetes: memory that a worker asks for (1Gi)' },
    { flags: '--keep', description: 'on kubernetes: leave the Job when all is gathered' },
    {
      flags: '--cancel',
      description: 'on kubernetes: remove the Job when this is stopped; with --resume at once',
    },
    { flags: '--as-worker <file>', description: 'what the workers of --on kubernetes are run with' },
  ],
  examples: [
    {
      command: 'kisimd train --for-cluster --node-table nodes.yaml --hours 0.1',
      does: 'six minutes for this cluster',
    },
    { command: 'kisimd train --from-history', does: 'for the cluster as it was in the last week' },
    {
      command: 'kisimd train --scenario Drnd --cluster-seed 3 --steps 100',
      does: 'the same model everywhere',
    },
    {
      command: 'kisimd train --resume kisimd-training/B-20260101-120000',
      does: 'goes on where it was stopped',
    },
    {
      command:
        'kisimd train --for-cluster --steps 200 --on kubernetes --seeds 1..5 --image registry.example/kisimd:0.1.0',
      does: 'five seeds at once, as a Job of the cluster',
    },
  ],
  run: async (context) => (await import('../commands/train.ts')).runTrain(context),
};
