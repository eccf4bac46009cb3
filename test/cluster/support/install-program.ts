import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeApi } from '../../../src/kubernetes/kube-api.ts';
import { objectPath, setupObjects } from '../../../src/kubernetes/manifests/setup-objects.ts';
import { DEFAULT_NAMESPACE } from '../../../src/kubernetes/names.ts';
import type { ActingFeature } from '../../../src/kubernetes/permissions.ts';
import type { ControlPlane } from './control-plane.ts';

export const everyFeature: readonly ActingFeature[] = [
  'jobs',
  'deployments',
  'node-advice',
  'eviction',
  'kubelet-use',
  'metrics-use',
  'autoscaling',
  'queue',
  'kueue',
];

/**
 * Sets the program up as `kisimd setup` does, and returns a kubeconfig of its own service account, which has no other
 * rights.
 *
 * @param admin as the operator
 * @param gating by the policy; a test that gates pods otherwise leaves it out
 */
export async function installProgram(plane: ControlPlane, admin: KubeApi, gating: boolean): Promise<string> {
  for (const object of setupObjects({
    namespace: DEFAULT_NAMESPACE,
    features: everyFeature,
    ...(gating ? { gatesBy: 'policy' as const } : {}),
  }))
    await succeed(admin, 'POST', parent(objectPath(object)), object);
  const token = (await succeed(
    admin,
    'POST',
    `/api/v1/namespaces/${DEFAULT_NAMESPACE}/serviceaccounts/kisimd/token`,
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  )) as { status: { token: string } };
  const file = join(plane.folder, 'kisimd.kubeconfig');
  writeFileSync(file, JSON.stringify(kubeconfig(plane.folder, token.status.token)), { mode: 0o600 });
  return file;
}

export function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

export async function succeed(
  api: KubeApi,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await api.request({ method, path, ...(body === undefined ? {} : { body }) });
  if (response.status < 300) return response.body;
  throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(response.body).slice(0, 500)}`);
}

function kubeconfig(folder: string, token: string): object {
  const server = 'https://127.0.0.1:6443';
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': join(folder, 'pki', 'ca.crt') } }],
    users: [{ name: 'kisimd', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'kisimd' } }],
    'current-context': 'test',
  };
}
