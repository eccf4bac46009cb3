import { writeFile } from 'node:fs/promises';
import { DescribedNodes, type NodeDescription } from '../../cluster/node-description.ts';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { nodeDescriber } from '../../daemon/placement/describe-nodes.ts';
import { replayErrors } from '../../evaluation/replay/errors.ts';
import { replay } from '../../evaluation/replay/replay.ts';
import { type Stretch, usableStretch } from '../../evaluation/replay/stretch.ts';
import type { ClusterPeriod } from '../../history/cluster-reader.ts';
import { type HistoryReader, openHistoryReader } from '../../history/reader.ts';
import { policyByName } from '../../policy/registry.ts';
import type { CurveProvenance } from '../../power-model/power-curve.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { replayJson, replayText } from '../replay/format.ts';
import { type ReplayOptions, readReplayOptions } from '../replay/options.ts';
import { replayPlot } from '../replay/plot.ts';

/** Points of a line, about. */
const SERIES_POINTS = 300;
/** Names of what decides that are none of a rule: what they come to depends on the daemon. */
const NO_RULES: readonly (string | undefined)[] = [undefined, 'default', 'auto', 'learned'];
const USUAL_POLICIES = ['kube-scheduler', 'efficiency-first', 'marginal-run-out'];

/** `kisimd replay`. @throws KISIM_E_REPLAY_*, KISIM_E_POLICY_UNKNOWN, KISIM_E_INPUT_NODE_TABLE, KISIM_E_HISTORY_* */
export function runReplay(context: CommandContext): Promise<number> {
  const options = readReplayOptions(context.options, Date.now());
  const { config } = loadConfig({ env: context.env, flags: context.options });
  const reader = openHistoryReader(options.database ?? config.history.path);
  return run(context, options, config, reader).finally(() => reader.close());
}

async function run(
  context: CommandContext,
  options: ReplayOptions,
  config: Config,
  reader: HistoryReader,
): Promise<number> {
  const { cluster, milliseconds, plot, svg, sleep, keepRunning, assumedUse, seed } = options;
  const policies = options.policies ?? usualPolicies(config);
  // An unknown rule is told before anything is read.
  for (const name of policies) policyByName(name);
  const period = periodOf(reader, options);
  const history = reader.cluster(period);
  const stretch = usableStretch(history, {
    from: period.fromUnixMilliseconds,
    to: period.toUnixMilliseconds,
  });
  const nodes = nodesOf(stretch, options, config);
  const drawn = plot || svg !== undefined;
  const stepSeconds = 60 * Math.max(1, Math.ceil((stretch.to - stretch.from) / 60_000 / SERIES_POINTS));
  // Energies are of the stretch, not of all that was asked for.
  const within = { cluster, fromUnixMilliseconds: stretch.from, toUnixMilliseconds: stretch.to };
  const report = replay({
    history: { ...history, energy: reader.cluster(within).energy },
    stretch,
    nodes,
    policies,
    keepRunning,
    sleep,
    assumedUse,
    seed,
    seriesSeconds: drawn ? stepSeconds : 0,
  });
  const curves = new Map<CurveProvenance, number>();
  for (const { power } of nodes)
    if (power !== undefined) curves.set(power.provenance, (curves.get(power.provenance) ?? 0) + 1);
  const head = { cluster, asked: milliseconds, curves, assumedUse, keepRunning };
  if (drawn) {
    const drawing = replayPlot(report, reader.clusterEnergySteps(within, stepSeconds), stepSeconds);
    if (svg !== undefined) await writeSvg(drawing, svg, context);
    if (plot) await drawInTerminal(drawing, context);
  }
  context.stdout.write(options.json ? replayJson(report, head) : replayText(report, head));
  return 0;
}

function usualPolicies({ placement }: Config): readonly string[] {
  const configured = [placement.policy, placement.reference].filter(
    (name) => !NO_RULES.includes(name),
  ) as readonly string[];
  return [...new Set([...USUAL_POLICIES, ...configured])];
}

function periodOf(reader: HistoryReader, { cluster, until, milliseconds }: ReplayOptions): ClusterPeriod {
  const span = reader.clusterSpan(cluster);
  if (span === undefined) throw replayErrors.KISIM_E_REPLAY_NOTHING(`nothing of a ${cluster} cluster`);
  const toUnixMilliseconds = until ?? span.to;
  return { cluster, fromUnixMilliseconds: toUnixMilliseconds - milliseconds, toUnixMilliseconds };
}

function nodesOf(stretch: Stretch, { nodeTable }: ReplayOptions, config: Config) {
  const described = new DescribedNodes();
  const describe = nodeDescriber({ ...config.placement, nodeTable: nodeTable ?? config.placement.nodeTable });
  return stretch.nodes.map(({ node, cpuMilli, memoryBytes, labels, description }) =>
    describe(described.node({ name: node, cpuMilli, memoryBytes, labels }, description as NodeDescription)),
  );
}

type Drawing = ReturnType<typeof replayPlot>;

async function drawInTerminal(drawing: Drawing, { stdout, env }: CommandContext): Promise<void> {
  const { renderTerminalPlot } = await import('../../export/plot/terminal-plot.ts');
  const colour = stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '';
  const width = stdout.columns;
  const lines = renderTerminalPlot({ ...drawing, ...(width === undefined ? {} : { width }) }, { colour });
  stdout.write(`${lines.join('\n')}\n\n`);
}

async function writeSvg(drawing: Drawing, file: string, { stderr }: CommandContext): Promise<void> {
  const { renderSvgPlot } = await import('../../export/plot/svg-plot.ts');
  try {
    await writeFile(file, await renderSvgPlot(drawing));
  } catch (cause) {
    const found = `${file}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw cliErrors.KISIM_E_OUTPUT_FILE(found, { cause });
  }
  stderr.write(`wrote ${file}\n`);
}
