import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../util/errors.ts';
import type { OnnxValue } from '../../util/onnx/model.ts';
import { type OnnxSummary, readOnnx } from '../../util/onnx/read-model.ts';
import { TERM_COUNT, WAIT_TERM_COUNT } from '../energy/term-table.ts';
import type { WeightedRule } from '../energy/weighted-policy.ts';
import { learnedErrors } from './errors.ts';
import { FEATURE_SET, GREATEST_OPSET, INPUT, LEAST_OPSET, META, MODEL_KIND, OUTPUT } from './model-format.ts';
import { ruleOfText } from './stored-rule.ts';

/** A model file that was looked at and found usable. */
export interface LoadedModel {
  /** Where it came from, for messages. */
  readonly path: string;
  readonly onnx: Uint8Array;
  readonly sha256: string;
  /** The rule that training began at. */
  readonly start: WeightedRule;
  /** The policy as a point of the scorer's space, where it is one. */
  readonly point: WeightedRule | undefined;
  /** Digest of the cluster that it was trained for; undefined: for any. */
  readonly cluster: string | undefined;
}

/** @throws KISIM_E_MODEL_UNREADABLE, KISIM_E_ONNX_FORMAT, KISIM_E_MODEL_... */
export function loadModel(path: string): LoadedModel {
  let onnx: Uint8Array;
  try {
    onnx = readFileSync(path);
  } catch (cause) {
    throw learnedErrors.KISIM_E_MODEL_UNREADABLE(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, {
      cause,
    });
  }
  return checkModel(path, onnx);
}

/**
 * @param path for messages alone
 * @throws KISIM_E_ONNX_FORMAT, KISIM_E_MODEL_METADATA, KISIM_E_MODEL_FEATURES, KISIM_E_MODEL_OPSET, KISIM_E_MODEL_SHAPE,
 * KISIM_E_MODEL_NUMBERS
 */
export function checkModel(path: string, onnx: Uint8Array): LoadedModel {
  const summary = readOnnx(onnx);
  const { metadata } = summary;
  if (metadata[META.kind] !== MODEL_KIND)
    throw learnedErrors.KISIM_E_MODEL_METADATA(`${path}: kind ${metadata[META.kind] ?? 'missing'}`);
  const features = metadata[META.features];
  if (features !== FEATURE_SET)
    throw learnedErrors.KISIM_E_MODEL_FEATURES(`${path}: ${features ?? 'none'}, here ${FEATURE_SET}`);
  checkOperators(path, summary);
  checkShapes(path, summary);
  checkNumbers(path, summary);
  const start = metadata[META.start];
  if (start === undefined) throw learnedErrors.KISIM_E_MODEL_METADATA(`${path}: no ${META.start}`);
  const point = metadata[META.point];
  return {
    path,
    onnx,
    sha256: createHash('sha256').update(onnx).digest('hex'),
    start: ruleOfText(start, `${path}, ${META.start}`),
    point: point === undefined ? undefined : ruleOfText(point, `${path}, ${META.point}`),
    cluster: metadata[META.cluster],
  };
}

function checkOperators(path: string, { opset, otherDomains }: OnnxSummary): void {
  if (opset === undefined || opset < LEAST_OPSET || opset > GREATEST_OPSET)
    throw learnedErrors.KISIM_E_MODEL_OPSET(`${path}: opset ${opset ?? 'missing'}`);
  if (otherDomains.length > 0)
    throw learnedErrors.KISIM_E_MODEL_OPSET(`${path}: operators of ${otherDomains.join(', ')}`);
}

const wantedInputs: readonly OnnxValue[] = [
  { name: INPUT.terms, type: 'double', dims: [TERM_COUNT, 'nodes'] },
  { name: INPUT.mask, type: 'bool', dims: ['nodes'] },
  { name: INPUT.waitTerms, type: 'double', dims: [WAIT_TERM_COUNT] },
];
const wantedOutputs: readonly OnnxValue[] = [
  { name: OUTPUT.scores, type: 'double', dims: ['nodes'] },
  { name: OUTPUT.wait, type: 'double', dims: [] },
];

function checkShapes(path: string, { inputs, outputs, initializers }: OnnxSummary): void {
  // Files of before IR 4 list their weights among the inputs.
  const weights = new Set(initializers.map(({ name }) => name));
  const asked = inputs.filter(({ name }) => !weights.has(name));
  const differs = (found: readonly OnnxValue[], wanted: readonly OnnxValue[]) =>
    found.length !== wanted.length ||
    wanted.some((each) => {
      const there = found.find(({ name }) => name === each.name);
      return (
        there === undefined ||
        there.type !== each.type ||
        there.dims.length !== each.dims.length ||
        // Any number of nodes must do: a number where a name belongs is another shape.
        each.dims.some((dim, i) =>
          typeof dim === 'number' ? dim !== there.dims[i] : typeof there.dims[i] === 'number',
        )
      );
    });
  if (differs(asked, wantedInputs))
    throw learnedErrors.KISIM_E_MODEL_SHAPE(`${path}: inputs ${asked.map(valueText).join(', ')}`);
  if (differs(outputs, wantedOutputs))
    throw learnedErrors.KISIM_E_MODEL_SHAPE(`${path}: outputs ${outputs.map(valueText).join(', ')}`);
}

function valueText({ name, type, dims }: OnnxValue): string {
  return `${name} ${type} [${dims.join(', ')}]`;
}

function checkNumbers(path: string, { initializers }: OnnxSummary): void {
  for (const { name, data } of initializers) {
    if (data instanceof BigInt64Array) continue;
    const at = (data as ArrayLike<number> & { findIndex: Float64Array['findIndex'] }).findIndex(
      (each) => !Number.isFinite(each),
    );
    if (at >= 0) throw learnedErrors.KISIM_E_MODEL_NUMBERS(`${path}: ${name}[${at}] is ${data[at]}`);
  }
}
