import { RandomStream } from '../util/rng.ts';
import { JOULES_PER_WATT_HOUR } from '../util/units.ts';
import {
  type LoggedRecord,
  type NodeType,
  type OfflineRecord,
  type PairingRecord,
  type RunRecord,
  recordKey,
  WAIT_EDGES,
} from './records.ts';
import type {
  BenchmarkResults,
  CellResult,
  ClusterResult,
  Estimate,
  OfflineResult,
  OverallResult,
  PolicyResult,
} from './results.ts';
import { bcaInterval, DEFAULT_RESAMPLES, percentileInterval } from './statistics/bootstrap.ts';
import { holmAdjusted } from './statistics/holm.ts';
import { interquartileMean } from './statistics/interquartile-mean.ts';
import { CONFIDENCE, type Interval } from './statistics/interval.ts';
import { mean } from './statistics/mean.ts';
import { estimateMean } from './statistics/mean-interval.ts';
import { pairedPercent } from './statistics/paired.ts';
import { probabilityOfImprovement } from './statistics/probability-of-improvement.ts';
import { stratifiedInterval } from './statistics/stratified-bootstrap.ts';
import { cellName, isRule, OFFLINE, policiesOf, type Suite } from './suite.ts';

const JOULES_PER_KWH = 1000 * JOULES_PER_WATT_HOUR;

/** Percent within which a control reads zero whatever its interval: what rounding does to sums of 1e9 joules. */
const CONTROL_ROUNDING = 1e-6;

/** Share of pods by which a policy may miss its objectives more often than the baseline. */
const SLO_TOLERANCE = 0.01;

export interface SummaryInput {
  readonly suite: Suite;
  readonly version: string;
  readonly hardware: string | undefined;
  readonly records: readonly LoggedRecord[];
}

/**
 * All figures of a benchmark from its runs, which must be complete. Independent of the order of the records.
 *
 * @throws KISIM_E_EVALUATION_UNPAIRED where the baseline used no energy
 */
export function summarise({ suite, version, hardware, records }: SummaryInput): BenchmarkResults {
  const index = new RecordIndex(records);
  const cells = suite.cells.map((_, cell) => summariseCell(suite, cell, index));
  const { corrected, multiplicity } = correct(cells, suite.baseline);
  const controls = corrected.filter(({ control }) => control);
  return {
    format: 1,
    version,
    suite,
    hardware: hardware ?? null,
    confidence: CONFIDENCE,
    resamples: DEFAULT_RESAMPLES,
    waitEdgesSeconds: WAIT_EDGES,
    cells: corrected,
    overall: overall(suite, corrected),
    multiplicity,
    machineModels: machineModels(corrected),
    controls: {
      cells: controls.length,
      holds: controls.length === 0 ? null : controls.every(({ controlHolds }) => controlHolds === true),
    },
  };
}

class RecordIndex {
  readonly #runs = new Map<string, RunRecord>();
  readonly #pairings = new Map<string, PairingRecord>();
  readonly #offline = new Map<string, OfflineRecord>();

  constructor(records: readonly LoggedRecord[]) {
    for (const record of records) {
      if (record.kind === 'run') this.#runs.set(recordKey(record, record.policy), record);
      else if (record.kind === 'offline') this.#offline.set(recordKey(record, ''), record);
      else this.#pairings.set(recordKey(record, ''), record);
    }
  }

