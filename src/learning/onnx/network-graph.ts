import { type OnnxModel, type OnnxNode, type OnnxTensor, OPSET } from '../../util/onnx/model.ts';
import { optionsOf } from '../environment.ts';
import { errors } from '../errors.ts';
import {
  type DenseNetwork,
  MASKED_VALUE,
  NETWORK_INPUT,
  NETWORK_META,
  NETWORK_OUTPUT,
  type NetworkDescription,
} from './network-format.ts';

const float = (name: string, dims: readonly number[], data: Float32Array): OnnxTensor => ({
  name,
  type: 'float',
  dims,
  data,
});
const double = (name: string, dims: readonly number[], data: Float64Array): OnnxTensor => ({
  name,
  type: 'double',
  dims,
  data,
});
const integers = (name: string, ...values: readonly number[]): OnnxTensor => ({
  name,
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

/** Nodes and initialisers as they are added, and the name of the tensor that the next one reads. */
class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];

  add(op: string, inputs: readonly string[], output: string, attributes?: OnnxNode['attributes']): string {
    this.nodes.push({ op, inputs, outputs: [output], ...(attributes === undefined ? {} : { attributes }) });
    return output;
  }

  keep(tensor: OnnxTensor): string {
    this.initializers.push(tensor);
    return tensor.name;
  }

  reshaped(from: string, output: string, ...dims: readonly number[]): string {
    return this.add('Reshape', [from, this.keep(integers(`${output}-shape`, ...dims))], output);
  }

  /** Columns from .. to - 1. */
  columns(source: string, output: string, from: number, to: number): string {
    return this.add(
      'Slice',
      [
        source,
        this.keep(integers(`${output}-from`, from)),
        this.keep(integers(`${output}-to`, to)),
        this.keep(integers(`${output}-axis`, 1)),
      ],
      output,
    );
  }
}

/**
 * A dense network of the native learner as an ONNX graph: normaliser, layers, dueling and quantile heads, mask and argmax inside,
 * for any number of rows.
 *
 * @param metadata what the model is for; keys of its own
 * @throws KISIM_E_LEARNING_MODEL where the parts do not fit together
 *
 * @example
 * const model = networkGraph('lever', networkOf(agent, environment), { 'kisimd.kind': 'lever' });
 * writeFileSync('lever.onnx', writeOnnx(model));
 */
export function networkGraph(
  name: string,
  description: NetworkDescription,
  metadata: Readonly<Record<string, string>>,
): OnnxModel {
  checkNetwork(description);
  const { network, actions, masked, entities, scaling } = description;
  const size = network.inputs * entities;
  const options = optionsOf(actions);
  const graph = new GraphWriter();
  let at: string = NETWORK_INPUT.observation;
  if (scaling !== undefined) {
    // In float64, as the native normaliser computes.
    graph.add('Cast', [at], 'exact', { to: 11 });
    graph.add('Sub', ['exact', graph.keep(double('mean', [size], scaling.mean))], 'centred');
    graph.add('Div', ['centred', graph.keep(double('deviation', [size], scaling.deviation))], 'scaled');
    const least = graph.keep(double('least', [], Float64Array.of(-scaling.clip)));
    const greatest = graph.keep(double('greatest', [], Float64Array.of(scaling.clip)));
    graph.add('Clip', ['scaled', least, greatest], 'clipped');
    at = graph.add('Cast', ['clipped'], 'normalised', { to: 1 });
  }
  if (entities > 1) at = graph.reshaped(at, 'parts', -1, network.inputs);
  at = layers(graph, network, at);
  at = heads(graph, description, at);
  if (masked)
    graph.add(
      'Where',
      [NETWORK_INPUT.mask, at, graph.keep(float('masked-value', [], Float32Array.of(MASKED_VALUE)))],
      NETWORK_OUTPUT.values,
    );
  else graph.add('Identity', [at], NETWORK_OUTPUT.values);
  let from = 0;
  const chosen = actions.map((count, choice) => {
    const columns = graph.columns(NETWORK_OUTPUT.values, `choice-${choice}`, from, from + count);
    from += count;
    return graph.add('ArgMax', [columns], `chosen-${choice}`, { axis: 1, keepdims: 1 });
  });
  graph.add('Concat', chosen, NETWORK_OUTPUT.actions, { axis: 1 });
  return {
    opset: OPSET,
    producer: 'kisimd',
    graph: name,
    inputs: [
      { name: NETWORK_INPUT.observation, type: 'float', dims: ['rows', size] },
      ...(masked ? [{ name: NETWORK_INPUT.mask, type: 'bool' as const, dims: ['rows', options] }] : []),
    ],
    outputs: [
      { name: NETWORK_OUTPUT.values, type: 'float', dims: ['rows', options] },
      { name: NETWORK_OUTPUT.actions, type: 'int64', dims: ['rows', actions.length] },
    ],
    initializers: graph.initializers,
    nodes: graph.nodes,
    metadata: { ...metadata, [NETWORK_META]: JSON.stringify(shapeOf(description)) },
  };
}

