import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { remoteErrors } from '../../learning/remote/errors.ts';
import { decodeOrder, requestOf } from '../../learning/remote/order.ts';
import { encodeParcel } from '../../learning/remote/parcel.ts';
import { encodeEnd, progressLine, type WorkerEnd, workerError } from '../../learning/remote/worker-notes.ts';
import { type FinishedTraining, runTraining } from '../../learning/run-training.ts';
import { TrainingFolder } from '../../learning/training-folder.ts';
import { systemErrorCode } from '../../util/errors.ts';
import type { CommandContext } from '../command.ts';
import { exitStatus } from '../program.ts';
import { modelWithCard } from './outcome.ts';

/** As a shell tells of a program that ended by SIGTERM: no failure of the training. */
const STOPPED_STATUS = 143;
/** Where Kubernetes reads what a container leaves behind. */
const TERMINATION_LOG = '/dev/termination-log';
const PROGRESS_MILLISECONDS = 2000;

const clock = () => performance.now();

export interface WorkerOptions {
  /** File with the order. */
  readonly order: string;
  /** Where the training keeps its files; a folder of this process where left out. */
  readonly out: string | undefined;
  /** Where the end is told. */
  readonly terminationLog?: string;
}

/**
 * One worker of `--on kubernetes`: an ordinary training with the seed of its index. The result goes to stdout, progress to
 * stderr, and whether it went well to the termination log.
 *
 * @throws KISIM_E_TRAINING_ORDER, and what a training throws
 */
export async function trainAsWorker(context: CommandContext, options: WorkerOptions): Promise<number> {
  const tell = (end: WorkerEnd): void => {
    const path = options.terminationLog ?? TERMINATION_LOG;
    try {
      writeFileSync(path, encodeEnd(end));
    } catch (cause) {
      // Without it nobody finds the result, or why there is none.
      context.stderr.write(`${path}: ${systemErrorCode(cause) ?? String(cause)}\n`);
      throw cause;
    }
  };
  try {
    const finished = await train(context, options);
    if (finished === undefined) {
      tell({ kind: 'stopped' });
      return STOPPED_STATUS;
    }
    const { text, sha256 } = encodeParcel(finished);
    await new Promise<void>((done, fail) => {
      context.stdout.write(text, (error) => (error == null ? done() : fail(error)));
    });
    tell({ kind: 'result', sha256 });
    return exitStatus.ok;
  } catch (error) {
    tell({ kind: 'error', error: workerError(error) });
    throw error;
  }
}

async function train({ env, stderr, signal }: CommandContext, { order: path, out }: WorkerOptions) {
  const order = decodeOrder(readOrder(path), path);
  const folder = new TrainingFolder(resolve(out ?? join(tmpdir(), `kisimd-training-${process.pid}`)));
  const hardware = join(folder.path, 'hardware.csv');
  const request = requestOf(order, env['JOB_COMPLETION_INDEX'], hardware);
  const checkpoint = folder.create(request);
  if (order.hardware !== undefined) folder.write('hardware.csv', order.hardware);
  let told = Number.NEGATIVE_INFINITY;
  const finished: FinishedTraining | undefined = await runTraining({
    folder,
    checkpoint,
    threads: order.threads,
    signal,
    clock,
    onProgress: (now) => {
      if (clock() - told < PROGRESS_MILLISECONDS && now.step < now.steps) return;
      told = clock();
      stderr.write(progressLine(now));
    },
    onPhase: (says) => void stderr.write(`${says}\n`),
  });
  if (finished === undefined) return undefined;
  const { model, card } = modelWithCard(finished, order.threads);
  const log = folder.readLog().map((entry) => `${JSON.stringify(entry)}\n`);
  return { card, onnx: model.onnx, log: log.join('') };
}

function readOrder(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const found = `${path}: ${systemErrorCode(cause) ?? String(cause)}`;
    throw remoteErrors.KISIM_E_TRAINING_ORDER(found, { cause });
  }
}
