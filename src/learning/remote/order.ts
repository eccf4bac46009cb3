import { gunzipSync, gzipSync } from 'node:zlib';
import { FEATURE_SET } from '../../policy/learned/model-format.ts';
import type { TrainingRequest } from '../training-folder.ts';
import { remoteErrors } from './errors.ts';

/** What workers elsewhere are asked for: one training a seed, alike otherwise. */
export interface TrainingOrder {
  readonly request: Omit<TrainingRequest, 'seed'>;
  /** One a worker, by its index. */
  readonly seeds: readonly [number, ...number[]];
  /** Threads of each worker. */
  readonly threads: number;
  /** Content of the table of servers that the plan names by path. */
  readonly hardware?: string;
}

const FORMAT = 1;

/** An order as compressed bytes. */
export function encodeOrder(order: TrainingOrder): Uint8Array {
  return gzipSync(JSON.stringify({ format: FORMAT, features: FEATURE_SET, ...order }));
}

/** @param where for messages. @throws KISIM_E_TRAINING_ORDER where it is damaged or of another version */
export function decodeOrder(bytes: Uint8Array, where: string): TrainingOrder {
  let read: TrainingOrder & { readonly format: unknown; readonly features: unknown };
  try {
    read = JSON.parse(gunzipSync(bytes).toString());
  } catch (cause) {
    throw remoteErrors.KISIM_E_TRAINING_ORDER(`${where}: ${(cause as Error).message}`, { cause });
  }
  const { format, features, ...order } = read;
  if (format !== FORMAT)
    throw remoteErrors.KISIM_E_TRAINING_ORDER(`${where}: format ${format}, here ${FORMAT}`);
  if (features !== FEATURE_SET)
    throw remoteErrors.KISIM_E_TRAINING_ORDER(`${where}: features ${features}, here ${FEATURE_SET}`);
  return order;
}

/**
 * The training of one worker.
 *
 * @param index as the variable JOB_COMPLETION_INDEX tells it
 * @param hardwarePath where the content of the order's `hardware` was put
 * @throws KISIM_E_TRAINING_ORDER for an index that the order has no seed for
 */
export function requestOf(
  { request, seeds }: TrainingOrder,
  index: string | undefined,
  hardwarePath: string,
): TrainingRequest {
  const seed = index !== undefined && /^\d+$/.test(index) ? seeds[Number(index)] : undefined;
  if (seed === undefined)
    throw remoteErrors.KISIM_E_TRAINING_ORDER(
      `JOB_COMPLETION_INDEX is ${index ?? 'not set'}, with ${seeds.length} seeds`,
    );
  const { plan } = request;
  if (plan.kind !== 'scenario' || plan.hardware === undefined) return { ...request, seed };
  return { ...request, seed, plan: { ...plan, hardware: { ...plan.hardware, path: hardwarePath } } };
}
