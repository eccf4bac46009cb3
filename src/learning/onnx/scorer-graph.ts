import { TERM_COUNT, WAIT_TERM_COUNT } from '../../policy/energy/term-table.ts';
import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import {
  FEATURE_SET,
  INPUT,
  MASKED_SCORE,
  META,
  MODEL_KIND,
  OUTPUT,
} from '../../policy/learned/model-format.ts';
import { ruleText } from '../../policy/learned/stored-rule.ts';
import { type OnnxModel, type OnnxNode, type OnnxTensor, OPSET } from '../../util/onnx/model.ts';

/** Whatever a policy was trained on was brought to a common scale: (term - mean) / deviation. */
export interface TermScaling {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

export interface ScorerGraphOptions {
  /** Less is better, as rules have it. */
  readonly policy: WeightedRule;
  /** The rule that training began at: the guard's. */
  readonly start: WeightedRule;
  /** Digest of the nodes that it was trained for; left out: for any. */
  readonly cluster?: string;
  /** Left out: terms count as they are. */
  readonly scaling?: TermScaling;
}

const double = (name: string, dims: readonly number[], data: ArrayLike<number>): OnnxTensor => ({
  name,
  type: 'double',
  dims,
  data: Float64Array.from(data),
});

/**
 * The structured scorer as an ONNX graph: scores [nodes] = -weights ((terms - mean) / deviation), masked; wait =
 * wait-terms waitWeights. In float64, so that it tells apart what the rules tell apart.
 *
 * @example
 * writeFileSync('model.onnx', writeOnnx(scorerGraph({ policy, start })));
 */
export function scorerGraph({ policy, start, cluster, scaling }: ScorerGraphOptions): OnnxModel {
  const waits = policy.waitWeights ?? new Float64Array(WAIT_TERM_COUNT);
  // Never above 0: a policy without wait weights never waits.
  const never = policy.waitWeights === undefined ? -1 : 0;
  const scaled: readonly OnnxNode[] =
    scaling === undefined
      ? []
      : [
          { op: 'Sub', inputs: [INPUT.terms, 'term-mean'], outputs: ['centred'] },
          { op: 'Div', inputs: ['centred', 'term-deviation'], outputs: ['scaled'] },
        ];
  return {
    opset: OPSET,
    producer: 'kisimd',
    graph: policy.name,
    inputs: [
      { name: INPUT.terms, type: 'double', dims: [TERM_COUNT, 'nodes'] },
      { name: INPUT.mask, type: 'bool', dims: ['nodes'] },
      { name: INPUT.waitTerms, type: 'double', dims: [WAIT_TERM_COUNT] },
    ],
    outputs: [
      { name: OUTPUT.scores, type: 'double', dims: ['nodes'] },
      { name: OUTPUT.wait, type: 'double', dims: [] },
    ],
    initializers: [
      double('weights', [TERM_COUNT], policy.weights),
      double('wait-weights', [WAIT_TERM_COUNT], waits),
      double('wait-constant', [], [never]),
      double('masked-score', [], [MASKED_SCORE]),
      ...(scaling === undefined
        ? []
        : [
            double('term-mean', [TERM_COUNT, 1], scaling.mean),
            double('term-deviation', [TERM_COUNT, 1], scaling.deviation),
          ]),
    ],
    nodes: [
      ...scaled,
      {
        op: 'MatMul',
        inputs: ['weights', scaling === undefined ? INPUT.terms : 'scaled'],
        outputs: ['cost'],
      },
      { op: 'Neg', inputs: ['cost'], outputs: ['score'] },
      { op: 'Where', inputs: [INPUT.mask, 'score', 'masked-score'], outputs: [OUTPUT.scores] },
      { op: 'MatMul', inputs: [INPUT.waitTerms, 'wait-weights'], outputs: ['wait-sum'] },
      { op: 'Add', inputs: ['wait-sum', 'wait-constant'], outputs: [OUTPUT.wait] },
    ],
    metadata: {
      [META.kind]: MODEL_KIND,
      [META.features]: FEATURE_SET,
      [META.start]: ruleText(start),
      ...(scaling === undefined ? { [META.point]: ruleText(policy) } : {}),
      ...(cluster === undefined ? {} : { [META.cluster]: cluster }),
    },
  };
}
