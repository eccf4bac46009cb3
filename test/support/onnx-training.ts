import {
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  OPSET,
} from '../../src/util/onnx/model.ts';

/**
 * Whole training steps as plain ONNX graphs of standard operators: forward, loss, backward by hand, clip and Adam. Run by
 * onnxruntime they are an independent engine to hold the native learner against, for its numbers and for its speed.
 * A network's parameters are inputs `<name>.w0`, `<name>.b0`, ... with weights [inputs][outputs], the new ones outputs
 * with `'` behind; moments are `m.<parameter>` and `v.<parameter>`.
 */
class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  readonly initializers: OnnxTensor[] = [];

  input(name: string, dims: OnnxValue['dims'], type: OnnxValue['type'] = 'float'): string {
    this.inputs.push({ name, type, dims });
    return name;
  }
  output(from: string, name: string, dims: OnnxValue['dims']): void {
    this.nodes.push({ op: 'Identity', inputs: [from], outputs: [name] });
    this.outputs.push({ name, type: 'float', dims });
  }
  number(value: number): string {
    const name = `number ${value}`;
    if (!this.initializers.some((each) => each.name === name))
      this.initializers.push({ name, type: 'float', dims: [], data: Float32Array.of(value) });
    return name;
  }
  integers(values: readonly number[], dims: readonly number[] = [values.length]): string {
    const name = `integers ${values.join(' ')} ${dims.length}`;
    if (!this.initializers.some((each) => each.name === name))
      this.initializers.push({ name, type: 'int64', dims, data: BigInt64Array.from(values.map(BigInt)) });
    return name;
  }
  op(op: string, inputs: readonly string[], attributes: Record<string, OnnxAttribute> = {}): string {
    const output = `${op} ${this.nodes.length}`;
    this.nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  }
  sum(of: string, axis: number, keep = 0): string {
    return this.op('ReduceSum', [of, this.integers([axis])], { keepdims: keep });
  }
  mean(of: string): string {
    return this.op('ReduceMean', [of], { keepdims: 0 });
  }
  oneHot(indices: string, depth: number): string {
    const values = 'off and on';
    if (!this.initializers.some((each) => each.name === values))
      this.initializers.push({ name: values, type: 'float', dims: [2], data: Float32Array.of(0, 1) });
    return this.op('OneHot', [indices, this.integers([depth], []), values], { axis: -1 });
  }
  model(graph: string): OnnxModel {
    return {
      opset: OPSET,
      producer: 'kisimd',
      graph,
      inputs: this.inputs,
      outputs: this.outputs,
      initializers: this.initializers,
      nodes: this.nodes,
      metadata: {},
    };
  }
}

type Activation = 'relu' | 'tanh';

/** One network in the graph: its forward passes and the gradients of one of them. */
class GraphNetwork {
  readonly parameters: { readonly name: string; readonly dims: readonly number[] }[] = [];
  readonly gradients = new Map<string, string>();
  readonly #graph: GraphBuilder;
  readonly #sizes: readonly number[];
  readonly #activation: Activation;
  readonly #name: string;

  constructor(graph: GraphBuilder, name: string, sizes: readonly number[], activation: Activation) {
    this.#graph = graph;
    this.#name = name;
    this.#sizes = sizes;
    this.#activation = activation;
    for (let layer = 0; layer + 1 < sizes.length; layer++) {
      for (const [kind, dims] of [
        ['w', [sizes[layer]!, sizes[layer + 1]!]],
        ['b', [sizes[layer + 1]!]],
      ] as const) {
        this.parameters.push({ name: `${name}.${kind}${layer}`, dims });
        graph.input(`${name}.${kind}${layer}`, dims);
      }
    }
  }