  run(cell: string, cluster: number, seed: number, policy: string): RunRecord {
    return present(this.#runs.get(recordKey({ cell, cluster, seed }, policy)), `${policy} on ${cell}`);
  }

  offline(cell: string, cluster: number, seed: number): OfflineRecord {
    return present(this.#offline.get(recordKey({ cell, cluster, seed }, '')), `${OFFLINE} on ${cell}`);
  }

  pairing(cell: string, cluster: number, seed: number): PairingRecord {
    return present(this.#pairings.get(recordKey({ cell, cluster, seed }, '')), cell);
  }
}

function present<T>(record: T | undefined, what: string): T {
  if (record === undefined) throw new Error(`no record of ${what}: summarise needs every run of its suite`);
  return record;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

function summariseCell(suite: Suite, cell: number, index: RecordIndex): CellResult {
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
  const rules = names.filter((policy) => isRule(policy) && !flagged(policy));
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

function machineModels(cells: readonly CellResult[]): { distinct: number; shared: number } {
  const clustersOf = new Map<string, Set<number>>();
  // A control is all one machine, on purpose.
  for (const { control, clusters } of cells)
    for (const { cluster, types } of control ? [] : clusters)
      for (const { model } of types)
        if (model !== null) clustersOf.set(model, (clustersOf.get(model) ?? new Set()).add(cluster));
  const shared = [...clustersOf.values()].filter(({ size }) => size > 1).length;
  return { distinct: clustersOf.size, shared };
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

function estimate(values: ArrayLike<number>): Estimate {
  const { mean: centre, interval } = estimateMean(values);
  return { mean: centre, interval: interval ?? null };
}

function withInterval(centre: number, interval: Interval | undefined): Estimate {
  return { mean: centre, interval: interval ?? null };
}

function comparisons(percent: Float64Array, random: RandomStream) {
  const { p } = estimateMean(percent);
  const worst = percent.indexOf(Math.max(...percent));
  return {
    percent: estimate(percent),
    bca: bcaInterval(percent, mean, { random: random.fork('mean') }) ?? null,
    interquartileMean: withInterval(
      interquartileMean(percent),
      percentileInterval(percent, interquartileMean, { random: random.fork('interquartile mean') }),
    ),
    improvement: withInterval(
      probabilityOfImprovement(percent),
      percentileInterval(percent, probabilityOfImprovement, { random: random.fork('improvement') }),
    ),
    p: p ?? null,
    worst: { cluster: worst, percent: percent[worst]! },
  };
}

/** Every comparison with the baseline outside the controls is one family. */
function correct(cells: readonly CellResult[], baseline: string) {
  const compared = (cell: CellResult, result: PolicyResult) =>
    !cell.control && result.policy !== baseline && result.p !== null;
  const family = cells.flatMap((cell) => cell.policies.filter((result) => compared(cell, result)));
  const adjusted = holmAdjusted(family.map(({ p }) => p!));
  const holm = new Map(family.map((result, i) => [result, adjusted[i]!]));
  const outside = ({ percent: { interval } }: PolicyResult) =>
    interval !== null && (interval.low > 0 || interval.high < 0);
  return {
    corrected: cells.map((cell) => ({
      ...cell,
      policies: cell.policies.map((result) => ({ ...result, holm: holm.get(result) ?? null })),
    })),
    multiplicity: {
      method: 'Holm' as const,
      comparisons: family.length,
      significant: adjusted.filter((p) => p < 1 - CONFIDENCE).length,
      unadjusted: family.filter(outside).length,
    },
  };
}

function overall(suite: Suite, cells: readonly CellResult[]): OverallResult[] {
  const counted = cells.filter(({ control }) => !control);
  const everywhere = suite.policies.filter((policy) => policy !== suite.baseline);
  if (counted.length === 0) return [];
  return everywhere.map((policy) => {
    const strata = counted.map((cell) =>
      Float64Array.from(cell.policies.find((result) => result.policy === policy)!.percentByCluster),
    );
    const byCluster = Float64Array.from(upTo(suite.clusters), (cluster) =>
      mean(strata.map((stratum) => stratum[cluster]!)),
    );
    const all = Float64Array.from(strata.flatMap((stratum) => [...stratum]));
    const random = new RandomStream(suite.seed).fork(`bootstrap/overall/${policy}`);
    const { bca } = comparisons(byCluster, random);
    const worst = all.indexOf(Math.max(...all));
    return {
      policy,
      percent: estimate(byCluster),
      bca,
      interquartileMean: withInterval(
        interquartileMean(all),
        stratifiedInterval(strata, interquartileMean, { random: random.fork('interquartile mean') }),
      ),
      improvement: withInterval(
        probabilityOfImprovement(all),
        stratifiedInterval(strata, probabilityOfImprovement, { random: random.fork('improvement') }),
      ),
      worst: {
        cell: counted[Math.floor(worst / suite.clusters)]!.cell,
        cluster: worst % suite.clusters,
        percent: all[worst]!,
      },
    };
  });
}
