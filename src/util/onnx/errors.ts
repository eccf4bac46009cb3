import { defineErrors } from '../errors.ts';

export const onnxErrors = defineErrors({
  KISIM_E_ONNX_FORMAT: {
    summary: 'a file is not an ONNX model that can be read',
    expected: 'a whole ONNX file with its tensors inside',
    action: 'export the model again, with its weights in the same file',
  },
});
