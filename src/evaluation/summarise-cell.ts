import { RandomStream } from '../util/rng.ts';
import { mean } from '../util/statistics/mean.ts';
import { pairedPercent } from '../util/statistics/paired.ts';
import { JOULES_PER_WATT_HOUR } from '../util/units.ts';
import { comparisons, estimate } from './estimates.ts';
import type { RecordIndex } from './record-index.ts';
import { type NodeType, type OfflineRecord, type RunRecord, WAIT_EDGES } from './records.ts';
import type { CellResult, ClusterResult, OfflineResult, PolicyResult } from './results.ts';
import { cellName, isRule, OFFLINE, policiesOf, type Suite } from './suite.ts';

const JOULES_PER_KWH = 1000 * JOULES_PER_WATT_HOUR;

/** Percent within which a control reads zero whatever its interval: what rounding does to sums of 1e9 joules. */
const CONTROL_ROUNDING = 1e-6;

/** Share of pods by which a policy may miss its objectives more often than the baseline. */
const SLO_TOLERANCE = 0.01;

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** All figures of one cell; `holm` is left to whoever sees the other cells too. */
export function summariseCell(suite: Suite, cell: number, index: RecordIndex): CellResult {
  const { scenario, load, control } = suite.cells[cell]!;
  const name = cellName({ scenario, load });
  const clusters = upTo(suite.clusters).map((cluster): ClusterResult => {
    const pairings = upTo(suite.seeds).map((seed) => index.pairing(name, cluster, seed));
    const { clusterSeed, nodes, cpuMilli, memoryBytes, types } = pairings[0]!;
    const workloadSeeds = pairings.map(({ workloadSeed }) => workloadSeed);
    const pods = pairings.reduce((sum, each) => sum + each.pods, 0);
    return {
      cluster,
      clusterSeed,
      workloadSeeds,
      nodes,
      cpuMilli,
      memoryBytes,
      pods,
      types,
      efficiencySpread: efficiencySpread(types),
    };
  });
  const runsOf = (policy: string) =>
    upTo(suite.clusters).map((cluster) =>
      upTo(suite.seeds).map((seed) => index.run(name, cluster, seed, policy)),
    );
  const names = policiesOf(suite, cell).filter((policy) => policy !== OFFLINE);
  const runs = new Map(names.map((policy) => [policy, runsOf(policy)]));
  const energies = new Map(names.map((policy) => [policy, energyByCluster(runs.get(policy)!)]));
  const misses = new Map(names.map((policy) => [policy, sloMissShare(runs.get(policy)!.flat())]));
  const baseline = energies.get(suite.baseline)!;
  const flagged = (policy: string) => misses.get(policy)! > misses.get(suite.baseline)! + SLO_TOLERANCE;
  const unflagged = names.filter((policy) => isRule(policy) && !flagged(policy));
  // Where the baseline is a chooser and every rule is flagged, only the baseline itself is left to be called best.
  const rules = unflagged.length > 0 ? unflagged : [suite.baseline];
  const percents = new Map(names.map((policy) => [policy, pairedPercent(energies.get(policy)!, baseline)]));

  const single = rules.reduce((best, rule) =>
    mean(percents.get(rule)!) < mean(percents.get(best)!) ? rule : best,
  );
  const hindsight = upTo(suite.clusters).map((cluster) =>
    rules.reduce((best, rule) =>
      energies.get(rule)![cluster]! < energies.get(best)![cluster]! ? rule : best,
    ),
  );
  const hindsightEnergy = Float64Array.from(hindsight, (rule, cluster) => energies.get(rule)![cluster]!);
  const offline =
    suite.offline && !control
      ? offlineResult(suite, baseline, (cluster, seed) => index.offline(name, cluster, seed))
      : null;
  const policies = names.map((policy): PolicyResult => {
    const percent = percents.get(policy)!;
    const random = new RandomStream(suite.seed).fork(`bootstrap/${name}/${policy}`);
    const own = energies.get(policy)!;
    return {
      policy,
      ...figures(runs.get(policy)!),
      ...comparisons(percent, random),
      kwhByCluster: [...own].map((joules) => joules / JOULES_PER_KWH),
      percentByCluster: [...percent],
      holm: null,
      againstBestSingle: control ? null : estimate(pairedPercent(own, energies.get(single)!)),
      againstHindsight: control ? null : estimate(pairedPercent(own, hindsightEnergy)),
      headroomCaptured: offline === null ? null : headroomCaptured(percents.get(single)!, percent, offline),
      sloMissShare: misses.get(policy)!,
      sloFlag: flagged(policy),
    };
  });
  return {
    cell: name,
    scenario,
    load,
    control,
    sleeps: index.pairing(name, 0, 0).sleeps,
    windowSeconds: index.pairing(name, 0, 0).windowSeconds,
    clusters,
    policies,
    bestSingle: control ? null : { policy: single, percent: estimate(percents.get(single)!) },
    hindsight: control
      ? null
      : { percent: estimate(pairedPercent(hindsightEnergy, baseline)), policies: hindsight },
    offline,
    controlHolds: control ? policies.every(readsZero) : null,
  };
}

