import type { KubeApi } from '../kube-api.ts';
import { COMPONENT, OPT_IN_LABEL, OPT_IN_VALUE } from '../names.ts';
import { deleteObject, succeeded } from './calls.ts';
import { setupErrors } from './errors.ts';
import type { SetupPlan } from './plan.ts';
import { applyRequest, nameOf, type PlannedObject } from './planned-object.ts';

/** One thing that was done, or was found to be so already. */
export interface Outcome {
  readonly outcome: 'created' | 'changed' | 'replaced' | 'unchanged' | 'deleted' | 'freed';
  readonly what: string;
}

export interface Progress {
  /** Told after each step. */
  readonly done: (outcome: Outcome) => void;
  /** Aborted: ends before the next step. */
  readonly signal: AbortSignal;
}

/** @throws KISIM_E_SETUP_STOPPED */
export function demandGoingOn(signal: AbortSignal, next: string): void {
  if (signal.aborted) throw setupErrors.KISIM_E_SETUP_STOPPED(`before: ${next}`);
}

const outcomes = {
  create: 'created',
  change: 'changed',
  replace: 'replaced',
  keep: 'unchanged',
} as const;

/**
 * Writes the objects of a plan, what gates last but one, then opts namespaces in. What is stopped in the middle can be begun
 * anew: nothing is gated before somebody may free it.
 *
 * @throws KISIM_E_SETUP_STOPPED, KISIM_E_KUBE_...
 */
export async function carryOutSetup(
  api: KubeApi,
  { objects, optIn, force }: Pick<SetupPlan, 'objects' | 'optIn' | 'force'>,
  { done, signal }: Progress,
): Promise<void> {
  for (const planned of objects) {
    const what = `${planned.object.kind} ${nameOf(planned.object)}`;
    demandGoingOn(signal, what);
    await write(api, planned, force);
    done({ outcome: outcomes[planned.action], what });
  }
  for (const { namespace, action } of optIn) {
    const what = `opt-in of namespace ${namespace}`;
    demandGoingOn(signal, what);
    if (action === 'change') await label(api, namespace, OPT_IN_VALUE);
    done({ outcome: outcomes[action], what });
  }
}

/** Gating that nothing needs any more, after the new one works. */
export async function removeObsolete(
  api: KubeApi,
  { obsolete }: Pick<SetupPlan, 'obsolete'>,
  { done, signal }: Progress,
): Promise<void> {
  for (const { kind, name, paths } of obsolete) {
    demandGoingOn(signal, `removal of ${kind} ${name}`);
    for (const path of paths) await deleteObject(api, path);
    done({ outcome: 'deleted', what: `${kind} ${name}` });
  }
}

async function write(api: KubeApi, { action, object, path }: PlannedObject, force: boolean): Promise<void> {
  if (action === 'keep') return;
  if (action === 'replace') await deleteObject(api, path);
  const request = applyRequest(object, path, { dryRun: false, force });
  succeeded(request, await api.request(request));
}

/** Sets the label that opts a namespace in, or takes it away; a namespace that is gone meanwhile is no error then. */
export async function label(api: KubeApi, namespace: string, value: string | undefined): Promise<void> {
  const request = {
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}`,
    patchType: 'merge',
    query: { fieldManager: COMPONENT },
    body: { metadata: { labels: { [OPT_IN_LABEL]: value ?? null } } },
  } as const;
  const response = await api.request(request);
  if (value === undefined && response.status === 404) return;
  succeeded(request, response);
}
