import { writeFileSync } from 'node:fs';
import { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import type { KubeApi } from '../../../../src/kubernetes/kube-api.ts';
import type { Permission } from '../../../../src/kubernetes/permissions.ts';
import type { ActingCluster } from '../../../cluster/support/acting-cluster.ts';
import { succeed } from '../../../cluster/support/install-program.ts';
import { daemonArguments } from './bench-cluster.ts';

interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** One verb of one resource as text, with the names that it holds for: `get leases.coordination.k8s.io [kisimd]`. */
function ruleText(verb: string, group: string, resource: string, names: readonly string[] = []): string {
  const named = names.length === 0 ? '' : ` [${[...names].sort().join(',')}]`;
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}${named}`;
}

/** What the server itself says that somebody may do in a namespace. */
export async function grantedRules(api: KubeApi, namespace: string): Promise<Set<string>> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  };
  const answer = await succeed(api, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', body);
  const { status } = answer as { status: { resourceRules: readonly ResourceRule[]; incomplete: boolean } };
  const rules = new Set<string>();
  for (const { verbs, apiGroups = [''], resources = [], resourceNames } of status.resourceRules)
    for (const verb of verbs)
      for (const group of apiGroups)
        for (const resource of resources) rules.add(ruleText(verb, group, resource, resourceNames));
  return rules;
}

/** What is meant to be granted. */
export function wantedRules(permissions: readonly Permission[]): Set<string> {
  return new Set(
    permissions.flatMap(({ verbs, apiGroup, resource, names }) =>
      verbs.map((verb) => ruleText(verb, apiGroup, resource, names)),
    ),
  );
}

/** An account that was given nothing: what it may do, everybody may. */
export async function accountWithoutRights(cluster: ActingCluster): Promise<ClientNodeApi> {
  const path = '/api/v1/namespaces/default/serviceaccounts';
  await cluster.create(path, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'nobody', namespace: 'default' },
  });
  const answer = (await succeed(cluster.admin, 'POST', `${path}/nobody/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  })) as { status: { token: string } };
  const { pki, folder } = cluster.plane;
  const file = `${daemonArguments(cluster).kubeconfig}.nobody`;
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [
        { name: 'test', cluster: { server: pki.serverUrl, 'certificate-authority': `${folder}/pki/ca.crt` } },
      ],
      users: [{ name: 'nobody', user: { token: answer.status.token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'nobody' } }],
      'current-context': 'test',
    }),
    { mode: 0o600 },
  );
  return await ClientNodeApi.fromKubeconfig({ file });
}
