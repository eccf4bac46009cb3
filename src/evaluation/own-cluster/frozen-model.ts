import { createHash } from 'node:crypto';
import { type CardOrigin, namedWeights, type TrainedModel } from '../../learning/model-card.ts';
import { scorerGraph } from '../../learning/onnx/scorer-graph.ts';
import { FEATURE_SET } from '../../policy/learned/model-format.ts';
import { OPSET } from '../../util/onnx/model.ts';
import { writeOnnx } from '../../util/onnx/write-model.ts';
import type { FrozenSettings, FrozenTraining } from './frozen.ts';

/** A model for any cluster, in the form of every other model. */
export function frozenModel({ point, start }: Pick<FrozenTraining, 'point' | 'start'>): TrainedModel {
  const onnx = writeOnnx(scorerGraph({ policy: { ...point, name: 'frozen' }, start }));
  return { onnx, sha256: createHash('sha256').update(onnx).digest('hex') };
}

/** What a frozen model was held against, in the mean over clusters; per cent, negative: it takes less. */
export interface FrozenScore {
  readonly where: string;
  readonly against: string;
  readonly percent: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly clusters: number;
}

/** The card of a frozen model, with the fields that the card of a training has. */
export function frozenCard(
  trained: FrozenTraining,
  model: TrainedModel,
  options: {
    readonly settings: FrozenSettings;
    /** What it was trained on. */
    readonly data: string;
    readonly scores: readonly FrozenScore[];
    readonly origin: CardOrigin;
  },
) {
  const { settings, data, scores, origin } = options;
  return {
    kind: 'placement-policy',
    format: 1,
    model: { file: 'frozen.onnx', sha256: model.sha256, opset: OPSET, features: FEATURE_SET },
    trained: {
      algorithm: 'sep-CMA-ES over clusters, loads and workloads that are drawn anew for each generation',
      seed: settings.seed,
      steps: settings.generations,
      unit: 'generations',
      decisions: trained.decisions,
      settings,
      data,
    },
    start: trained.start.name,
    /** Of the way from the start to what evolution found. */
    share: trained.share,
    scores,
    weights: namedWeights(trained.point),
    origin,
  };
}
