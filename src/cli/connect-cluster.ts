import type { Config } from '../config/config.ts';
import { ClientNodeApi } from '../kubernetes/client-node-api.ts';
import type { CommandContext } from './command.ts';

/** The configured settings of a cluster, with those of the command line above them. */
export function clusterSettings(
  { options }: Pick<CommandContext, 'options'>,
  { kubernetes }: Config,
): Pick<Config['kubernetes'], 'kubeconfig' | 'context' | 'namespace'> {
  const given = (name: string): string | undefined => {
    const value = options[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return {
    kubeconfig: given('kubeconfig') ?? kubernetes.kubeconfig,
    context: given('context') ?? kubernetes.context,
    namespace: given('namespace') ?? kubernetes.namespace,
  };
}

/** @throws KISIM_E_KUBE_NO_CLUSTER */
export function connectCluster(
  { kubeconfig, context }: Pick<Config['kubernetes'], 'kubeconfig' | 'context'>,
  environment: CommandContext['env'],
): Promise<ClientNodeApi> {
  return ClientNodeApi.fromKubeconfig({
    environment,
    ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}
