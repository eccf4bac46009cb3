import { resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { modelFolder } from '../../daemon/placement/policies.ts';
import { type FinishedTraining, runTraining } from '../../learning/run-training.ts';
import { type Checkpoint, TrainingFolder } from '../../learning/training-folder.ts';
import { ModelStore } from '../../policy/learned/model-store.ts';
import type { CommandContext } from '../command.ts';
import { exitStatus } from '../program.ts';
import { textOption } from '../replay/options.ts';
import { adopt } from '../train/adopt.ts';
import { planAndPath } from '../train/begin.ts';
import { isOnCluster } from '../train/cluster-options.ts';
import { readTrainOptions, type TrainOptions } from '../train/options.ts';
import { cardText, modelWithCard, summaryText } from '../train/outcome.ts';
import { TrainingProgress } from '../train/progress.ts';
import { trainingReport } from '../train/report.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;

const clock = () => performance.now();

/** `kisimd train`. @throws KISIM_E_USAGE, KISIM_E_LEARNING_..., KISIM_E_TRAINING_..., and what cluster, history and node table throw */
export async function runTrain(context: CommandContext): Promise<number> {
  const { stdout, stderr, signal } = context;
  const order = textOption(context.options, 'asWorker');
  if (order !== undefined)
    return await (await import('../train/worker.ts')).trainAsWorker(context, {
      order,
      out: textOption(context.options, 'out'),
    });
  const onCluster = isOnCluster(context.options);
  const options = readTrainOptions(context.options);
  if (onCluster) return await (await import('../train/on-cluster.ts')).trainOnCluster(context, options);
  const { folder, checkpoint } = await open(context, options);
  const progress = new TrainingProgress(stderr, clock);
  let finished: FinishedTraining | undefined;
  try {
    finished = await runTraining({
      folder,
      checkpoint,
      threads: options.threads,
      signal,
      clock,
      onProgress: (now) => progress.tell(now),
      onPhase: (says) => progress.phase(says),
    });
  } finally {
    progress.end();
  }
  if (finished === undefined) {
    stderr.write(`stopped; go on with: kisimd train --resume ${folder.path}\n`);
    return STOPPED_STATUS;
  }
  const { model, card } = modelWithCard(finished, options.threads);
  folder.write('model.onnx', model.onnx);
  folder.write('card.json', cardText(card));
  folder.write('report.html', trainingReport(card, folder.readLog()));
  if (options.adopt) {
    const { config } = loadConfig({ env: context.env, flags: context.options });
    const store = new ModelStore(modelFolder(config.history));
    stderr.write(`${adopt(store, finished, model, card, new Date().toISOString())}\n`);
  }
  stdout.write(options.json ? cardText(card) : summaryText(card, folder.path));
  return exitStatus.ok;
}

async function open(
  context: CommandContext,
  { begin, out }: TrainOptions,
): Promise<{ folder: TrainingFolder; checkpoint: Checkpoint }> {
  if (begin === undefined) {
    const folder = new TrainingFolder(resolve(out!));
    return { folder, checkpoint: folder.load() };
  }
  const { plan, path } = await planAndPath(context, begin, out);
  const folder = new TrainingFolder(path);
  const { algorithm, seed, steps } = begin;
  return { folder, checkpoint: folder.create({ plan, algorithm, seed, steps }) };
}
