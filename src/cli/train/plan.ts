import { resolve } from 'node:path';
import type { Node } from '../../cluster/node.ts';
import { DescribedNodes, type NodeDescription } from '../../cluster/node-description.ts';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { nodeDescriber } from '../../daemon/placement/describe-nodes.ts';
import type { SnapshotPod } from '../../evaluation/headroom/snapshot.ts';
import { longestStretch, type Stretch } from '../../evaluation/replay/stretch.ts';
import type { StoredPodRun } from '../../history/cluster-reader.ts';
import { openHistoryReader } from '../../history/reader.ts';
import { errors as learningErrors } from '../../learning/errors.ts';
import { momentTwin, watchedTwin } from '../../learning/own-cluster/observed-cluster.ts';
import type { ObservedPod } from '../../learning/own-cluster/observed-pods.ts';
import { digestOfFile, type TwinPlan } from '../../learning/own-cluster/twin-plan.ts';
import { scenarioByName } from '../../simulation/scenarios/scenarios.ts';
import type { CommandContext } from '../command.ts';
import { clusterSettings, connectCluster } from '../connect-cluster.ts';
import { type ReadCluster, readLiveCluster, readManifestCluster } from '../headroom/read-cluster.ts';
import { baseOf, basesOf, useOf } from './bases.ts';
import type { TrainOptions, TrainSource } from './options.ts';
import { recordedPlan } from './recorded-plan.ts';

/** What of a training's options its twin depends on. */
export type TwinOptions = Pick<NonNullable<TrainOptions['begin']>, 'source' | 'nodeTable' | 'exact' | 'load'>;

const DAY_MILLISECONDS = 86_400_000;

/** The twin that is asked for. @throws KISIM_E_SCENARIO_UNKNOWN, KISIM_E_LEARNING_..., KISIM_E_KUBE_..., KISIM_E_HISTORY_... */
export async function twinPlanOf(context: CommandContext, begin: TwinOptions): Promise<TwinPlan> {
  const { source } = begin;
  if (source.kind === 'scenario') return scenarioPlan(source);
  const { config } = loadConfig({ env: context.env, flags: context.options });
  const describe = nodeDescriber({
    ...config.placement,
    nodeTable: begin.nodeTable ?? config.placement.nodeTable,
  });
  const options = { exact: begin.exact, ...(begin.load === undefined ? {} : { load: begin.load }) };
  if (source.kind === 'history') return historyPlan(source, config, describe, options);
  const cluster = await readCluster(context, config, source);
  return momentTwin({ ...observedNow(cluster), nodes: cluster.nodes.map(describe) }, options);
}

function scenarioPlan({ name, load, clusterSeed, hardware }: TrainSource & { kind: 'scenario' }): TwinPlan {
  // A wrong name is told before a folder is made.
  scenarioByName(name);
  return {
    kind: 'scenario',
    scenario: name,
    load,
    clusterSeed,
    ...(hardware === undefined
      ? {}
      : { hardware: { path: resolve(hardware), sha256: digestOfFile(hardware) } }),
  };
}

async function readCluster(
  context: CommandContext,
  config: Config,
  source: TrainSource & { kind: 'cluster' | 'manifests' },
): Promise<ReadCluster> {
  const settings = clusterSettings(context, config);
  if (source.kind === 'manifests') return readManifestCluster(source.paths, settings.namespace);
  const api = await connectCluster(settings, context.env);
  try {
    return await readLiveCluster(api, settings.namespace, context.signal);
  } finally {
    api.close();
  }
}

/** Of a moment: when pods came and when they will go is not known, and nothing looks at it. */
function observedNow({ source, pods }: ReadCluster) {
  return {
    name: source,
    bases: basesOf(
      pods.flatMap(({ pod, node, tie }) =>
        tie === 'free' || node === undefined ? [] : [{ ...pod, node, useMilli: pod.cpuMilli, share: 1 }],
      ),
    ),
    pods: pods
      .filter(({ tie }) => tie === 'free')
      .map(
        ({ pod, isBatch }: SnapshotPod): ObservedPod => ({
          kind: isBatch === true ? 'batch' : 'service',
          cpuMilli: pod.cpuMilli,
          memoryBytes: pod.memoryBytes,
          createdSeconds: 0,
          endedSeconds: undefined,
          slackSeconds: pod.slackSeconds,
          expectedSeconds: undefined,
          useMilli: undefined,
        }),
      ),
  };
}

function historyPlan(
  { database, days, cluster, arrivals = false }: TrainSource & { kind: 'history' },
  config: Config,
  describe: (node: Node) => Node,
  options: { readonly exact: boolean; readonly load?: number },
): TwinPlan {
  const reader = openHistoryReader(database ?? config.history.path);
  try {
    const span = reader.clusterSpan(cluster);
    if (span === undefined)
      throw learningErrors.KISIM_E_LEARNING_HISTORY(`no ${cluster} cluster was ever watched`);
    const period = { from: span.to - days * DAY_MILLISECONDS, to: span.to };
    const history = reader.cluster({
      cluster,
      fromUnixMilliseconds: period.from,
      toUnixMilliseconds: period.to,
    });
    if (arrivals)
      return recordedPlan({
        history,
        jobs: reader.jobsOfPods(cluster),
        period,
        describe,
        name: `the recorded ${cluster} cluster`,
        exact: options.exact,
      });
    const stretch = longestStretch(history, period);
    if (stretch === undefined)
      throw learningErrors.KISIM_E_LEARNING_HISTORY(`no nodes in the last ${days} days`);
    const described = new DescribedNodes();
    const there = history.pods.filter(
      ({ createdUnixMilliseconds, endedUnixMilliseconds }) =>
        createdUnixMilliseconds < stretch.to && (endedUnixMilliseconds ?? stretch.to) > stretch.from,
    );
    return watchedTwin(
      {
        name: cluster === 'live' ? 'the watched cluster' : 'the simulated cluster',
        nodes: stretch.nodes.map(({ node, cpuMilli, memoryBytes, labels, description }) =>
          describe(
            described.node({ name: node, cpuMilli, memoryBytes, labels }, description as NodeDescription),
          ),
        ),
        bases: basesOf(there.flatMap((run) => baseOf(run, stretch))),
        pods: there.filter(({ placeable }) => placeable).map((run) => observedRun(run, stretch)),
      },
      { fromSeconds: stretch.from / 1000, toSeconds: stretch.to / 1000 },
      options,
    );
  } finally {
    reader.close();
  }
}

function observedRun(run: StoredPodRun, { to }: Stretch): ObservedPod {
  const { owner = '', endedUnixMilliseconds: ended } = run;
  return {
    kind: owner.split(',').includes('Job') ? 'batch' : 'service',
    cpuMilli: run.cpuMilli,
    memoryBytes: run.memoryBytes,
    // A pod's life counts from when it had a node: what it waited before is the policy's doing.
    createdSeconds: (run.boundUnixMilliseconds ?? run.createdUnixMilliseconds) / 1000,
    endedSeconds: ended === undefined || ended > to ? undefined : ended / 1000,
    slackSeconds: run.slackSeconds,
    expectedSeconds: run.expectedSeconds,
    useMilli: useOf(run),
  };
}
