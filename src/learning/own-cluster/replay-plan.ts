import { type BaseLoad, BaseLoaded } from '../../cluster/base-load.ts';
import type { Node } from '../../cluster/node.ts';
import type { StoredPodRun } from '../../history/cluster-reader.ts';
import { clusterDigest } from '../../policy/learned/cluster-digest.ts';
import type { Milliseconds } from '../../util/units.ts';
import { errors } from '../errors.ts';
import { usualUncertainty } from './cluster-twin.ts';
import { USUAL } from './observed-pods.ts';
import type { ReplayTwinPlan, SavedArrival } from './replay-twin.ts';
import { saveNodes } from './saved-node.ts';

export interface ReplayRecord {
  readonly name: string;
  readonly from: Milliseconds;
  readonly to: Milliseconds;
  /** With their power curves. */
  readonly nodes: readonly Node[];
  /** What pods that no policy places take of each node. */
  readonly bases: ReadonlyMap<string, BaseLoad>;
  /** That policies may place. */
  readonly pods: readonly StoredPodRun[];
  /** Uid of the Job that a pod belongs to. */
  readonly jobOf: (podUid: string) => string | undefined;
  /** Of the time, in which nobody watched. */
  readonly unwatchedMilliseconds: Milliseconds;
}

/** What the server tells is cut to whole seconds, what was seen here is not: an end may seem to lie so far before its beginning. */
const SECOND: Milliseconds = 1000;
const LEAST_LIFE: Milliseconds = 500;

/**
 * A workload of what was recorded: exact times, sizes, durations. What a pod waited for a node is not part of its life: it is the
 * policy's doing.
 *
 * @throws KISIM_E_LEARNING_HISTORY where nothing was placed, KISIM_E_LEARNING_TWIN for nodes without power curves
 */
export function replayPlan(record: ReplayRecord, exact: boolean): ReplayTwinPlan {
  const { name, from, to, nodes, bases, pods, jobOf } = record;
  const places = new Map(nodes.map((node, i) => [node.name, i]));
  const assumptions = [
    'every workload is the recorded one, arrival for arrival: figures hold for these arrivals and say nothing of others',
  ];
  const left = { noNode: 0, gpus: 0, tooShort: 0, tooLarge: 0 };
  let unmetered = 0;
  const jobs = new Set<string>();
  const arrivals: SavedArrival[] = [];
  for (const run of pods) {
    const begun = run.boundUnixMilliseconds ?? run.startedUnixMilliseconds ?? run.createdUnixMilliseconds;
    const ended = run.endedUnixMilliseconds;
    if (run.createdUnixMilliseconds >= to || (ended !== undefined && ended <= from)) continue;
    if (run.node === undefined) left.noNode++;
    else if ((run.gpuCount ?? 0) > 0) left.gpus++;
    else if (!nodes.some((node) => node.cpuMilli >= run.cpuMilli && node.memoryBytes >= run.memoryBytes))
      left.tooLarge++;
    else if (ended !== undefined && ended <= begun - SECOND) left.tooShort++;
    else {
      const place = places.get(run.node);
      const used = useOf(run);
      if (used === undefined) unmetered++;
      const job = jobOf(run.uid);
      if (job !== undefined) jobs.add(job);
      arrivals.push(arrivalOf(run, begun, record, place, used));
    }
  }
  if (arrivals.length === 0)
    throw errors.KISIM_E_LEARNING_HISTORY(`no pod that was placed, of ${pods.length} in the period`, {
      expected: 'at least one pod that had a node',
      action: 'let `kisimd collect` or the daemon watch while pods come, or give more --days',
    });
  for (const [count, why] of [
    [left.noNode, 'never had a node'],
    [left.gpus, 'ask for GPUs'],
    [left.tooLarge, 'are larger than every node'],
    [left.tooShort, 'ended before they were seen to begin'],
  ] as const)
    if (count > 0) assumptions.push(`${count} pods ${why} and are left out`);
  if (unmetered > 0)
    assumptions.push(
      `${unmetered} of ${arrivals.length} pods were not metered: taken to use ${USUAL.batch.useOfRequest} of the request (batch) and ${USUAL.service.useOfRequest} (services)`,
    );
  if (record.unwatchedMilliseconds > 0)
    assumptions.push(
      `of ${hours(to - from)} h nobody watched for ${hours(record.unwatchedMilliseconds)} h: what came and went then is missing`,
    );
  arrivals.sort(
    (a, b) =>
      Number(b.prefill === true) - Number(a.prefill === true) ||
      a.arrivalSeconds - b.arrivalSeconds ||
      (a.name < b.name ? -1 : 1),
  );
  const loaded = new BaseLoaded();
  const windowSeconds = (to - from) / 1000;
  return {
    kind: 'replay',
    name,
    digest: clusterDigest(nodes),
    ...saveNodes(
      nodes.map((node) => {
        const base = bases.get(node.name);
        return base === undefined ? node : loaded.node(node, base);
      }),
    ),
    arrivals,
    windowSeconds,
    jobs: jobs.size,
    load: loadOf(arrivals, nodes, windowSeconds),
    ...(exact
      ? {}
      : { uncertainty: { prediction: usualUncertainty.prediction, curves: usualUncertainty.curves } }),
    assumptions,
  };
}

