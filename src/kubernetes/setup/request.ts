import { WEBHOOK_PATH } from '../names.ts';
import type { ActingFeature } from '../permissions.ts';
import { permissions } from '../permissions.ts';
import { setupErrors } from './errors.ts';

/** What a user asks `kisimd setup` for. */
export interface SetupRequest {
  /** Of the program itself. */
  readonly namespace: string;
  readonly features: readonly ActingFeature[];
  /** Namespaces whose pods may be placed from now on. */
  readonly optIn: readonly string[];
  /** Left out: by the policy where the server has it, else by the webhook. */
  readonly gatesBy?: 'policy' | 'webhook';
  readonly webhook?: WebhookRequest;
  /** Takes over what others have written. */
  readonly force: boolean;
}

export interface WebhookRequest {
  /** `https://HOST:PORT/gate`, as the API server reaches the daemon. */
  readonly url: string;
  /** PEM of the authority that its certificate is signed by. */
  readonly authority: string;
}

/** What may be switched on beside placement itself. */
export const optionalFeatures: readonly ActingFeature[] = [
  ...new Set(permissions.map(({ feature }) => feature)),
].filter((feature) => feature !== 'placement');

const systemNamespaces: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/** RFC 1123 label, as names of namespaces are. */
const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * What can be told of a request without a cluster.
 *
 * @throws KISIM_E_SETUP_OPT_IN
 */
export function checkRequest({ namespace, optIn }: Pick<SetupRequest, 'namespace' | 'optIn'>): void {
  if (!LABEL.test(namespace) || systemNamespaces.has(namespace))
    throw setupErrors.KISIM_E_SETUP_OPT_IN(`--namespace ${namespace}`, {
      expected: 'a namespace of its own for kisimd',
      action: 'leave --namespace out, or name another one',
    });
  for (const name of optIn) {
    if (!LABEL.test(name)) throw setupErrors.KISIM_E_SETUP_OPT_IN(`--opt-in ${name}: no name of a namespace`);
    if (systemNamespaces.has(name) || name === namespace)
      throw setupErrors.KISIM_E_SETUP_OPT_IN(`--opt-in ${name}: its pods are never gated`);
  }
}

/**
 * The host in a webhook's address.
 *
 * @throws KISIM_E_SETUP_WEBHOOK_URL where no API server would take it (ValidateWebhookURL in k8s.io/apiserver)
 */
export function webhookHost(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const plain =
    parsed?.protocol === 'https:' &&
    parsed.hostname !== '' &&
    parsed.username === '' &&
    parsed.search === '' &&
    parsed.hash === '' &&
    parsed.pathname === WEBHOOK_PATH;
  if (!plain) throw setupErrors.KISIM_E_SETUP_WEBHOOK_URL(url);
  return parsed.hostname.replace(/^\[|\]$/g, '');
}
