import type { Config } from '../../config/config.ts';
import { DEFAULT_SCHEDULER } from '../../controller/decider.ts';
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
export function placementPolicies({
  policy,
  fallback,
  reference,
}: Pick<Config['placement'], 'policy' | 'fallback' | 'reference'>): PlacementPolicies {
  return {
    policy: livePolicy(policy),
    ...(fallback === undefined ? {} : { fallback: policyByName(fallback) }),
    ...(reference === undefined ? {} : { reference: policyByName(reference) }),
  };
}

/** `default` is the cluster's own scheduler; every other name is one of the registry's. @throws KISIM_E_POLICY_UNKNOWN */
export function livePolicy(name: string): Policy | undefined {
  return name === DEFAULT_SCHEDULER ? undefined : policyByName(name);
}
