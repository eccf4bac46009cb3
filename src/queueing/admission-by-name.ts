import { fileURLToPath } from 'node:url';
import { loadQueueModel } from './learned/model.ts';
import { boundedWait } from './policies/bounded-wait.ts';
import { admissionByName as ruleByName } from './policies/registry.ts';
import type { AdmissionPolicy } from './policy.ts';

const MODEL = 'model:';

/** The models that come with the program, by the name of their policy. */
const shipped: Readonly<Record<string, string>> = { ppo: 'queue-ppo.onnx' };
export const shippedAdmissions: readonly string[] = Object.keys(shipped);

/**
 * Any admission policy by its stable name: a rule, a shipped model (`ppo`), or `model:FILE`. What learned decides until a job has waited for
 * five days; see `boundedWait`.
 *
 * @throws KISIM_E_QUEUE_POLICY_UNKNOWN, KISIM_E_QUEUE_MODEL, KISIM_E_LEARNING_MODEL
 */
export function admissionByName(name: string): AdmissionPolicy {
  if (name.startsWith(MODEL)) return boundedWait(loadQueueModel(name.slice(MODEL.length)));
  const file = shipped[name];
  if (file === undefined) return ruleByName(name);
  return boundedWait(loadQueueModel(fileURLToPath(new URL(`../../models/${file}`, import.meta.url)), name));
}
