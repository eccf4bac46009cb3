import { type BackendName, backendNames } from '../../autoscaling/policy.ts';
import type { ScalingTargets } from '../../controller/autoscaling/live-observer.ts';
import { runLiveAutoscale } from '../../daemon/loops/live-autoscale.ts';
import type { ScalingRecord } from '../../history/loop-record.ts';
import type { DeploymentName } from '../../kubernetes/scale/deployment-scale.ts';
import { systemClock } from '../../util/clock.ts';
import { systemSleep } from '../../util/sleep.ts';
import type { CommandContext } from '../command.ts';
import { printable } from '../energy-format.ts';
import { cliErrors } from '../errors.ts';
import { scalingRow } from '../explain-loops.ts';
import { withLiveLoop } from '../live-loop.ts';
import { exitStatus } from '../program.ts';
import { textOption } from '../replay/options.ts';
import { liveLoad } from './live-load.ts';
import { prometheusSources } from './live-metrics.ts';
import { readProblem } from './options.ts';
import { choosePolicies } from './policies.ts';

/** `kisimd autoscale --live`: a line for each decision, until the load, the time or the user ends it. */
export async function runLive(context: CommandContext): Promise<number> {
  const { options, stdout, stderr } = context;
  const { problem, live } = readProblem(options);
  const { policies, notes } = choosePolicies(options, problem, ['hpa'], (says) => stderr.write(`${says}\n`));
  const [policy] = policies;
  if (policy === undefined || policies.length > 1)
    throw cliErrors.KISIM_E_USAGE(`${policies.length} policies`, {
      expected: 'one policy: --policies NAME or --model FILE',
    });
  for (const note of notes) stderr.write(`note: ${note}\n`);
  const targets = readTargets(options, live.namespace);
  const load = liveLoad(options, problem.windowSeconds);
  const json = options['json'] === true;
  await withLiveLoop(context, async (loop) => {
    const { config, history, connection, signal } = loop;
    const { prometheusUrl, prometheusTokenFile, prometheusCaFile } = config.kubernetes;
    const { sources, podSources } = prometheusSources(options, {
      url: textOption(options, 'prometheus') ?? prometheusUrl ?? live.prometheusUrl,
      tokenFile: prometheusTokenFile,
      caFile: prometheusCaFile,
    });
    const sink = {
      scaled: (record: ScalingRecord) => {
        history.scaled(record);
        history.flush();
        stdout.write(json ? `${JSON.stringify(scalingRow({ cluster: 'live', ...record }))}\n` : line(record));
      },
    };
    const ending = new AbortController();
    const both = AbortSignal.any([signal, ending.signal]);
    const loaded = load?.run(both).finally(() => ending.abort());
    // Its failure is told below, with that of the loop.
    loaded?.catch(() => undefined);
    try {
      const { rounds, scaled } = await runLiveAutoscale(
        {
          connection,
          ownNamespace: loop.ownNamespace,
          identity: loop.identity,
          policy,
          limits: problem.limits,
          targets,
          sources: load === undefined ? sources : [load.metrics, ...sources],
          podSources,
          router: load?.router,
          intervalSeconds: problem.intervalSeconds,
          episodeSeconds: load === undefined ? problem.episodeSeconds : load.seconds,
          trendForm: problem.observation,
          mode: loop.mode,
          sink,
          clock: systemClock,
          sleep: systemSleep,
          random: loop.random,
          log: loop.log,
        },
        both,
      );
      stderr.write(`${rounds} rounds, ${scaled} times scaled\n`);
    } finally {
      ending.abort();
    }
    await loaded;
  });
  return exitStatus.ok;
}

function line({
  unixMilliseconds,
  namespace,
  deployment,
  before,
  after,
  outcome,
  reason,
}: ScalingRecord): string {
  const time = new Date(unixMilliseconds).toISOString().slice(11, 19);
  const replicas =
    before === undefined ? '?' : before === after ? `${before}` : `${before} -> ${after ?? '?'}`;
  return `${time} ${printable(`${namespace}/${deployment}`)} ${replicas} ${outcome}: ${printable(reason)}\n`;
}

/** @throws KISIM_E_USAGE */
function readTargets(options: CommandContext['options'], usual: string | undefined): ScalingTargets {
  const targets: Partial<Record<BackendName, DeploymentName>> = {};
  for (const backend of backendNames) {
    const given = textOption(options, backend);
    if (given === undefined) continue;
    const [first = '', second, ...rest] = given.split('/');
    const target =
      second === undefined ? { namespace: usual, name: first } : { namespace: first, name: second };
    if (target.namespace === undefined || target.namespace === '' || target.name === '' || rest.length > 0)
      throw cliErrors.KISIM_E_USAGE(`--${backend} ${given}`, { expected: 'NAMESPACE/NAME of a Deployment' });
    targets[backend] = { namespace: target.namespace, name: target.name };
  }
  if (Object.keys(targets).length === 0)
    throw cliErrors.KISIM_E_USAGE('--live without --gpu and --cpu', {
      expected: 'the Deployment of at least one backend',
    });
  return targets;
}
