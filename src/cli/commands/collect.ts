import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { collectErrors } from '../../controller/collect/errors.ts';
import { LiveCollection } from '../../daemon/collect/live-collection.ts';
import type { CollectedLive } from '../../daemon/collect/live-collection-options.ts';
import type { CollectedCounts } from '../../history/collection-reader.ts';
import { History } from '../../history/history.ts';
import { openHistoryReader } from '../../history/reader.ts';
import { systemClock } from '../../util/clock.ts';
import { createLogger } from '../../util/log.ts';
import { seededRandom } from '../../util/rng.ts';
import { systemSleep } from '../../util/sleep.ts';
import { CountingStore } from '../collect/counting-store.ts';
import { readCollectOptions } from '../collect/options.ts';
import { type CollectPlan, collectPlan } from '../collect/plan.ts';
import { CollectProgress, sizeText } from '../collect/progress.ts';
import type { CommandContext } from '../command.ts';
import { connectCluster } from '../connect-cluster.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { timeText } from '../time-left.ts';

const HOUR = 3_600_000;
/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;

/**
 * `kisimd collect`. Resolves to the exit status.
 *
 * @throws KISIM_E_USAGE, KISIM_E_HISTORY_..., KISIM_E_KUBE_..., KISIM_E_COLLECT_...
 */
export async function runCollect(context: CommandContext): Promise<number> {
  const { env, options, stdout, stderr, signal } = context;
  const asked = readCollectOptions(options);
  const set = Array.isArray(options['set']) ? options['set'].map(String) : [];
  const to = asked.database === undefined ? [] : [`history.path=${resolve(asked.database)}`];
  // `--namespace` says something else here than where the program itself lives.
  const { config } = loadConfig({ env, flags: { ...options, set: [...set, ...to] } });
  if (asked.metrics.length > 0 && config.kubernetes.prometheusUrl === undefined)
    throw cliErrors.KISIM_E_USAGE('--metric without a Prometheus', {
      action: 'say where it is: --set kubernetes.prometheus-url=http://...',
    });
  const log = createLogger(options['logLevel'] === undefined ? 'error' : config.log.level);
  const history = new History({ config: config.history, log });
  history.open();
  const { path } = config.history;
  const progress = new CollectProgress(stderr);
  try {
    const collections = reading(path, (reader) => reader.collections('live'));
    const kubeconfig = given(options, 'kubeconfig') ?? config.kubernetes.kubeconfig;
    const context = given(options, 'context') ?? config.kubernetes.context;
    const api = await connectCluster({ kubeconfig, context }, env);
    try {
      const clock = systemClock;
      const plan = await collectPlan(asked, collections, api, clock.unixMilliseconds(), signal);
      const { before, spec, jobs } = plan;
      const elapsed = before?.elapsedMilliseconds ?? 0;
      const left = asked.hours === undefined ? undefined : Math.max(0, asked.hours * HOUR - elapsed);
      stderr.write(beginText(plan, path, left));
      const store = new CountingStore(history, path);
      const { workload } = asked;
      const collection = new LiveCollection({
        config,
        api,
        store,
        workload:
          workload === undefined
            ? undefined
            : {
                plan: jobs!,
                name: `${workload.strategy}-${workload.seed}`,
                namespace: asked.workloadNamespace,
                image: asked.image,
                work: asked.work,
                optIn: asked.optIn,
              },
        namespace: asked.namespace,
        metrics: asked.metrics,
        intervalMilliseconds: asked.intervalMilliseconds,
        forMilliseconds: left,
        before: { elapsedMilliseconds: elapsed, createdJobs: before?.createdJobs ?? 0 },
        // A gap is what lies between two times of the same: another one begins anew.
        lastUnixMilliseconds: before === undefined ? undefined : collections.at(-1)!.toUnixMilliseconds,
        record: {
          namespace: asked.namespace,
          strategy: workload?.strategy,
          seed: workload?.seed,
          workload: spec,
        },
        onProgress: (now) =>
          progress.tell(now, {
            records: store.records,
            fileBytes: store.fileBytes,
            leftMilliseconds: left === undefined ? undefined : Math.max(0, left - now.elapsedMilliseconds),
            plannedJobs: jobs?.length,
          }),
        note: (text) => void stderr.write(`note: ${text}\n`),
        clock,
        random: seededRandom(randomInt(2 ** 32)),
        sleep: systemSleep,
        log,
      });
      const done = await collection.run(signal);
      progress.end();
      // What ends last tells last.
      if (!store.flush())
        throw collectErrors.KISIM_E_COLLECT_NOT_WRITTEN(store.status.lastError ?? 'the last records');
      const { droppedClusterRecords: dropped } = history.status;
      if (dropped > 0)
        stderr.write(`note: ${dropped} records came faster than they could be written, and are lost\n`);
      const counts = reading(path, (reader) => reader.collectedCounts('live'));
      const samples = done.samples + (before?.samples ?? 0);
      if (asked.json)
        stdout.write(
          `${JSON.stringify({ file: path, ...done, samples, counts, resumed: before !== undefined })}\n`,
        );
      else stdout.write(endText(done, counts, path, store.fileBytes));
      if (done.leftJobs)
        stderr.write(
          `Jobs in namespace ${asked.workloadNamespace} go on and end by themselves; the same command goes on with them\n`,
        );
      return done.ended === 'finished' ? exitStatus.ok : STOPPED_STATUS;
    } finally {
      api.close();
    }
  } finally {
    progress.end();
    history.close();
  }
}

function reading<T>(path: string, question: (reader: ReturnType<typeof openHistoryReader>) => T): T {
  const reader = openHistoryReader(path);
  try {
    return question(reader);
  } finally {
    reader.close();
  }
}

function given(options: CommandContext['options'], name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function beginText({ before, jobs }: CollectPlan, path: string, left: number | undefined): string {
  const goesOn =
    before === undefined
      ? ''
      : `, going on after ${before.samples} samples${jobs === undefined ? '' : ` and ${before.createdJobs} Jobs`}`;
  const workload = jobs === undefined ? '' : `, ${jobs.length} Jobs to be made`;
  const long = left === undefined ? 'until Ctrl-C' : `for ${timeText(left / 1000)}`;
  return `collecting into ${path} ${long}${workload}${goesOn}\n`;
}

function endText(
  { ended, createdJobs }: CollectedLive,
  { jobs, jobPods, states, events, metrics }: CollectedCounts,
  path: string,
  bytes: number,
): string {
  const made = createdJobs === 0 ? '' : ` (${createdJobs} made here)`;
  return (
    `${ended}: ${path} holds ${jobs} Jobs${made}, ${jobPods} pods of them, ${states} cluster states, ${events} scheduling events ` +
    `and ${metrics} metrics, ${sizeText(bytes)}\n`
  );
}