/** What of a description is not numbers of a tensor, in a fixed order of keys. */
function shapeOf({ network, actions, masked, entities, dueling, quantiles, scaling }: NetworkDescription) {
  const { inputs, hidden, outputs, activation } = network;
  return {
    inputs,
    hidden,
    outputs,
    activation,
    actions,
    masked,
    entities,
    dueling,
    quantiles,
    scaled: scaling !== undefined,
  };
}

export type NetworkShape = ReturnType<typeof shapeOf>;

/** Names of the tensors of a layer. */
export const layerNames = (layer: number) => ({ weights: `weights-${layer}`, bias: `bias-${layer}` });

function layers(graph: GraphWriter, network: DenseNetwork, input: string): string {
  const widths = [network.inputs, ...network.hidden, network.outputs];
  let at = input;
  let parameter = 0;
  for (let layer = 0; layer + 1 < widths.length; layer++) {
    const [inputs, outputs] = [widths[layer]!, widths[layer + 1]!];
    const end = parameter + inputs * outputs;
    const names = layerNames(layer);
    const weights = float(names.weights, [inputs, outputs], network.parameters.slice(parameter, end));
    const bias = float(names.bias, [outputs], network.parameters.slice(end, end + outputs));
    parameter = end + outputs;
    at = graph.add('Gemm', [at, graph.keep(weights), graph.keep(bias)], `layer-${layer}`);
    if (layer + 2 < widths.length)
      at = graph.add(network.activation === 'relu' ? 'Relu' : 'Tanh', [at], `active-${layer}`);
  }
  return at;
}

/** From the outputs of the network to one number an option. */
function heads(
  graph: GraphWriter,
  { actions, entities, dueling, quantiles }: NetworkDescription,
  from: string,
): string {
  const options = optionsOf(actions);
  const columns = options + (dueling ? 1 : 0);
  let at = from;
  if (quantiles > 0) {
    graph.reshaped(at, 'quantiles', -1, columns, quantiles);
    const axis = graph.keep(integers('quantile-axis', 2));
    at = graph.add('ReduceMean', ['quantiles', axis], 'expected', { keepdims: 0 });
  } else if (entities > 1) at = graph.reshaped(at, 'joined', -1, columns);
  if (!dueling) return at;
  const value = graph.columns(at, 'state-value', 0, 1);
  const advantages = graph.columns(at, 'advantages', 1, columns);
  const axis = graph.keep(integers('advantage-axis', 1));
  graph.add('ReduceMean', [advantages, axis], 'mean-advantage', { keepdims: 1 });
  graph.add('Sub', [advantages, 'mean-advantage'], 'centred-advantages');
  return graph.add('Add', ['centred-advantages', value], 'action-values');
}

/** @throws KISIM_E_LEARNING_MODEL */
export function checkNetwork(description: NetworkDescription): void {
  const { network, actions, entities, dueling, quantiles, scaling } = description;
  const widths = [network.inputs, ...network.hidden, network.outputs];
  let parameters = 0;
  for (let layer = 0; layer + 1 < widths.length; layer++)
    parameters += (widths[layer]! + 1) * widths[layer + 1]!;
  const outputs = ((optionsOf(actions) + (dueling ? 1 : 0)) * Math.max(1, quantiles)) / entities;
  const problem =
    network.parameters.length !== parameters
      ? `${network.parameters.length} parameters for layers of ${widths.join(', ')}`
      : network.outputs !== outputs
        ? `${network.outputs} outputs where actions of ${actions.join(', ')} need ${outputs}`
        : dueling && (entities > 1 || actions.length > 1)
          ? `a dueling network of ${entities} entities and ${actions.length} choices`
          : scaling !== undefined &&
              (scaling.mean.length !== network.inputs * entities ||
                scaling.deviation.length !== network.inputs * entities)
            ? `scaling of ${scaling.mean.length} numbers for ${network.inputs * entities}`
            : !network.parameters.every(Number.isFinite)
              ? 'weights that are no finite numbers'
              : scaling !== undefined && !scaling.deviation.every((each) => each > 0)
                ? 'a deviation that is not above 0'
                : undefined;
  if (problem !== undefined) throw errors.KISIM_E_LEARNING_MODEL(problem);
}
