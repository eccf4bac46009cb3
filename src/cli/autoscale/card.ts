import type { AutoscalingResults, Metric } from '../../autoscaling/evaluation.ts';
import type { AutoscalingModel, AutoscalingTraining } from '../../autoscaling/training.ts';
import type { Spread } from '../../evaluation/spread.ts';
import type { CardOrigin } from '../../learning/model-card.ts';
import type { TrainedAgent } from '../../learning/train-agent.ts';
import { OPSET } from '../../util/onnx/model.ts';

export type AutoscalingCardOrigin = Omit<CardOrigin, 'threads'>;

/** `card.json` of an autoscaling policy: data, seeds, scores, command and commit. */
export function autoscalingCard(
  training: AutoscalingTraining,
  trained: Pick<TrainedAgent, 'best' | 'last' | 'seconds'>,
  model: AutoscalingModel,
  results: AutoscalingResults,
  origin: AutoscalingCardOrigin,
) {
  const { problem, algorithm, seed, steps, settings } = training;
  return {
    kind: 'autoscaling-policy',
    format: 1,
    model: { file: 'model.onnx', sha256: model.sha256, opset: OPSET },
    trained: {
      algorithm,
      seed,
      steps,
      seconds: Number(trained.seconds.toFixed(1)),
      /** Mean return of greedy episodes on seeds of no training: of the step that was kept, and of the last. */
      best: trained.best,
      last: trained.last,
      settings: { environments: settings.environments, ...settings[algorithm] },
      problem,
    },
    /** On workloads that nothing was chosen by; means over the runs, and paired differences in percent. */
    evaluation: {
      seed: results.seed,
      runs: results.runs,
      patterns: results.patterns.map(({ pattern, seeds, policies }) => ({
        pattern,
        seeds,
        policies: policies.map(({ policy, metrics, against }) => ({
          policy,
          metrics: short(metrics),
          against: Object.fromEntries(Object.entries(against).map(([name, found]) => [name, short(found)])),
        })),
      })),
    },
    origin,
  };
}

export type AutoscalingCard = ReturnType<typeof autoscalingCard>;

/** What a card tells of each policy. */
const told: readonly string[] = [
  'p95Milliseconds',
  'lateShare',
  'failedShare',
  'energyJoules',
  'joulesPerRequest',
  'replicaHours',
];

function short(spreads: Readonly<Record<string, Spread>>): Partial<Record<Metric, Spread>> {
  const digits = (value: number | null) => (value === null ? null : Number(value.toPrecision(5)));
  return Object.fromEntries(
    Object.entries(spreads)
      .filter(([name]) => told.includes(name))
      .map(([name, { mean, deviation, low, high }]) => [
        name,
        { mean: digits(mean), deviation: digits(deviation), low: digits(low), high: digits(high) },
      ]),
  ) as Partial<Record<Metric, Spread>>;
}
