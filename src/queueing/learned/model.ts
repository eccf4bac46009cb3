import { createHash } from 'node:crypto';
import type { NetworkDescription } from '../../learning/onnx/network-format.ts';
import { networkGraph } from '../../learning/onnx/network-graph.ts';
import { loadNetworkModel } from '../../learning/onnx/read-network.ts';
import { writeOnnx } from '../../util/onnx/write-model.ts';
import { errors } from '../errors.ts';
import { LearnedAdmission, viewByName } from './learned-admission.ts';

export const QUEUE_KIND = 'queue-admission';
/** Of what the numbers of the states mean: another one is another model. */
export const QUEUE_FEATURES = 'queue-1';
export const QUEUE_META = {
  kind: 'kisimd.kind',
  state: 'kisimd.queue.state',
  features: 'kisimd.queue.features',
} as const;

export interface QueueModel {
  readonly onnx: Uint8Array;
  readonly sha256: string;
}

/** The model of a network as it is now: the same network gives the same bytes. */
export function queueModel(algorithm: string, state: string, network: NetworkDescription): QueueModel {
  const onnx = writeOnnx(
    networkGraph(`queue-${algorithm}`, network, {
      [QUEUE_META.kind]: QUEUE_KIND,
      [QUEUE_META.state]: state,
      [QUEUE_META.features]: QUEUE_FEATURES,
    }),
  );
  return { onnx, sha256: createHash('sha256').update(onnx).digest('hex') };
}

/**
 * The admission policy of a model file that `kisimd queue --train` wrote.
 *
 * @param name of the policy; `model:PATH` where left out
 * @throws KISIM_E_QUEUE_MODEL, KISIM_E_LEARNING_MODEL, KISIM_E_ONNX_FORMAT
 */
export function loadQueueModel(path: string, name = `model:${path}`): LearnedAdmission {
  const { description, metadata } = loadNetworkModel(path);
  const { [QUEUE_META.kind]: kind, [QUEUE_META.state]: state, [QUEUE_META.features]: features } = metadata;
  if (kind !== QUEUE_KIND || state === undefined)
    throw errors.KISIM_E_QUEUE_MODEL(`${path} is a model of ${kind ?? 'something else'}`);
  if (features !== QUEUE_FEATURES)
    throw errors.KISIM_E_QUEUE_MODEL(
      `${path} reads the numbers of ${features}, this version shows ${QUEUE_FEATURES}`,
    );
  return new LearnedAdmission(name, viewByName(state), description);
}
