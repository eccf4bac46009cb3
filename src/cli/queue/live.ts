import { once } from 'node:events';
import { LiveQueue } from '../../daemon/loops/live-queue.ts';
import { liveModels, livePolicy } from '../../daemon/placement/policies.ts';
import type { AdmissionRecord } from '../../history/loop-record.ts';
import { kueueErrors } from '../../kubernetes/kueue/errors.ts';
import { kueueVersion } from '../../kubernetes/kueue/version.ts';
import { serverFeatures } from '../../kubernetes/server-features.ts';
import { policyByName } from '../../policy/registry.ts';
import type { AdmissionPolicy } from '../../queueing/policy.ts';
import { systemClock } from '../../util/clock.ts';
import { systemSleep } from '../../util/sleep.ts';
import type { CommandContext } from '../command.ts';
import { printable } from '../energy-format.ts';
import { admissionRow } from '../explain-loops.ts';
import { durationOption, withLiveLoop } from '../live-loop.ts';
import { exitStatus } from '../program.ts';
import { textOption } from '../replay/options.ts';

/** Where the cluster's own scheduler is configured: a plan needs nodes all the same. */
const PLAIN_PLACEMENT = 'kube-score';

/** `kisimd queue --live`: a line for each job that is admitted, until the time or the user ends it. */
export async function runLive(
  context: CommandContext,
  { policy, seed }: { readonly policy: AdmissionPolicy; readonly seed: number },
): Promise<number> {
  const { options, stdout, stderr } = context;
  const json = options['json'] === true;
  const intervalMilliseconds = durationOption(options, 'interval', '10s')!;
  const sendBackMilliseconds = durationOption(options, 'sendBack', '10m')!;
  await withLiveLoop(context, async (loop) => {
    const { config, history, connection, signal } = loop;
    const { api } = connection;
    const features = await serverFeatures(api);
    const kueue = options['kueue'] === true ? await kueueVersion(api) : undefined;
    if (options['kueue'] === true && kueue === undefined) throw kueueErrors.KISIM_E_KUEUE_ABSENT(api.name);
    const placement = livePolicy(
      textOption(options, 'placement') ?? config.placement.policy,
      false,
      liveModels(config),
    );
    const sink = {
      admitted: (record: AdmissionRecord) => {
        history.admitted(record);
        history.flush();
        stdout.write(
          json ? `${JSON.stringify(admissionRow({ cluster: 'live', ...record }))}\n` : line(record),
        );
      },
    };
    const queue = new LiveQueue({
      connection,
      features,
      config,
      ownNamespace: loop.ownNamespace,
      identity: loop.identity,
      policy,
      seed,
      placement: placement ?? policyByName(PLAIN_PLACEMENT),
      strength: (textOption(options, 'strength') ?? config.placement.strength) as 'preferred' | 'required',
      kueue,
      mode: loop.mode,
      intervalMilliseconds,
      sendBackMilliseconds,
      rejectsImpossible: options['rejectImpossible'] === true,
      sink,
      clock: systemClock,
      sleep: systemSleep,
      random: loop.random,
      log: loop.log,
    });
    // A first list that never ends must not hold up a stop.
    const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort');
    try {
      await Promise.race([queue.start(), stopped]);
      await stopped;
    } finally {
      await queue.stop();
    }
    stderr.write(`${queue.admitted} jobs admitted\n`);
  });
  return exitStatus.ok;
}

function line(record: AdmissionRecord): string {
  const { unixMilliseconds, namespace, kind, name, outcome, nodes, waitedMilliseconds, reason } = record;
  const time = new Date(unixMilliseconds).toISOString().slice(11, 19);
  const where = nodes === undefined ? '' : ` to ${printable(nodes)}`;
  const why = reason === undefined ? '' : `: ${printable(reason)}`;
  const waited = (waitedMilliseconds / 1000).toFixed(1);
  return `${time} ${printable(`${namespace}/${kind.toLowerCase()}/${name}`)} ${outcome}${where} after ${waited} s${why}\n`;
}