function arrivalOf(
  run: StoredPodRun,
  begun: Milliseconds,
  { from, to, nodes }: ReplayRecord,
  place: number | undefined,
  used: number | undefined,
): SavedArrival {
  const isBatch = (run.owner ?? '').split(',').includes('Job');
  const kind = isBatch ? 'batch' : 'service';
  const ended = run.endedUnixMilliseconds;
  const isPrefill = begun <= from;
  const life =
    ended === undefined || ended > to
      ? undefined
      : Math.max(LEAST_LIFE, ended - Math.max(begun, from)) / 1000;
  const speed = place === undefined ? 1 : (nodes[place]!.speed ?? 1);
  // Alone on a node of speed 1, so that the same work takes as long as it took where it ran.
  const seconds = life === undefined ? undefined : isBatch ? life * speed : life;
  const arrivalSeconds = isPrefill ? 0 : Math.max(0, run.createdUnixMilliseconds - from) / 1000;
  // Slack beyond the end would have pods that run on counted for longer than they were watched.
  const latest = (to - from) / 1000 - arrivalSeconds - (life ?? 0);
  return {
    name: run.pod,
    namespace: run.namespace,
    kind: seconds === undefined ? 'service' : kind,
    arrivalSeconds,
    ...(isPrefill ? { prefill: true } : {}),
    cpuMilli: run.cpuMilli,
    memoryBytes: run.memoryBytes,
    useMilli: used ?? run.cpuMilli * USUAL[kind].useOfRequest,
    seconds: seconds ?? null,
    slackSeconds: isPrefill ? 0 : Math.max(0, Math.min(run.slackSeconds, latest)),
    expectedSeconds: run.expectedSeconds ?? null,
    ...(place === undefined ? {} : { node: place }),
    ...(run.policy === undefined ? {} : { decided: true }),
  };
}

function useOf({ cpu }: StoredPodRun): number | undefined {
  return cpu === undefined || cpu.meteredMilliseconds <= 0
    ? undefined
    : cpu.usedMicroseconds / cpu.meteredMilliseconds;
}

function loadOf(arrivals: readonly SavedArrival[], nodes: readonly Node[], windowSeconds: number): number {
  const capacity = nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  const asked = arrivals.reduce((sum, { cpuMilli, arrivalSeconds, seconds }) => {
    const left = windowSeconds - arrivalSeconds;
    return sum + cpuMilli * Math.min(seconds ?? left, left);
  }, 0);
  return asked / capacity / windowSeconds;
}

function hours(milliseconds: Milliseconds): string {
  return (milliseconds / 3_600_000).toFixed(2);
}
