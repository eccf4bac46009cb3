import { join } from 'node:path';
import {
  type CardOrigin,
  type ModelCard,
  modelCard,
  modelOf,
  type TrainedModel,
} from '../../learning/model-card.ts';
import type { FinishedTraining } from '../../learning/run-training.ts';
import { machine, versionWithCommit } from '../benchmark/machine.ts';
import { version } from '../version.ts';
import { percentText } from './progress.ts';

/** The model of a finished training and its card, made on this machine. */
export function modelWithCard(
  finished: FinishedTraining,
  threads: number,
): { readonly model: TrainedModel; readonly card: ModelCard } {
  const model = modelOf(finished);
  const origin: CardOrigin = {
    command: commandOf(finished),
    code: versionWithCommit(version()),
    finished: new Date().toISOString(),
    machine: machine(),
    threads,
  };
  return { model, card: modelCard(finished, model, origin) };
}

/** A card as its file holds it. */
export function cardText(card: object): string {
  return `${JSON.stringify(card, undefined, 2)}\n`;
}

/** What makes the same model again; of a real cluster the folder's checkpoint alone holds the twin. */
function commandOf({ request }: FinishedTraining): string {
  const { plan, algorithm, seed, steps } = request;
  const cluster =
    plan.kind === 'scenario'
      ? `--scenario ${plan.scenario} --load ${plan.load} --cluster-seed ${plan.clusterSeed}${plan.hardware === undefined ? '' : ' --hardware FILE'}`
      : plan.kind === 'replay'
        ? `--from-history --arrivals (${plan.name})`
        : `--for-cluster (${plan.name})`;
  return `kisimd train ${cluster} --algorithm ${algorithm} --seed ${seed} --steps ${steps}`;
}

/** For people: what was trained, what came of it, where it is. */
export function summaryText(
  { trained, start, accepted, report, model, origin }: ModelCard,
  path: string,
): string {
  const interval =
    report.low === null || report.high === null
      ? ''
      : `, 95 % interval ${percentText(report.low)} to ${percentText(report.high)}`;
  const outcome = accepted
    ? `${percentText(report.change)} of the priced energy of ${start}${interval} (${report.workloads} further workloads)`
    : `nothing proved better than ${start}: the model is that rule`;
  return [
    `cluster   ${trained.cluster.name}`,
    `trained   ${trained.steps} ${trained.unit} in ${Math.round(trained.seconds)} s, ${trained.decisions} placements`,
    `result    ${outcome}`,
    `model     ${join(path, 'model.onnx')}`,
    `sha256    ${model.sha256}`,
    `again     ${origin.command}`,
    '',
  ].join('\n');
}
