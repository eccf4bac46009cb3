import { defineErrors } from '../../util/errors.ts';

export const learnedErrors = defineErrors({
  KISIM_E_MODEL_UNREADABLE: {
    summary: 'a model cannot be read',
    expected: 'a model.onnx that `kisimd train` wrote, readable by this user',
    action: 'check the path and its permissions',
  },
  KISIM_E_MODEL_FEATURES: {
    summary: 'a model is for another feature set',
    expected: 'a model that was trained with the terms of this version',
    action: 'train it anew with `kisimd train`, or run the version that it was made by',
  },
  KISIM_E_MODEL_SHAPE: {
    summary: 'a model has other inputs or outputs than a placement policy',
    expected:
      'inputs terms [terms, nodes], mask [nodes] and wait-terms [terms]; outputs scores [nodes] and wait []',
    action: 'export it with `kisimd train`, or see docs/developer/models.md for the form',
  },
  KISIM_E_MODEL_OPSET: {
    summary: 'a model needs operators that are not there',
    expected: 'standard operators of opset 13 to 24 only',
    action: 'export it with another opset',
  },
  KISIM_E_MODEL_NUMBERS: {
    summary: 'a model has weights that are no numbers',
    expected: 'finite weights',
    action: 'go back to a checkpoint from before, or train it anew',
  },
  KISIM_E_MODEL_METADATA: {
    summary: 'a model does not say what it is',
    expected:
      'the metadata that `kisimd train` writes: kind, feature set, and the rule that training began at',
    action: 'export it with `kisimd train`',
  },
  KISIM_E_MODEL_ENGINE: {
    summary: 'a model cannot be run',
    expected: 'a graph that onnxruntime-node loads, and an answer within its time',
    action: 'check that onnxruntime-node is installed (`npm ci`), and that the model loads in it',
  },
  KISIM_E_MODEL_NONE: {
    summary: 'there is no model for this cluster',
    expected: 'a model that was trained for nodes of these types and put to use',
    action: 'train one with `kisimd train --for-cluster`, then `kisimd model use FOLDER`',
  },
  KISIM_E_MODEL_STORE: {
    summary: 'the folder of models cannot be used',
    expected:
      'the folder `models` beside the history, readable and writable by this user, and a swap to undo',
    action: 'check the folder; `kisimd model list` tells what is in it',
  },
});