function efficiencySpread(types: readonly NodeType[]): number | null {
  if (types.length === 0 || types.some(({ fullWatts }) => fullWatts === null)) return null;
  const watts = types.map(({ fullWatts, cpuMilli }) => fullWatts! / cpuMilli);
  return Math.max(...watts) / Math.min(...watts);
}

function readsZero({ percent: { mean: centre, interval } }: PolicyResult): boolean {
  if (Math.abs(centre) <= CONTROL_ROUNDING) return true;
  return interval !== null && interval.low <= 0 && interval.high >= 0;
}

function offlineResult(
  suite: Suite,
  baseline: Float64Array,
  record: (cluster: number, seed: number) => OfflineRecord,
): OfflineResult {
  const percentByCluster = upTo(suite.clusters).map((cluster) => {
    const found = upTo(suite.seeds).map((seed) => record(cluster, seed).energyJoules);
    if (found.some((joules) => joules === null)) return null;
    const sum = found.reduce<number>((total, joules) => total + joules!, 0);
    return pairedPercent([sum], [baseline[cluster]!])[0]!;
  });
  const known = percentByCluster.filter((percent) => percent !== null);
  return { percent: known.length === 0 ? null : estimate(known), percentByCluster, clusters: known.length };
}

function headroomCaptured(
  single: Float64Array,
  own: Float64Array,
  { percentByCluster }: OfflineResult,
): number | null {
  const where = upTo(percentByCluster.length).filter((cluster) => percentByCluster[cluster] !== null);
  const average = (values: ArrayLike<number | null>) => mean(where.map((cluster) => values[cluster]!));
  const headroom = average(single) - average(percentByCluster);
  return headroom > 0 ? (100 * (average(single) - average(own))) / headroom : null;
}

function energyByCluster(runs: readonly (readonly RunRecord[])[]): Float64Array {
  return Float64Array.from(runs, (seeds) => seeds.reduce((sum, { energyJoules }) => sum + energyJoules, 0));
}

function sloMissShare(runs: readonly RunRecord[]): number {
  const pods = runs.reduce((sum, { placed }) => sum + placed, 0);
  return pods === 0 ? 0 : runs.reduce((sum, { sloMisses }) => sum + sloMisses, 0) / pods;
}

function figures(runs: readonly (readonly RunRecord[])[]) {
  const all = runs.flat();
  const average = (pick: (run: RunRecord) => number) => mean(all.map(pick));
  const kwh = (pick: (run: RunRecord) => number) => average(pick) / JOULES_PER_KWH;
  return {
    ranAs: [...new Set(all.map(({ ranAs }) => ranAs))].sort(),
    kwh: kwh((run) => run.energyJoules),
    parts: {
      active: kwh((run) => run.activeJoules),
      idle: kwh((run) => run.idleJoules),
      sleep: kwh((run) => run.sleepJoules),
      wake: kwh((run) => run.wakeJoules),
      gpu: kwh((run) => run.gpuJoules),
    },
    meanWaitSeconds: average((run) => run.meanWaitSeconds),
    p95WaitSeconds: average((run) => run.p95WaitSeconds),
    longestWaitSeconds: all.reduce((most, run) => Math.max(most, run.longestWaitSeconds), 0),
    waits: WAIT_EDGES.concat(Number.POSITIVE_INFINITY).map((_, i) =>
      all.reduce((sum, { waits }) => sum + waits[i]!, 0),
    ),
    wakes: average((run) => run.wakes),
    meanStretch: average((run) => run.meanStretch),
    decisions: average((run) => run.decisions),
    series: all[0]!.series ?? null,
  };
}
