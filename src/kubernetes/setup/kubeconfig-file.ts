import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../util/errors.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import { writePrivately } from '../certificates/certificate-folder.ts';
import type { ClusterAddress } from '../client-node-api.ts';
import { describeCause } from '../describe-cause.ts';
import type { KubeApi } from '../kube-api.ts';
import { ownLabels } from '../manifests/common.ts';
import { COMPONENT } from '../names.ts';
import { readObject, succeeded } from './calls.ts';
import { setupErrors } from './errors.ts';

export interface ServiceToken {
  readonly token: string;
  /** Undefined: it does not end. */
  readonly expires: Date | undefined;
}

/** How long the controller manager may take to fill in a token. */
const TOKEN_MILLISECONDS: Milliseconds = 30_000;
const AGAIN_MILLISECONDS: Milliseconds = 250;

/**
 * A token of the program's service account that ends by itself (TokenRequest). The server may give it a shorter life than was
 * asked for.
 *
 * @throws KISIM_E_SETUP_TOKEN, KISIM_E_KUBE_...
 */
export async function boundToken(api: KubeApi, namespace: string, seconds: number): Promise<ServiceToken> {
  const request = {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${COMPONENT}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: seconds },
    },
  } as const;
  const { status } = succeeded(request, await api.request(request)) as {
    readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
  };
  if (status?.token === undefined || status.expirationTimestamp === undefined)
    throw setupErrors.KISIM_E_SETUP_TOKEN('an answer without one');
  return { token: status.token, expires: new Date(status.expirationTimestamp) };
}

/**
 * A token that holds for as long as a Secret in the program's namespace is there.
 *
 * @throws KISIM_E_SETUP_TOKEN where no controller fills it in, KISIM_E_KUBE_...
 */
export async function lastingToken(
  api: KubeApi,
  namespace: string,
  wait: {
    readonly sleep: Sleep;
    readonly signal: AbortSignal;
    readonly monotonicMilliseconds: () => Milliseconds;
  },
): Promise<ServiceToken> {
  const name = `${COMPONENT}-token`;
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const request = {
    method: 'PATCH',
    path,
    patchType: 'apply',
    query: { fieldManager: COMPONENT },
    body: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name,
        namespace,
        labels: ownLabels,
        annotations: { 'kubernetes.io/service-account.name': COMPONENT },
      },
      type: 'kubernetes.io/service-account-token',
    },
  } as const;
  succeeded(request, await api.request(request));
  const end = wait.monotonicMilliseconds() + TOKEN_MILLISECONDS;
  do {
    const data = (await readObject(api, path))?.['data'] as { readonly token?: string } | undefined;
    if (data?.token !== undefined)
      return { token: Buffer.from(data.token, 'base64').toString(), expires: undefined };
    await wait.sleep(AGAIN_MILLISECONDS, wait.signal);
  } while (!wait.signal.aborted && wait.monotonicMilliseconds() < end);
  throw setupErrors.KISIM_E_SETUP_TOKEN(`${path} stays empty`);
}

/** A kubeconfig as JSON, which is YAML: one cluster, one user, one context. */
export function kubeconfigText(
  { server, authority, isUnchecked, tlsServerName, proxyUrl }: ClusterAddress,
  namespace: string,
  { token }: ServiceToken,
): string {
  const cluster = {
    server,
    ...(authority === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(authority).toString('base64') }),
    ...(isUnchecked ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tlsServerName === undefined ? {} : { 'tls-server-name': tlsServerName }),
    ...(proxyUrl === undefined ? {} : { 'proxy-url': proxyUrl }),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: COMPONENT, cluster }],
    users: [{ name: COMPONENT, user: { token } }],
    contexts: [{ name: COMPONENT, context: { cluster: COMPONENT, user: COMPONENT, namespace } }],
    'current-context': COMPONENT,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** @throws KISIM_E_SETUP_KUBECONFIG; one that somebody else made is not overwritten */
export function writeKubeconfig(path: string, text: string): void {
  demandReplaceable(path);
  try {
    writePrivately(path, text);
  } catch (cause) {
    throw setupErrors.KISIM_E_SETUP_KUBECONFIG(`${path}: ${describeCause(cause)}`, { cause });
  }
}

/** A user's own kubeconfig must not be lost by a slip: only one of this program is written over. @throws KISIM_E_SETUP_KUBECONFIG */
export function demandReplaceable(path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return;
    throw setupErrors.KISIM_E_SETUP_KUBECONFIG(`${path}: ${describeCause(cause)}`, { cause });
  }
  if (text.trim() !== '' && !text.includes(`"current-context": "${COMPONENT}"`))
    throw setupErrors.KISIM_E_SETUP_KUBECONFIG(`${path} is there and is not one of kisimd`, {
      action: 'choose another path, or remove the file',
    });
}
