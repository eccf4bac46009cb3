import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { nodeDescriber } from '../../daemon/placement/describe-nodes.ts';
import { headroom } from '../../evaluation/headroom/headroom.ts';
import { policyByName } from '../../policy/registry.ts';
import type { CommandContext } from '../command.ts';
import { clusterSettings, connectCluster } from '../connect-cluster.ts';
import { cliErrors } from '../errors.ts';
import { type HeadroomHead, headroomJson, headroomText } from '../headroom/format.ts';
import { type ReadCluster, readLiveCluster, readManifestCluster } from '../headroom/read-cluster.ts';
import { listOption, numberOption, textOption } from '../replay/options.ts';

const USUAL_POLICIES = [
  'kube-scheduler',
  'best-fit',
  'efficiency-first',
  'marginal-power',
  'marginal-run-out',
] as const;
const SLEEP_POLICIES = ['best-fit+awake-first', 'marginal-power+awake-first'] as const;
/** What the search may take: some seconds. */
const MOVES_PER_POD = 1000;
const MOST_MOVES = 100_000;

/** `kisimd headroom`. @throws KISIM_E_HEADROOM_..., KISIM_E_KUBE_..., KISIM_E_MANIFEST_..., KISIM_E_INPUT_NODE_TABLE */
export async function runHeadroom(context: CommandContext): Promise<number> {
  const { options, stderr } = context;
  const useShare = numberOption(options, 'use', 1, (use) => use >= 0 && use <= 10);
  const hours = numberOption(options, 'hours', 24, (value) => value > 0 && value <= 1e6);
  const seed = numberOption(options, 'seed', 1, (value) => Number.isSafeInteger(value) && value >= 0);
  const sleep = options['sleep'] === true;
  const policies =
    listOption(options, 'policies') ?? (sleep ? [...USUAL_POLICIES, ...SLEEP_POLICIES] : USUAL_POLICIES);
  // An unknown rule is told before a cluster is asked.
  for (const name of policies) policyByName(name);
  const { config } = loadConfig({ env: context.env, flags: options });
  const nodeTable = textOption(options, 'nodeTable') ?? config.placement.nodeTable;
  const describe = nodeDescriber({ ...config.placement, nodeTable });
  const cluster = await readCluster(context, config);
  const hosts =
    options['sameHost'] === true
      ? new Map(cluster.nodes.map(({ name }) => [name, 'as --same-host says']))
      : cluster.hosts;
  const report = headroom({
    nodes: cluster.nodes.map(describe),
    pods: cluster.pods,
    hosts,
    useShare,
    sleep,
    policies,
    seed,
    moves: Math.min(MOST_MOVES, MOVES_PER_POD * cluster.pods.length),
    onProgress: (step) => {
      if (stderr.isTTY === true) stderr.write(`\r\x1b[K${step}`);
    },
  });
  if (stderr.isTTY === true) stderr.write('\r\x1b[K');
  const head: HeadroomHead = { source: cluster.source, useShare, hours, hosts, sleepAsked: sleep };
  context.stdout.write(options['json'] === true ? headroomJson(report, head) : headroomText(report, head));
  return 0;
}

async function readCluster(context: CommandContext, config: Config): Promise<ReadCluster> {
  const { options, env, signal } = context;
  const settings = clusterSettings(context, config);
  const paths = options['manifests'] as readonly string[] | undefined;
  if (paths !== undefined && paths.length > 0) {
    if (textOption(options, 'kubeconfig') !== undefined || textOption(options, 'context') !== undefined)
      throw cliErrors.KISIM_E_USAGE('--manifests together with --kubeconfig or --context');
    return readManifestCluster(paths, settings.namespace);
  }
  const api = await connectCluster(settings, env);
  try {
    return await readLiveCluster(api, settings.namespace, signal);
  } finally {
    api.close();
  }
}
