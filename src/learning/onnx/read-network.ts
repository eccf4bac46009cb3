import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../util/errors.ts';
import type { OnnxTensor } from '../../util/onnx/model.ts';
import { readOnnx } from '../../util/onnx/read-model.ts';
import { writeOnnx } from '../../util/onnx/write-model.ts';
import { errors } from '../errors.ts';
import { NETWORK_META, type NetworkDescription } from './network-format.ts';
import { layerNames, type NetworkShape, networkGraph } from './network-graph.ts';

export interface NetworkModel {
  readonly description: NetworkDescription;
  /** Without the part that says how the network is built. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws KISIM_E_LEARNING_MODEL, KISIM_E_ONNX_FORMAT */
export function loadNetworkModel(path: string): NetworkModel {
  let file: Uint8Array;
  try {
    file = readFileSync(path);
  } catch (cause) {
    throw errors.KISIM_E_LEARNING_MODEL(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
  }
  return readNetworkModel(file, path);
}

/**
 * What `networkGraph` wrote. The graph is built again from what was found and has to give the same bytes, so that a file whose
 * operators do something else than its metadata say is never used.
 *
 * @param where what messages name
 * @throws KISIM_E_LEARNING_MODEL, KISIM_E_ONNX_FORMAT
 */
export function readNetworkModel(file: Uint8Array, where: string): NetworkModel {
  const summary = readOnnx(file);
  const { [NETWORK_META]: text, ...metadata } = summary.metadata;
  if (text === undefined) throw errors.KISIM_E_LEARNING_MODEL(`${where}: no metadata ${NETWORK_META}`);
  const tensors = new Map(summary.initializers.map((tensor) => [tensor.name, tensor]));
  const description = descriptionOf(text, tensors, where);
  const again = writeOnnx(networkGraph(summary.graph, description, metadata));
  if (!Buffer.from(again).equals(Buffer.from(file)))
    throw errors.KISIM_E_LEARNING_MODEL(`${where}: a graph that is not what its metadata say`);
  return { description, metadata };
}

function descriptionOf(
  text: string,
  tensors: ReadonlyMap<string, OnnxTensor>,
  where: string,
): NetworkDescription {
  const shape = shapeOf(text, where);
  const { inputs, hidden, outputs, activation, actions, masked, entities, dueling, quantiles } = shape;
  const data = <T extends Float32Array | Float64Array>(name: string, kind: new (size: number) => T): T => {
    const found = tensors.get(name)?.data;
    if (!(found instanceof kind)) throw errors.KISIM_E_LEARNING_MODEL(`${where}: no tensor ${name}`);
    return found;
  };
  const parts: Float32Array[] = [];
  for (let layer = 0; layer <= hidden.length; layer++) {
    const { weights, bias } = layerNames(layer);
    parts.push(data(weights, Float32Array), data(bias, Float32Array));
  }
  const parameters = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    parameters.set(part, at);
    at += part.length;
  }
  return {
    network: { inputs, hidden, outputs, activation, parameters },
    actions,
    masked,
    entities,
    dueling,
    quantiles,
    ...(shape.scaled
      ? {
          scaling: {
            mean: data('mean', Float64Array),
            deviation: data('deviation', Float64Array),
            clip: data('greatest', Float64Array)[0]!,
          },
        }
      : {}),
  };
}

function shapeOf(text: string, where: string): NetworkShape {
  const refuse = () => errors.KISIM_E_LEARNING_MODEL(`${where}: ${NETWORK_META} is ${text.slice(0, 200)}`);
  let found: Partial<Record<keyof NetworkShape, unknown>>;
  try {
    found = (JSON.parse(text) ?? {}) as typeof found;
  } catch (cause) {
    throw errors.KISIM_E_LEARNING_MODEL(`${where}: ${NETWORK_META} is no JSON`, { cause });
  }
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;
  const areCounts = (value: unknown) => Array.isArray(value) && value.every(isCount);
  const { inputs, hidden, outputs, activation, actions, entities, quantiles } = found;
  if (!isCount(inputs) || !isCount(outputs) || !areCounts(hidden) || !areCounts(actions)) throw refuse();
  if (activation !== 'relu' && activation !== 'tanh') throw refuse();
  if (!isCount(entities) || (quantiles !== 0 && !isCount(quantiles))) throw refuse();
  if (![found.masked, found.dueling, found.scaled].every((flag) => typeof flag === 'boolean')) throw refuse();
  return found as NetworkShape;
}
