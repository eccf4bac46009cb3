import { clusterOptions } from '../cluster-options.ts';
import type { CommandSpec, OptionSpec } from '../command.ts';

const folder: OptionSpec = {
  flags: '--store <folder>',
  description: 'where models are kept (`models` beside history.path if not given)',
};

const run: CommandSpec['run'] = async (context) => (await import('../commands/model.ts')).runModel(context);

export const modelListCommand: CommandSpec = {
  name: 'model list',
  summary: 'List the models of clusters, and what was put to use when',
  description:
    'Clusters are told apart by the types of their nodes. The policy `learned` takes the model that is in use for the cluster ' +
    'that it finds.',
  options: [folder],
  examples: [{ command: 'kisimd model list', does: 'every cluster with its swaps, the last one in use' }],
  run: (context) => run({ ...context, options: { ...context.options, action: 'list' } }),
};

export const modelUseCommand: CommandSpec = {
  name: 'model use',
  summary: 'Put a trained model to use for its cluster',
  description:
    'Copies model.onnx and card.json of a training to where the daemon looks for them; with placement.policy `learned` it is ' +
    'used from the next start of the policy on. A model that proved no better than its rule is refused without --force, since ' +
    'it is the rule. Every swap is recorded and can be undone.',
  arguments: [{ name: 'folder', description: 'a folder that `kisimd train` left', required: true }],
  options: [folder, { flags: '--force', description: 'also where the model was not accepted' }],
  examples: [
    { command: 'kisimd model use kisimd-training/cluster-20260101-120000', does: 'uses it from now on' },
  ],
  run: (context) => run({ ...context, options: { ...context.options, action: 'use' } }),
};

export const modelUndoCommand: CommandSpec = {
  name: 'model undo',
  summary: 'Go back to the model of before',
  description: 'Puts the model to use again that was in use before the last swap, or none.',
  arguments: [
    {
      name: 'cluster',
      description: 'digest, as `model list` tells it; the only one if not given',
      required: false,
    },
  ],
  options: [folder],
  examples: [{ command: 'kisimd model undo', does: 'undoes the last swap' }],
  run: (context) => run({ ...context, options: { ...context.options, action: 'undo' } }),
};

export const modelChooseCommand: CommandSpec = {
  name: 'model choose',
  summary: 'Say which policy is best on a cluster, by simulation on its twin',
  description:
    'Simulates all rules, the model in use for the cluster, and the one for any cluster, on workloads of the kind that the history ' +
    'shows, and each model beside the best rule on further workloads. With --use the answer is kept where a daemon with ' +
    'placement.policy `auto` goes by it, as that daemon does itself. Takes --seconds at most, with fewer workloads where these do ' +
    'not suffice.',
  options: [
    folder,
    { flags: '--use', description: 'keep the answer for placement.policy `auto`' },
    {
      flags: '--seconds <number>',
      description: 'at most about so long (training.budget-seconds if not given)',
    },
    { flags: '--db <file>', description: 'the history to read (history.path if not given)' },
    { flags: '--days <number>', description: 'how far back', default: '7' },
    {
      flags: '--cluster <which>',
      description: 'of the history: the live one, or the simulated one',
      default: 'live',
      choices: ['live', 'simulated'],
    },
    {
      flags: '--for-cluster',
      description: 'for the cluster of the kubeconfig as it is now, without the history',
    },
    {
      flags: '--manifests <file>',
      description: 'for nodes and pods of manifests: a file or folder (repeatable)',
      repeatable: true,
    },
    ...clusterOptions,
    { flags: '--node-table <file>', description: 'power and sleep of the nodes (YAML)' },
  ],
  examples: [
    { command: 'kisimd model choose', does: 'the best policy for the cluster as it was in the last week' },
    { command: 'kisimd model choose --use', does: 'the same, and `auto` goes by it from now on' },
  ],
  run: async (context) => (await import('../commands/model-choose.ts')).runModelChoose(context),
};
