import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { ApiPod } from '../api-objects.ts';
import { isGated } from '../gated-pod-patch.ts';
import type { KubeApi } from '../kube-api.ts';
import { statusOf } from '../refusal.ts';

/** What a pod that is tried out shows. `unknown`: it could not be tried, for the server's reason. */
export type GatingState =
  | { readonly state: 'gated' | 'not-gated' }
  | { readonly state: 'unknown'; readonly why: string };

/** Between two tries. Policies reach the server's own cache within about a second. */
const AGAIN_MILLISECONDS: Milliseconds = 250;
/** So many in a row, as there may be several API servers behind one address. */
const IN_A_ROW = 3;

/** One that the strictest pod security standard takes, and any limit range. */
function trialPod(namespace: string): object {
  const small = { cpu: '1m', memory: '1Mi' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'kisimd-trial-', namespace },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'main',
          image: 'kisimd.example/never-run',
          resources: { requests: small, limits: small },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** Lets the server make a pod without keeping it (`dryRun=All`), and looks whether it has the gate. */
export async function gatingState(api: KubeApi, namespace: string): Promise<GatingState> {
  const response = await api.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { dryRun: 'All' },
    body: trialPod(namespace),
  });
  if (response.status === 201) return { state: isGated(response.body as ApiPod) ? 'gated' : 'not-gated' };
  const why = statusOf(response.body)?.message ?? `status ${response.status}`;
  return { state: 'unknown', why };
}

/**
 * Tries pods out until they are gated, or not any more, several times in a row.
 *
 * @returns what was seen last
 */
export async function waitForGating(
  api: KubeApi,
  namespace: string,
  wanted: 'gated' | 'not-gated',
  wait: {
    readonly sleep: Sleep;
    readonly signal: AbortSignal;
    readonly monotonicMilliseconds: () => Milliseconds;
    readonly forMilliseconds: Milliseconds;
  },
): Promise<GatingState> {
  const end = wait.monotonicMilliseconds() + wait.forMilliseconds;
  for (let inARow = 0; ; ) {
    const seen = await gatingState(api, namespace);
    inARow = seen.state === wanted ? inARow + 1 : 0;
    if (inARow === IN_A_ROW || wait.signal.aborted || wait.monotonicMilliseconds() >= end) return seen;
    await wait.sleep(AGAIN_MILLISECONDS, wait.signal);
  }
}
