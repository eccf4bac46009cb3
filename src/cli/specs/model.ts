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
