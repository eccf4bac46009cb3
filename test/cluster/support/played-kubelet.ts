import type { KubeApi } from '../../../src/kubernetes/kube-api.ts';

/** Says of a node what its kubelet would. */
export async function setReady(api: KubeApi, node: string, isReady: boolean): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const status = isReady ? 'True' : 'False';
  const condition = {
    type: 'Ready',
    status,
    lastTransitionTime: now,
    lastHeartbeatTime: now,
    reason: 'Played',
  };
  await patchStatus(api, `/api/v1/nodes/${node}`, { conditions: [condition] });
}

/** Says of a pod that it runs. */
export function setRunning(api: KubeApi, namespace: string, pod: string): Promise<void> {
  return patchStatus(api, `/api/v1/namespaces/${namespace}/pods/${pod}`, {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
  });
}

/** Says what the controller of disruption budgets would. */
export function setBudget(
  api: KubeApi,
  namespace: string,
  name: string,
  disruptionsAllowed: number,
): Promise<void> {
  return patchStatus(api, `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/${name}`, {
    disruptionsAllowed,
    currentHealthy: 1,
    desiredHealthy: 1 - disruptionsAllowed,
    expectedPods: 1,
    observedGeneration: 1,
  });
}

async function patchStatus(api: KubeApi, path: string, status: object): Promise<void> {
  const { status: code, body } = await api.request({
    method: 'PATCH',
    path: `${path}/status`,
    patchType: 'strategic',
    body: { status },
  });
  if (code !== 200) throw new Error(`PATCH ${path}/status: ${code} ${JSON.stringify(body)}`);
}
