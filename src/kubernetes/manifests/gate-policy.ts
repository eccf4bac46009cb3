import type { ApiObject } from '../api-objects.ts';
import { COMPONENT, PLACEMENT_GATE } from '../names.ts';
import { ownMetadata } from './common.ts';
import { type GateScope, gateConditions, gateRule, gateSelectors } from './gate-conditions.ts';

const GROUP_VERSION = 'admissionregistration.k8s.io/v1';

/**
 * Sets the gate on new pods of opted-in namespaces, in the API server itself (Kubernetes 1.36). An apply configuration,
 * which merges gates by name: a JSONPatch mutation with typed objects makes the handler of 1.36.4 panic.
 */
export function gatePolicy(scope: GateScope): ApiObject {
  return {
    apiVersion: GROUP_VERSION,
    kind: 'MutatingAdmissionPolicy',
    metadata: ownMetadata(`${COMPONENT}-gate`),
    spec: {
      // Placement is an improvement: without it pods are to be made as ever.
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'IfNeeded',
      matchConstraints: { ...gateSelectors(scope), resourceRules: [gateRule] },
      matchConditions: gateConditions(scope),
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: {
            expression: `Object{spec: Object.spec{schedulingGates: [Object.spec.schedulingGates{name: "${PLACEMENT_GATE}"}]}}`,
          },
        },
      ],
    },
  };
}

export function gatePolicyBinding(): ApiObject {
  return {
    apiVersion: GROUP_VERSION,
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: ownMetadata(`${COMPONENT}-gate`),
    spec: { policyName: `${COMPONENT}-gate` },
  };
}
