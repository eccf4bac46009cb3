import type { ClientNodeApi } from '../../kubernetes/client-node-api.ts';
import {
  boundToken,
  kubeconfigText,
  lastingToken,
  writeKubeconfig,
} from '../../kubernetes/setup/kubeconfig-file.ts';
import { parseDuration } from '../../util/duration.ts';
import { isLoopback } from '../../util/loopback.ts';
import { systemSleep } from '../../util/sleep.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

export interface GivenKubeconfig {
  readonly path: string;
  /** ISO 8601; undefined: its token does not end. */
  readonly expires: string | undefined;
  readonly notes: readonly string[];
}

/** TokenRequest takes no less. */
const SHORTEST_SECONDS = 600;

/** Writes a kubeconfig for the program's own account. @throws KISIM_E_SETUP_..., KISIM_E_KUBE_... */
export async function giveKubeconfig(
  { options, signal }: CommandContext,
  api: ClientNodeApi,
  {
    namespace,
    path,
    seconds,
  }: { readonly namespace: string; readonly path: string; readonly seconds: number },
): Promise<GivenKubeconfig> {
  const { address } = api;
  const token =
    options['longLivedToken'] === true
      ? await lastingToken(api, namespace, {
          sleep: systemSleep,
          signal,
          monotonicMilliseconds: () => performance.now(),
        })
      : await boundToken(api, namespace, seconds);
  writeKubeconfig(path, kubeconfigText(address, namespace, token));
  const notes: string[] = [`set kubernetes.kubeconfig: ${path} for the daemon that is to use it`];
  if (token.expires !== undefined) notes.push('renew the token before its end by the same command');
  const { hostname } = new URL(address.server);
  // The unit of the service may talk to nobody but this machine.
  if (!isLoopback(hostname))
    notes.push(
      `rl-sched.service reaches loopback only: allow it ${hostname} by \`systemctl edit rl-sched\` with [Service] IPAddressAllow=ADDRESS`,
    );
  return { path, expires: token.expires?.toISOString(), notes };
}

/** Seconds that a token is asked for. @throws KISIM_E_DURATION, KISIM_E_USAGE */
export function lifetime(text: string): number {
  const seconds = Math.round(parseDuration(text) / 1000);
  if (seconds >= SHORTEST_SECONDS) return seconds;
  throw cliErrors.KISIM_E_USAGE(`--token-lifetime ${text}`, { action: 'give at least 10m' });
}
