import { loadConfig } from '../../config/load.ts';
import { type SetupState, setupState } from '../../kubernetes/setup/state.ts';
import { KisimError } from '../../util/errors.ts';
import type { CommandContext } from '../command.ts';
import { clusterSettings, connectCluster } from '../connect-cluster.ts';
import { type MeteredNodes, meteredNodes } from '../minikube/metered-nodes.ts';
import { Minikube } from '../minikube/minikube.ts';
import { isAnswering, isRunning, type ProfileStatus, profileStatus } from '../minikube/profile-status.ts';
import { profileOf, startArguments, startRequest } from '../minikube/start-arguments.ts';

/** `kisimd cluster start`. @throws KISIM_E_USAGE, KISIM_E_MINIKUBE_... */
export async function runClusterStart(context: CommandContext): Promise<number> {
  const request = startRequest(context.options);
  const minikube = new Minikube(context);
  const version = await minikube.version();
  await minikube.run(startArguments(request));
  const { profile, nodes } = request;
  const next = `kisimd setup --context ${profile} --opt-in default`;
  const text = `running   cluster ${profile}, by minikube ${version}\nnote      next: \`${next}\`, then \`kisimd run\`\n`;
  answer(context, { profile, nodes, minikube: version, next }, text);
  return 0;
}

/** `kisimd cluster stop`. @throws KISIM_E_USAGE, KISIM_E_MINIKUBE_... */
export async function runClusterStop(context: CommandContext): Promise<number> {
  const profile = profileOf(context.options);
  const minikube = new Minikube(context);
  await minikube.version();
  await minikube.run(['stop', `--profile=${profile}`]);
  answer(context, { profile, stopped: true }, `stopped   cluster ${profile}\n`);
  return 0;
}

/** `kisimd cluster status`. @throws KISIM_E_USAGE, KISIM_E_MINIKUBE_... */
export async function runClusterStatus(context: CommandContext): Promise<number> {
  const profile = profileOf(context.options);
  const minikube = new Minikube(context);
  const version = await minikube.version();
  const status = await profileStatus(minikube, profile);
  if (status === undefined) {
    const text = `absent    no cluster ${profile}; \`kisimd cluster start\` makes one\n`;
    answer(context, { profile, minikube: version, state: 'absent' }, text);
    return 1;
  }
  const running = isRunning(status);
  const seen = isAnswering(status) ? await look(context, profile) : undefined;
  const state = running ? 'running' : 'not-running';
  answer(context, { minikube: version, state, ...status, ...seen }, statusText(status, running, seen));
  return running ? 0 : 1;
}

interface Seen {
  /** Undefined where the API server could not be asked. */
  readonly setup?: SetupState;
  readonly metered?: MeteredNodes;
  /** Why it could not. */
  readonly trouble?: string;
}

/** What the cluster itself says. That it cannot be asked is part of the answer. */
async function look(context: CommandContext, profile: string): Promise<Seen> {
  const { config } = loadConfig({ env: context.env, flags: context.options });
  try {
    const api = await connectCluster({ ...clusterSettings(context, config), context: profile }, context.env);
    try {
      return { setup: await setupState(api), metered: await meteredNodes(api, config) };
    } finally {
      api.close();
    }
  } catch (error) {
    if (!(error instanceof KisimError)) throw error;
    return { trouble: `${error.code}: ${error.message}` };
  }
}

function statusText(
  { profile, driver, kubernetesVersion, machines }: ProfileStatus,
  running: boolean,
  seen: Seen | undefined,
): string {
  const how = [driver, kubernetesVersion && `Kubernetes ${kubernetesVersion}`].filter(Boolean).join(', ');
  const lines = [
    `${(running ? 'running' : 'not up').padEnd(9)} cluster ${profile}${how === '' ? '' : ` (${how})`}`,
    ...machines.map(({ name, isControlPlane, host, kubelet, apiServer }) => {
      const role = isControlPlane ? `control plane, API server ${apiServer ?? 'unknown'}` : 'worker';
      return `node      ${name}: machine ${host}, kubelet ${kubelet}, ${role}`;
    }),
  ];
  if (seen?.trouble !== undefined) lines.push(`unknown   what the cluster says: ${seen.trouble}`);
  if (seen?.setup !== undefined) lines.push(...setupLines(seen.setup));
  for (const { node, as, why } of seen?.metered?.nodes ?? [])
    lines.push(
      `meter     ${node}: ${as === undefined ? `not metered here (${why ?? 'no reason known'})` : `as ${as}`}`,
    );
  if (seen?.metered?.unknown !== undefined)
    lines.push(`meter     guests and containers of this machine are not known: ${seen.metered.unknown}`);
  return `${lines.join('\n')}\n`;
}

function setupLines({ namespace, gatesBy, optedIn, leader }: SetupState): readonly string[] {
  if (namespace === undefined) return ['setup     not set up for kisimd: `kisimd setup`'];
  const by = { policy: 'the API server holds new pods', webhook: 'a webhook holds new pods' };
  return [
    `setup     in namespace ${namespace}; ${gatesBy === undefined ? 'nothing holds new pods' : by[gatesBy]}`,
    `setup     opted in: ${optedIn.length === 0 ? 'no namespace' : optedIn.join(', ')}`,
    `setup     ${leader === undefined ? 'no daemon places pods now' : `pods are placed by ${leader}`}`,
  ];
}

function answer({ options, stdout }: CommandContext, json: object, text: string): void {
  stdout.write(options['json'] === true ? `${JSON.stringify(json)}\n` : text);
}
