import { NODE_ANNOTATION } from '../../../../src/kubernetes/names.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import { ApiError } from '../api-client.ts';
import type { RealCluster } from './real-cluster.ts';
import { pod } from './workloads.ts';

const NAME = 'no-placements';
const GROUP = '/apis/admissionregistration.k8s.io/v1';

/**
 * Makes the API server refuse every placement in a namespace (403) while it takes all else: the pods stay at the gate,
 * known to the daemon, until the deadline comes or somebody frees them as they are.
 */
export async function denyPlacements(cluster: RealCluster, namespace: string): Promise<() => Promise<void>> {
  const { client } = cluster.plane;
  const policies = `${GROUP}/validatingadmissionpolicies`;
  const bindings = `${GROUP}/validatingadmissionpolicybindings`;
  cluster.apply(
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: NAME },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] },
          ],
        },
        validations: [
          {
            expression: `!has(object.metadata.annotations) || !("${NODE_ANNOTATION}" in object.metadata.annotations)`,
            reason: 'Forbidden',
            message: 'no placements now',
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: NAME },
      spec: { policyName: NAME, validationActions: ['Deny'] },
    },
  );
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const placed = pod(namespace, 'probe') as { metadata: object };
  const probe = { ...placed, metadata: { ...placed.metadata, annotations: { [NODE_ANNOTATION]: 'any' } } };
  const isDenied = async (): Promise<boolean> => {
    try {
      await client.call('POST', `${path}?dryRun=All`, probe);
      return false;
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) return true;
      throw error;
    }
  };
  await waitFor('placements to be refused', 30, isDenied);
  return async () => {
    await client.call('DELETE', `${bindings}/${NAME}`);
    await client.call('DELETE', `${policies}/${NAME}`);
    await waitFor('placements to be allowed', 30, async () => !(await isDenied()));
  };
}