  /** Outputs, and the values that entered each layer. */
  forward(inputs: string): { readonly output: string; readonly entered: readonly string[] } {
    const entered: string[] = [];
    let value = inputs;
    for (let layer = 0; layer + 1 < this.#sizes.length; layer++) {
      entered.push(value);
      value = this.#graph.op('Gemm', [value, `${this.#name}.w${layer}`, `${this.#name}.b${layer}`]);
      if (layer + 2 < this.#sizes.length)
        value = this.#graph.op(this.#activation === 'relu' ? 'Relu' : 'Tanh', [value]);
    }
    return { output: value, entered };
  }

  backward(entered: readonly string[], outputGradients: string): void {
    const graph = this.#graph;
    let flow = outputGradients;
    for (let layer = this.#sizes.length - 2; layer >= 0; layer--) {
      const from = entered[layer]!;
      this.gradients.set(`${this.#name}.w${layer}`, graph.op('Gemm', [from, flow], { transA: 1 }));
      this.gradients.set(`${this.#name}.b${layer}`, graph.sum(flow, 0));
      if (layer === 0) return;
      const back = graph.op('Gemm', [flow, `${this.#name}.w${layer}`], { transB: 1 });
      const slope =
        this.#activation === 'relu'
          ? graph.op('Cast', [graph.op('Greater', [from, graph.number(0)])], { to: 1 })
          : graph.op('Sub', [graph.number(1), graph.op('Mul', [from, from])]);
      flow = graph.op('Mul', [back, slope]);
    }
  }
}

/** Clip over all networks, then Adam. Inputs `rate` = rate / correction and `root` = 1 / sqrt(correction) of this step. */
function adam(
  graph: GraphBuilder,
  networks: readonly GraphNetwork[],
  options: { readonly maxNorm: number; readonly epsilon: number },
): void {
  const parts = networks.flatMap((network) =>
    network.parameters.map((each) => ({ ...each, gradient: network.gradients.get(each.name)! })),
  );
  const squares = parts.map(({ gradient }) => graph.op('ReduceSumSquare', [gradient], { keepdims: 0 }));
  const norm = graph.op('Sqrt', [graph.op('Sum', squares)]);
  const factor = graph.op('Min', [
    graph.number(1),
    graph.op('Div', [graph.number(options.maxNorm), graph.op('Add', [norm, graph.number(1e-6)])]),
  ]);
  graph.output(norm, 'norm', []);
  const rate = graph.input('rate', []);
  const root = graph.input('root', []);
  for (const { name, dims, gradient } of parts) {
    const g = graph.op('Mul', [gradient, factor]);
    const m = graph.op('Add', [
      graph.op('Mul', [graph.input(`m.${name}`, dims), graph.number(0.9)]),
      graph.op('Mul', [g, graph.number(1 - 0.9)]),
    ]);
    const v = graph.op('Add', [
      graph.op('Mul', [graph.input(`v.${name}`, dims), graph.number(0.999)]),
      graph.op('Mul', [graph.op('Mul', [g, g]), graph.number(1 - 0.999)]),
    ]);
    const divisor = graph.op('Add', [
      graph.op('Mul', [graph.op('Sqrt', [v]), root]),
      graph.number(options.epsilon),
    ]);
    const change = graph.op('Div', [graph.op('Mul', [m, rate]), divisor]);
    graph.output(graph.op('Sub', [name, change]), `${name}'`, dims);
    graph.output(m, `m.${name}'`, dims);
    graph.output(v, `v.${name}'`, dims);
  }
}

export interface DqnGraphOptions {
  readonly sizes: readonly number[];
  readonly rows: number;
  readonly maxNorm: number;
  readonly epsilon: number;
}

/** A double-DQN step with masks of the next state, weights and smooth L1; ReLU. Outputs `loss`, `errors`, `norm` besides. */
export function dqnTrainingGraph({ sizes, rows, maxNorm, epsilon }: DqnGraphOptions): OnnxModel {
  const graph = new GraphBuilder();
  const actions = sizes.at(-1)!;
  const x = graph.input('x', [rows, sizes[0]!]);
  const next = graph.input('next', [rows, sizes[0]!]);
  const chosen = graph.input('chosen', [rows], 'int64');
  const rewards = graph.input('rewards', [rows]);
  const discounts = graph.input('discounts', [rows]);
  const masks = graph.input('nextMasks', [rows, actions], 'bool');
  const weights = graph.input('weights', [rows]);
  const online = new GraphNetwork(graph, 'online', sizes, 'relu');
  const target = new GraphNetwork(graph, 'target', sizes, 'relu');

  const { output: q, entered } = online.forward(x);
  const valid = graph.op('Where', [masks, online.forward(next).output, graph.number(-1e30)]);
  const best = graph.oneHot(graph.op('ArgMax', [valid], { axis: 1, keepdims: 0 }), actions);
  const bootstrap = graph.sum(graph.op('Mul', [target.forward(next).output, best]), 1);
  const goal = graph.op('Add', [rewards, graph.op('Mul', [discounts, bootstrap])]);
  const taken = graph.oneHot(chosen, actions);
  const error = graph.op('Sub', [graph.sum(graph.op('Mul', [q, taken]), 1), goal]);
  const size = graph.op('Abs', [error]);
  const loss = graph.op('Where', [
    graph.op('Less', [size, graph.number(1)]),
    graph.op('Mul', [graph.number(0.5), graph.op('Mul', [error, error])]),
    graph.op('Sub', [size, graph.number(0.5)]),
  ]);
  graph.output(graph.mean(graph.op('Mul', [loss, weights])), 'loss', []);
  graph.output(error, 'errors', [rows]);
  const slope = graph.op('Mul', [
    graph.op('Mul', [graph.op('Clip', [error, graph.number(-1), graph.number(1)]), weights]),
    graph.number(1 / rows),
  ]);
  online.backward(entered, graph.op('Mul', [taken, graph.op('Unsqueeze', [slope, graph.integers([1])])]));
  adam(graph, [online], { maxNorm, epsilon });
  return graph.model('double-dqn-step');
}

export interface PpoGraphOptions {
  /** Of the policy; the value network has the same but one output. */
  readonly sizes: readonly number[];
  readonly rows: number;
  readonly clip: number;
  readonly valueClip: number;
  readonly valueCoefficient: number;
  readonly entropyCoefficient: number;
  readonly maxNorm: number;
  readonly epsilon: number;
}

/** A minibatch of masked PPO with normalised advantages and the 'greatest' value loss; tanh, two networks. */
export function ppoTrainingGraph(options: PpoGraphOptions): OnnxModel {
  const graph = new GraphBuilder();
  const { sizes, rows, clip } = options;
  const actions = sizes.at(-1)!;
  const [x, chosen, masks] = [
    graph.input('x', [rows, sizes[0]!]),
    graph.input('chosen', [rows], 'int64'),
    graph.input('masks', [rows, actions], 'bool'),
  ];
  const [oldLogs, advantages, oldValues, returns] = ['oldLogs', 'advantages', 'oldValues', 'returns'].map(
    (name) => graph.input(name, [rows]),
  ) as [string, string, string, string];
  const policy = new GraphNetwork(graph, 'policy', sizes, 'tanh');
  const value = new GraphNetwork(graph, 'value', [...sizes.slice(0, -1), 1], 'tanh');
  const share = graph.number(1 / rows);
  const column = (of: string) => graph.op('Unsqueeze', [of, graph.integers([1])]);

  const centred = graph.op('Sub', [advantages, graph.mean(advantages)]);
  const variance = graph.op('Div', [
    graph.op('ReduceSumSquare', [centred], { keepdims: 0 }),
    graph.number(rows - 1),
  ]);
  const advantage = graph.op('Div', [
    centred,
    graph.op('Add', [graph.op('Sqrt', [variance]), graph.number(1e-8)]),
  ]);

  const { output: logits, entered } = policy.forward(x);
  const logs = graph.op('LogSoftmax', [graph.op('Where', [masks, logits, graph.number(-1e9)])], { axis: 1 });
  const p = graph.op('Exp', [logs]);
  const entropy = graph.op('Neg', [graph.sum(graph.op('Mul', [p, logs]), 1)]);
  const taken = graph.oneHot(chosen, actions);
  const ratio = graph.op('Exp', [graph.op('Sub', [graph.sum(graph.op('Mul', [logs, taken]), 1), oldLogs])]);
  const whole = graph.op('Mul', [ratio, advantage]);
  const limited = graph.op('Mul', [
    graph.op('Clip', [ratio, graph.number(1 - clip), graph.number(1 + clip)]),
    advantage,
  ]);
  const policyLoss = graph.op('Neg', [graph.mean(graph.op('Min', [whole, limited]))]);
  const slope = graph.op('Where', [
    graph.op('Less', [limited, whole]),
    graph.number(0),
    graph.op('Mul', [graph.op('Neg', [whole]), share]),
  ]);
  const forEntropy = graph.number(options.entropyCoefficient / rows);
  // d = slope ([taken] - p) + coefficient / rows * p (log p + H)
  const logitGradients = graph.op('Add', [
    graph.op('Mul', [column(slope), graph.op('Sub', [taken, p])]),
    graph.op('Mul', [forEntropy, graph.op('Mul', [p, graph.op('Add', [logs, column(entropy)])])]),
  ]);
  policy.backward(entered, logitGradients);

  const values = value.forward(x);
  const v = graph.op('Squeeze', [values.output, graph.integers([1])]);
  const moved = graph.op('Sub', [v, oldValues]);
  const valueClip = graph.number(options.valueClip);
  const near = graph.op('Add', [
    oldValues,
    graph.op('Clip', [moved, graph.number(-options.valueClip), valueClip]),
  ]);
  const farError = graph.op('Sub', [v, returns]);
  const nearError = graph.op('Sub', [near, returns]);
  const farSquare = graph.op('Mul', [farError, farError]);
  const nearSquare = graph.op('Mul', [nearError, nearError]);
  const valueLoss = graph.op('Mul', [
    graph.number(0.5),
    graph.mean(graph.op('Max', [farSquare, nearSquare])),
  ]);
  const inside = graph.op('Cast', [graph.op('LessOrEqual', [graph.op('Abs', [moved]), valueClip])], {
    to: 1,
  });
  const valueSlope = graph.op('Where', [
    graph.op('Greater', [nearSquare, farSquare]),
    graph.op('Mul', [nearError, inside]),
    farError,
  ]);
  value.backward(
    values.entered,
    column(graph.op('Mul', [valueSlope, graph.number(options.valueCoefficient / rows)])),
  );
  const loss = graph.op('Sub', [
    graph.op('Add', [policyLoss, graph.op('Mul', [graph.number(options.valueCoefficient), valueLoss])]),
    graph.op('Mul', [graph.number(options.entropyCoefficient), graph.mean(entropy)]),
  ]);
  graph.output(loss, 'loss', []);
  adam(graph, [policy, value], options);
  return graph.model('ppo-step');
}

/** Views of a native network's flat arrays, one a parameter of the graph, in the graph's order. */
export function parameterViews(
  name: string,
  sizes: readonly number[],
  flat: Float32Array,
): Map<string, { readonly data: Float32Array; readonly dims: readonly number[] }> {
  const views = new Map<string, { data: Float32Array; dims: readonly number[] }>();
  let offset = 0;
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const [inputs, outputs] = [sizes[layer]!, sizes[layer + 1]!];
    views.set(`${name}.w${layer}`, {
      data: flat.subarray(offset, offset + inputs * outputs),
      dims: [inputs, outputs],
    });
    offset += inputs * outputs;
    views.set(`${name}.b${layer}`, { data: flat.subarray(offset, offset + outputs), dims: [outputs] });
    offset += outputs;
  }
  return views;
}

/** The two numbers of Adam that change from step to step. */
export function adamCorrections(
  rate: number,
  step: number,
): { readonly rate: number; readonly root: number } {
  return { rate: rate / (1 - 0.9 ** step), root: 1 / Math.sqrt(1 - 0.999 ** step) };
}
