import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { checkModel, type LoadedModel } from '../../policy/learned/load-model.ts';
import type { ModelCard } from '../model-card.ts';
import { digestOfCluster } from '../own-cluster/twin-plan.ts';
import { remoteErrors } from './errors.ts';
import type { TrainingOrder } from './order.ts';

/** What one worker brings back. */
export interface TrainingParcel {
  readonly card: ModelCard;
  readonly onnx: Uint8Array;
  /** `log.jsonl` of the training. */
  readonly log: string;
}

/** A parcel that was looked at and is what was asked for. */
export interface CheckedParcel extends TrainingParcel {
  readonly model: LoadedModel;
}

const FORMAT = 1;
/** Begins each line of a parcel, since a worker's other output may come between. */
const MARK = 'kisimd-result ';
/** Characters of a line: container runtimes break lines that are longer than 16 KiB. */
const LINE = 4096;

/** A parcel as lines of text, and the SHA-256 of its bytes, which is told apart from them. */
export function encodeParcel({ card, onnx, log }: TrainingParcel): {
  readonly text: string;
  readonly sha256: string;
} {
  const model = Buffer.from(onnx).toString('base64');
  const bytes = gzipSync(JSON.stringify({ format: FORMAT, card, model, log }));
  const lines = bytes.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g'))!;
  return { text: lines.map((line) => `${MARK}${line}\n`).join(''), sha256: digestOf(bytes) };
}

/**
 * Finds a parcel among the output of a worker.
 *
 * @param sha256 as the worker told it apart from the output
 * @param where for messages
 * @throws KISIM_E_TRAINING_RESULT where it is missing, cut, changed or of another version
 */
export function decodeParcel(text: string, sha256: string, where: string): TrainingParcel {
  const lines = text.split('\n').filter((line) => line.startsWith(MARK));
  const bytes = Buffer.from(lines.map((line) => line.slice(MARK.length)).join(''), 'base64');
  const found = digestOf(bytes);
  if (found !== sha256)
    throw remoteErrors.KISIM_E_TRAINING_RESULT(
      lines.length === 0 ? `${where}: no result in it` : `${where}: sha256 ${found}, told was ${sha256}`,
    );
  // Whole, as its digest says: what is in it is what a worker of some version wrote.
  const { format, card, model, log } = JSON.parse(gunzipSync(bytes).toString());
  if (format !== FORMAT)
    throw remoteErrors.KISIM_E_TRAINING_RESULT(`${where}: format ${format}, here ${FORMAT}`);
  return { card, onnx: Buffer.from(model, 'base64'), log };
}

/**
 * Holds a parcel to what was asked for.
 *
 * @throws KISIM_E_TRAINING_RESULT, and what `checkModel` throws for a model that cannot be used
 */
export function checkParcel(
  parcel: TrainingParcel,
  { request }: Pick<TrainingOrder, 'request'>,
  seed: number,
  where: string,
): CheckedParcel {
  const { card, onnx } = parcel;
  const model = checkModel(where, onnx);
  const cluster = digestOfCluster(request.plan);
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['the sha256 of the model', card.model.sha256, model.sha256],
    ['seed', card.trained.seed, seed],
    ['algorithm', card.trained.algorithm, request.algorithm],
    ['cluster', card.trained.cluster.digest, cluster],
    ['cluster of the model', model.cluster, cluster],
    ...(typeof request.steps === 'number' ? [['steps', card.trained.steps, request.steps] as const] : []),
  ];
  for (const [name, found, wanted] of pairs)
    if (found !== wanted)
      throw remoteErrors.KISIM_E_TRAINING_RESULT(`${where}: ${name} is ${found}, wanted ${wanted}`);
  return { ...parcel, model };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
