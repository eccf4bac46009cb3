import type { Config } from '../../config/config.ts';
import { DEFAULT_SCHEDULER } from '../../controller/decider.ts';
import { awakeFirst } from '../../policy/awake-first.ts';
import type { Policy } from '../../policy/policy.ts';
import { policyByName } from '../../policy/registry.ts';

export interface PlacementPolicies {
  /** Undefined: pods are left to the default scheduler. */
  readonly policy: Policy | undefined;
  readonly fallback?: Policy;
  readonly reference?: Policy;
}

/**
 * The policies that the configuration names.
 *
 * @throws KISIM_E_POLICY_UNKNOWN
 */
export function placementPolicies(
  { policy, fallback, reference }: Pick<Config['placement'], 'policy' | 'fallback' | 'reference'>,
  nodesSleep = false,
): PlacementPolicies {
  return {
    policy: livePolicy(policy, nodesSleep),
    ...(fallback === undefined ? {} : { fallback: named(fallback, nodesSleep) }),
    ...(reference === undefined ? {} : { reference: named(reference, nodesSleep) }),
  };
}

/**
 * `default` is the cluster's own scheduler; every other name is one of the registry's.
 *
 * @param nodesSleep every policy then takes nodes that are awake first: to wake one takes minutes, and a pod is not held for so long
 * @throws KISIM_E_POLICY_UNKNOWN
 */
export function livePolicy(name: string, nodesSleep = false): Policy | undefined {
  return name === DEFAULT_SCHEDULER ? undefined : named(name, nodesSleep);
}

function named(name: string, nodesSleep: boolean): Policy {
  const policy = policyByName(name);
  return nodesSleep && !name.split('+').includes('awake-first') ? awakeFirst(policy) : policy;
}
