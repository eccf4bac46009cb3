import { contest } from '../../learning/contest.ts';
import type { ModelCard, TrainedModel } from '../../learning/model-card.ts';
import { twinOf } from '../../learning/own-cluster/twin-plan.ts';
import type { FinishedTraining } from '../../learning/run-training.ts';
import { weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import { simulatedModel } from '../../policy/learned/model-by-path.ts';
import type { ModelStore } from '../../policy/learned/model-store.ts';
import { percentText } from './progress.ts';

const WORKLOADS = 24;

/**
 * Puts a model to use where it was accepted and, where another one is in use for the cluster, is proven better than that
 * one: the upper 95 % bound of its price against it, workload by workload on the new twin, is below zero.
 *
 * @returns what was done, for people
 * @throws KISIM_E_MODEL_..., KISIM_E_ONNX_FORMAT
 */
export function adopt(
  store: ModelStore,
  { request, result }: Pick<FinishedTraining, 'request' | 'result'>,
  model: TrainedModel,
  card: ModelCard,
  time: string,
): string {
  if (!result.isAccepted) return 'not put to use: it proved no better than its rule';
  const { digest } = card.trained.cluster;
  const holder = store.current(digest);
  if (holder?.sha256 === model.sha256) return 'in use already';
  let against = 'none before';
  if (holder !== undefined) {
    const { mean, interval } = contest({
      twin: twinOf(request.plan),
      challenger: weightedPolicy(result.policy, 'first'),
      holder: simulatedModel(holder),
      workloads: WORKLOADS,
    });
    against = `${percentText(mean)} against the one in use, at most ${percentText(interval!.high)}`;
    if (!(interval!.high < 0)) return `not put to use: ${against}`;
  }
  store.use('model.onnx', model.onnx, `${JSON.stringify(card, undefined, 2)}\n`, time);
  return `put to use for cluster ${digest} (${against})`;
}
