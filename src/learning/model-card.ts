import { createHash } from 'node:crypto';
import { placementTerms, waitTerms } from '../policy/energy/term-table.ts';
import type { WeightedRule } from '../policy/energy/weighted-policy.ts';
import { FEATURE_SET } from '../policy/learned/model-format.ts';
import { OPSET } from '../util/onnx/model.ts';
import { writeOnnx } from '../util/onnx/write-model.ts';
import { scorerGraph } from './onnx/scorer-graph.ts';
import { digestOfCluster } from './own-cluster/twin-plan.ts';
import type { FinishedTraining } from './run-training.ts';

/** What made the numbers of a card, for who wants to make them again. */
export interface CardOrigin {
  /** As it could be typed, with the steps that an `--hours` came to. */
  readonly command: string;
  /** Version and commit. */
  readonly code: string;
  readonly finished: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly threads: number;
}

export interface TrainedModel {
  readonly onnx: Uint8Array;
  readonly sha256: string;
}

/** The model of a finished training: the same training gives the same bytes. */
export function modelOf({ request, result }: FinishedTraining): TrainedModel {
  const onnx = writeOnnx(
    scorerGraph({ policy: result.policy, start: result.start, cluster: digestOfCluster(request.plan) }),
  );
  return { onnx, sha256: createHash('sha256').update(onnx).digest('hex') };
}

/** `card.json`: data, seeds, scores, command and commit of a model. Changes are shares: -0.01 is one percent less. */
export function modelCard(finished: FinishedTraining, model: TrainedModel, origin: CardOrigin) {
  const { request, twin, unit, result, report, reportWorkloads, seconds, decisions } = finished;
  const { plan, algorithm, seed, steps } = request;
  return {
    kind: 'placement-policy',
    format: 1,
    model: { file: 'model.onnx', sha256: model.sha256, opset: OPSET, features: FEATURE_SET },
    trained: {
      algorithm,
      seed,
      steps,
      unit,
      seconds: Number(seconds.toFixed(1)),
      decisions,
      cluster: {
        name: twin,
        digest: digestOfCluster(plan),
        ...(plan.kind === 'scenario'
          ? { scenario: plan.scenario, load: plan.load, seed: plan.clusterSeed }
          : {
              nodes: plan.nodes.length,
              load: plan.load,
              ...(plan.kind === 'replay' ? { arrivals: plan.arrivals.length, jobs: plan.jobs } : {}),
              assumptions: plan.assumptions,
            }),
      },
    },
    start: result.start.name,
    accepted: result.isAccepted,
    /** Kept where not accepted: what was tried did not prove better than the rule, and the model is the rule. */
    validation: result.validation,
    /** On workloads that nothing was chosen by; the price is energy with a price on waiting and missed objectives. */
    report: {
      change: report.mean,
      low: report.interval?.low ?? null,
      high: report.interval?.high ?? null,
      workloads: reportWorkloads,
    },
    weights: namedWeights(result.policy),
    origin,
  };
}

export type ModelCard = ReturnType<typeof modelCard>;

/** Weights that are not 0, by term. */
export function namedWeights({ weights, waitWeights }: WeightedRule): Readonly<Record<string, number>> {
  const pairs = [
    ...placementTerms.map(({ name }, i) => [name, weights[i]!] as const),
    ...waitTerms.map(({ name }, i) => [`wait:${name}`, waitWeights?.[i] ?? 0] as const),
  ];
  return Object.fromEntries(pairs.filter(([, weight]) => weight !== 0));
}
