import { dirname, join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { DEFAULT_SCHEDULER } from '../../controller/decider.ts';
import { awakeFirst } from '../../policy/awake-first.ts';
import { AUTO, automaticPolicy } from '../../policy/learned/automatic-policy.ts';
import {
  guardedModel,
  type LiveModels,
  learnedForCluster,
} from '../../policy/learned/learned-for-cluster.ts';
import { ModelStore } from '../../policy/learned/model-store.ts';
import { shippedModel } from '../../policy/learned/shipped-model.ts';
import type { Policy } from '../../policy/policy.ts';
import { policyByName } from '../../policy/registry.ts';

/** The name of the model for the cluster. */
const LEARNED = 'learned';
const MODEL = 'model:';

export interface PlacementPolicies {
  /** Undefined: pods are left to the default scheduler. */
  readonly policy: Policy | undefined;
  readonly fallback?: Policy;
  readonly reference?: Policy;
}

/** Where the models of clusters are, beside the history. */
export function modelFolder({ path }: Pick<Config['history'], 'path'>): string {
  return join(dirname(path), 'models');
}

export function liveModels(
  { history, placement }: Pick<Config, 'history' | 'placement'>,
  changes?: LiveModels['changes'],
): LiveModels {
  return {
    ...(changes === undefined ? {} : { changes }),
    store: new ModelStore(modelFolder(history)),
    frozen: placement.model ?? shippedModel(),
    guardShare: placement.guardShare,
  };
}

/**
 * The policies that the configuration names.
 *
 * @throws KISIM_E_POLICY_UNKNOWN, KISIM_E_MODEL_...
 */
export function placementPolicies(
  { policy, fallback, reference }: Pick<Config['placement'], 'policy' | 'fallback' | 'reference'>,
  nodesSleep = false,
  models?: LiveModels,
): PlacementPolicies {
  return {
    policy: livePolicy(policy, nodesSleep, models),
    ...(fallback === undefined ? {} : { fallback: named(fallback, nodesSleep, models) }),
    ...(reference === undefined ? {} : { reference: named(reference, nodesSleep, models) }),
  };
}

/**
 * `default` is the cluster's own scheduler, `auto` the best policy that is known for the cluster, `learned` the model for it; every other name is one of the registry's.
 *
 * @param nodesSleep every policy then takes nodes that are awake first: to wake one takes minutes, and a pod is not held for so long
 * @throws KISIM_E_POLICY_UNKNOWN
 */
export function livePolicy(name: string, nodesSleep = false, models?: LiveModels): Policy | undefined {
  return name === DEFAULT_SCHEDULER ? undefined : named(name, nodesSleep, models);
}

function named(name: string, nodesSleep: boolean, models: LiveModels | undefined): Policy {
  if (name === AUTO && models !== undefined) return automaticPolicy(models, nodesSleep);
  const policy = (models && modelPolicy(name, models)) ?? policyByName(name);
  return nodesSleep && !name.split('+').includes('awake-first') ? awakeFirst(policy) : policy;
}

/** Whether a name is one of a policy that follows the models of the cluster. */
export function followsModels(name: string): boolean {
  return name === AUTO || name === LEARNED || name.startsWith(MODEL);
}

/** Undefined for a name that is none of a model. */
function modelPolicy(name: string, models: LiveModels): Policy | undefined {
  if (name === LEARNED) return learnedForCluster(models);
  if (name.startsWith(MODEL) && !name.includes('+')) return guardedModel(name.slice(MODEL.length), models);
  return undefined;
}

/** The policy of the moment, with the reason of `auto` where it is one that `auto` came to. */
export function policyStatus(
  policy: string,
  changes: LiveModels['changes'],
): { readonly policy: string; readonly policyReason: string | undefined } {
  const chosen = changes?.chosen;
  return { policy, policyReason: chosen?.policy === policy ? chosen.reason : undefined };
}
