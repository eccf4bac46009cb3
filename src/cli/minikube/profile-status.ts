import { minikubeErrors } from './errors.ts';
import type { Minikube } from './minikube.ts';

/** One node, as minikube sees it. */
export interface MachineStatus {
  /** Of the machine, which is that of the Kubernetes node too. */
  readonly name: string;
  readonly isControlPlane: boolean;
  /** `Running`, `Stopped`, `Paused`, `Nonexistent` and the like, in minikube's words. */
  readonly host: string;
  readonly kubelet: string;
  /** Undefined where it is not to have one. */
  readonly apiServer: string | undefined;
}

export interface ProfileStatus {
  readonly profile: string;
  readonly driver: string | undefined;
  readonly kubernetesVersion: string | undefined;
  readonly machines: readonly MachineStatus[];
}

/** `minikube status -o json`: one object for one node, a list for several (statusJSON in cmd/minikube/cmd/status.go). */
interface ToldStatus {
  readonly Name?: unknown;
  readonly Host?: unknown;
  readonly Kubelet?: unknown;
  readonly APIServer?: unknown;
  readonly Worker?: unknown;
}

/** `minikube profile list -o json`. */
interface ToldProfiles {
  readonly valid?: readonly {
    readonly Name?: string;
    readonly Config?: {
      readonly Driver?: string;
      readonly KubernetesConfig?: { readonly KubernetesVersion?: string };
    };
  }[];
}

/** What a worker has in place of an API server. */
const IRRELEVANT = 'Irrelevant';

/**
 * What minikube knows of a profile; undefined where there is none.
 *
 * @throws KISIM_E_MINIKUBE_ANSWER, KISIM_E_MINIKUBE_MISSING
 */
export async function profileStatus(minikube: Minikube, profile: string): Promise<ProfileStatus | undefined> {
  const told = await minikube.jsonOfProfile<ToldStatus | readonly ToldStatus[]>([
    'status',
    '-p',
    profile,
    '-o',
    'json',
  ]);
  if (told === undefined) return undefined;
  const machines = (Array.isArray(told) ? told : [told]).map(machineOf);
  // Light: what it would look up besides was just asked for.
  const { valid = [] } = await minikube.json<ToldProfiles>(['profile', 'list', '-o', 'json', '--light']);
  const config = valid.find(({ Name }) => Name === profile)?.Config;
  return {
    profile,
    driver: config?.Driver,
    kubernetesVersion: config?.KubernetesConfig?.KubernetesVersion,
    machines,
  };
}

export function isRunning({ machines }: ProfileStatus): boolean {
  return (
    machines.length > 0 && machines.every(({ host, kubelet }) => host === 'Running' && kubelet === 'Running')
  );
}

/** Whether its API server can be asked. */
export function isAnswering({ machines }: ProfileStatus): boolean {
  return machines.some(({ apiServer }) => apiServer === 'Running');
}

function machineOf({ Name, Host, Kubelet, APIServer, Worker }: ToldStatus): MachineStatus {
  if (typeof Name !== 'string' || typeof Host !== 'string' || typeof Kubelet !== 'string')
    throw minikubeErrors.KISIM_E_MINIKUBE_ANSWER(
      `minikube status: ${JSON.stringify({ Name, Host, Kubelet })} instead of Name, Host and Kubelet`,
    );
  return {
    name: Name,
    isControlPlane: Worker !== true,
    host: Host,
    kubelet: Kubelet,
    apiServer: typeof APIServer !== 'string' || APIServer === IRRELEVANT ? undefined : APIServer,
  };
}
