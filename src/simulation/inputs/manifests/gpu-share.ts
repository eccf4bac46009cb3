import type { NodeGpus } from '../../../cluster/node.ts';
import type { PodGpuRequest } from '../../../cluster/pod.ts';
import { gpuPowerOf } from '../../../power-model/gpu-models.ts';
import type { Located } from './located.ts';
import { parseQuantity, unitsOf } from './quantity.ts';
import type { Amounts } from './resources.ts';

/**
 * GPUs that pods share, as Alibaba's open-gpu-share writes them and the simulators of open-simulator's family read them:
 * resources of a node, annotations of a pod.
 */
const COUNT = 'alibabacloud.com/gpu-count';
const MILLI = 'alibabacloud.com/gpu-milli';
const MODEL = 'alibabacloud.com/gpu-card-model';

export const GPU_SHARE_RESOURCES: readonly string[] = [COUNT, MILLI];

/** Undefined for a node without them. */
export function sharedGpusOf(node: Located, amounts: Amounts): NodeGpus | undefined {
  const count = amounts.get(COUNT) ?? 0;
  if (count === 0) return undefined;
  const labels = node.get('metadata').get('labels');
  const milli = amounts.get(MILLI);
  if (milli !== undefined && milli !== count * 1000)
    throw node.get('status').invalid(`${count} GPUs of ${milli} thousandths in all`);
  const model = labels.get(MODEL).textOr('unknown');
  return { count, model, power: gpuPowerOf(model) };
}

/** Undefined for a pod that asks for none. */
export function sharedGpuRequest(pod: Located): PodGpuRequest | undefined {
  const annotations = pod.get('metadata').get('annotations');
  const countAt = annotations.get(COUNT);
  const milliAt = annotations.get(MILLI);
  if (!milliAt.present && !countAt.present) return undefined;
  const milliEach = whole(milliAt, 1000);
  const count = whole(countAt, milliEach > 0 ? 1 : 0);
  if (count === 0 || milliEach === 0) return undefined;
  if (milliEach > 1000) throw milliAt.invalid(`${milliEach} thousandths of one GPU`);
  if (count > 1 && milliEach < 1000) throw milliAt.invalid(`${count} GPUs of ${milliEach} thousandths each`);
  const models = annotations
    .get(MODEL)
    .textOr('')
    .split('|')
    .filter((model) => model !== '');
  return { count, milliEach, models };
}

/** Annotations are text. */
function whole(at: Located, otherwise: number): number {
  if (!at.present) return otherwise;
  const amount = parseQuantity(at.text());
  if (amount === undefined || amount < 0n) throw at.invalid(`'${at.text()}' is no number of at least 0`);
  return unitsOf(amount);
}
