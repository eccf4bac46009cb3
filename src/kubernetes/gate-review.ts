import type { ApiPod } from './api-objects.ts';
import type { PatchOperation } from './json-patch.ts';
import { DEFAULT_SCHEDULER } from './manifests/gate-conditions.ts';
import { PLACEMENT_GATE, SKIP_LABEL } from './names.ts';

/** `admission.k8s.io/v1`, as far as the gate needs it. */
export interface AdmissionReview {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly request?: {
    readonly uid: string;
    readonly operation?: string;
    readonly object?: ApiPod;
  };
}

export interface AdmissionReviewAnswer {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: true;
    readonly patchType?: 'JSONPatch';
    /** A JSON Patch in base64. */
    readonly patch?: string;
  };
}

/**
 * Answers the API server's question about a new pod: always allowed, with our gate where it may be gated. The webhook's
 * conditions say the same; they are looked at again, as a pod that is gated wrongly does not run.
 *
 * @returns undefined where it is no review
 */
export function gateReview(
  { request }: AdmissionReview,
  schedulers: readonly string[] = [DEFAULT_SCHEDULER],
): AdmissionReviewAnswer | undefined {
  if (typeof request?.uid !== 'string') return undefined;
  const { uid, operation, object } = request;
  const patch = operation === 'CREATE' && object !== undefined ? gatePatch(object, schedulers) : undefined;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: true,
      ...(patch === undefined
        ? {}
        : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    },
  };
}

function gatePatch(
  { metadata = {}, spec = {} }: ApiPod,
  schedulers: readonly string[],
): PatchOperation[] | undefined {
  const gates = spec.schedulingGates ?? [];
  const leave =
    (spec.nodeName ?? '') !== '' ||
    metadata.labels?.[SKIP_LABEL] !== undefined ||
    gates.some(({ name }) => name === PLACEMENT_GATE) ||
    !schedulers.includes(spec.schedulerName ?? DEFAULT_SCHEDULER) ||
    (metadata.ownerReferences ?? []).some(({ kind }) => kind === 'DaemonSet' || kind === 'Node');
  if (leave) return undefined;
  const gate = { name: PLACEMENT_GATE };
  return [
    gates.length === 0
      ? { op: 'add', path: '/spec/schedulingGates', value: [gate] }
      : { op: 'add', path: '/spec/schedulingGates/-', value: gate },
  ];
}
