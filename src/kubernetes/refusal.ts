import type { KisimError } from '../util/errors.ts';
import { errors } from './errors.ts';
import type { KubeRequest, KubeResponse } from './kube-api.ts';

/** The parts of a `metav1.Status` that are looked at; the API server answers with one wherever it refuses. */
export interface KubeStatus {
  readonly message: string;
  readonly reason: string;
  readonly code: number | undefined;
}

/** Undefined where the body is no Status. */
export function statusOf(body: unknown): KubeStatus | undefined {
  if (typeof body !== 'object' || body === null || !('kind' in body) || body.kind !== 'Status')
    return undefined;
  const { message, reason, code } = body as Readonly<Record<string, unknown>>;
  return {
    message: typeof message === 'string' ? message : '',
    reason: typeof reason === 'string' ? reason : '',
    code: typeof code === 'number' ? code : undefined,
  };
}

/**
 * The coded error for an answer that is no success, for callers that have no better use for its status: what was asked,
 * and the server's own words, which name verb and resource where it forbids.
 */
export function refusal(
  { method, path }: Pick<KubeRequest, 'method' | 'path'>,
  { status, body }: Pick<KubeResponse, 'status' | 'body'>,
): KisimError {
  const said = statusOf(body)?.message ?? (typeof body === 'string' ? body.trim().slice(0, 300) : '');
  const found = `${method} ${path}: ${status}${said === '' ? '' : ` ${said}`}`;
  if (status === 401) return errors.KISIM_E_KUBE_TOKEN(found);
  if (status === 403) return errors.KISIM_E_KUBE_FORBIDDEN(found);
  if (status === 504) return errors.KISIM_E_KUBE_TIMEOUT(found);
  return errors.KISIM_E_KUBE_ANSWER(found);
}
