import type { KubeApi } from '../kube-api.ts';
import { refusal } from '../refusal.ts';
import { kueueErrors } from './errors.ts';

export const KUEUE_GROUP = 'kueue.x-k8s.io';

/** Best first. */
const versions = ['v1beta2', 'v1beta1'] as const;
export type KueueVersion = (typeof versions)[number];

/**
 * The version of Kueue's API to talk to; undefined where the cluster has no Kueue.
 *
 * @throws KISIM_E_KUEUE_VERSION where it serves others only, KISIM_E_KUBE_...
 */
export async function kueueVersion(api: KubeApi): Promise<KueueVersion | undefined> {
  const request = { method: 'GET', path: `/apis/${KUEUE_GROUP}` } as const;
  const response = await api.request(request);
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw refusal(request, response);
  const { versions: served = [] } = response.body as {
    readonly versions?: readonly { readonly version: string }[];
  };
  const found = versions.find((version) => served.some((each) => each.version === version));
  if (found === undefined)
    throw kueueErrors.KISIM_E_KUEUE_VERSION(served.map(({ version }) => version).join(', ') || 'none');
  return found;
}

export function kueuePath(version: KueueVersion, plural: string): string {
  return `/apis/${KUEUE_GROUP}/${version}/${plural}`;
}
