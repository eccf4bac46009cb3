import { scorerGraph } from '../../src/learning/onnx/scorer-graph.ts';
import type { WeightedRule } from '../../src/policy/energy/weighted-policy.ts';
import { checkModel, type LoadedModel } from '../../src/policy/learned/load-model.ts';
import { writeOnnx } from '../../src/util/onnx/write-model.ts';

/** A model file as a training leaves it, of a policy that nobody trained. */
export function modelBytes(policy: WeightedRule, start: WeightedRule, cluster?: string): Uint8Array {
  return writeOnnx(scorerGraph({ policy, start, ...(cluster === undefined ? {} : { cluster }) }));
}

export function trainedModel(policy: WeightedRule, start: WeightedRule): LoadedModel {
  return checkModel('model.onnx', modelBytes(policy, start));
}
