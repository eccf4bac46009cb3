import { collectErrors } from '../../controller/collect/errors.ts';
import { missingVerbs, type Need } from '../../kubernetes/access-review.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';

/** What the account may not do of what is needed, in words. */
export async function notAllowed(
  api: KubeApi,
  needs: readonly Need[],
  namespace: string,
): Promise<readonly string[]> {
  const missing = await missingVerbs(api, needs, namespace);
  return missing.map(({ verb, permission: { apiGroup, resource, why } }) => {
    const what = apiGroup === '' ? resource : `${resource}.${apiGroup}`;
    return `${verb} ${what} (${why})`;
  });
}

/** @throws KISIM_E_COLLECT_PERMISSION naming all that is missing */
export async function checkAllowed(api: KubeApi, needs: readonly Need[], namespace: string): Promise<void> {
  const missing = await notAllowed(api, needs, namespace);
  if (missing.length > 0) throw collectErrors.KISIM_E_COLLECT_PERMISSION(missing.join('; '));
}
