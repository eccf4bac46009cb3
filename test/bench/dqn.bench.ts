import { cellTwin, type OwnClusterCell } from '../../src/evaluation/own-cluster/cells.ts';
import { type CellRecord, toldMean } from '../../src/evaluation/own-cluster/summary.ts';
import { trainWithin } from '../../src/evaluation/own-cluster/train-within.ts';
import { defaultFittedQ } from '../../src/learning/placement/fitted-q-training.ts';
import { type WeightedRule, weightedPolicy } from '../../src/policy/energy/weighted-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { policyByName } from '../../src/policy/registry.ts';
import { simulate } from '../../src/simulation/engine.ts';
import type { MachineGroup } from '../../src/simulation/generators/hardware.ts';
import { pricedKilowattHours } from '../../src/simulation/priced-energy.ts';
import { mean } from '../../src/util/statistics/mean.ts';
import { estimateMean, type MeanEstimate } from '../../src/util/statistics/mean-interval.ts';
import { pairedPercent } from '../../src/util/statistics/paired.ts';
import { type Bench, type BenchFigure, isMine } from './bench.ts';
import { fittedQWithin } from './support/fitted-q-within.ts';
import { openJournal } from './support/journal.ts';
import {
  benchCells,
  benchClusters,
  cpuSeconds,
  freshSeeds,
  ownClusterJournal,
  ownClusterSettings,
  resultsPath,
  skipWithoutTable,
} from './support/own-cluster.ts';
import { rawPowerDqn } from './support/raw-power-dqn.ts';

const CLUSTERS = 6;
const FRESH_WORKLOADS = 20;
/** Of each of the two trainings of a cell, as in own-cluster, whose trainings by evolution are taken where it has run. */
const CELL_SECONDS = 115;
const RAW_SECONDS = 30;
const QUICK_SECONDS = 6;

/** Waiting pods are asked again and again, so that a day of them takes ten times as long. */
const SHORT_ROUNDS = { episodesPerRound: 8, probeSeeds: 3, ridges: [1] };

const RIVALS = ['round-robin', 'kube-scheduler', 'marginal-power'] as const;
type Rival = (typeof RIVALS)[number];

/** Per cent by fresh workload, negative: it takes less. */
interface DqnRecord {
  readonly cell: string;
  readonly family: string;
  readonly cluster: number;
  readonly start: string;
  readonly isAccepted: boolean;
  readonly rounds: number;
  readonly generations: number;
  readonly seconds: number;
  readonly againstRule: readonly number[];
  readonly againstEvolution: readonly number[];
  readonly evolutionAgainstRule: readonly number[];
  readonly againstRivals: Readonly<Record<Rival, readonly number[]>>;
  /** The plain DQN on raw power against the rule, and against the default scheduler; only at 60 % load. */
  readonly rawAgainstRule?: readonly number[];
  readonly rawAgainstScheduler?: readonly number[];
  readonly rawDecisions?: number;
}

/** Q-learning in the setting of own-cluster, beside evolution, under one gate, and beside what those before us did. */
export const dqnBench: Bench = {
  name: 'dqn',
  what: "Q-learning as a residual on each cluster's best rule, against evolution and the usual policies",
  skip: skipWithoutTable,
  hasParts: true,
  async run({ quick, seed, minutes, part, progress }) {
    const clusters = benchClusters(quick, CLUSTERS);
    const cells = benchCells(quick);
    const seconds = quick ? QUICK_SECONDS : minutes === undefined ? CELL_SECONDS : 60 * minutes;
    const rawSeconds = quick ? QUICK_SECONDS : Math.min(seconds, RAW_SECONDS);
    const seeds = freshSeeds(quick ? 6 : FRESH_WORKLOADS);
    const recipe = `v2, ${seconds} s, ${rawSeconds} s, ${seeds.length} workloads, seed ${seed}`;
    const journal = openJournal<DqnRecord>(quick ? undefined : resultsPath('dqn.cells.jsonl'), recipe);
    const jobs = clusters.flatMap((groups, cluster) => cells.map((cell) => ({ cell, cluster, groups })));
    const evolved = ownClusterJournal(quick, seconds, seeds.length).records;
    const known = (cell: OwnClusterCell, cluster: number) =>
      journal.records.some((record) => record.cell === cell.name && record.cluster === cluster);
    for (const [i, job] of jobs.entries()) {
      const { cell, cluster } = job;
      if (!isMine(i, part) || known(cell, cluster)) continue;
      const record = measure({ ...job, seed, seconds, rawSeconds, seeds, evolved });
      journal.add(record);
      const [rule, evolution] = [mean(record.againstRule), mean(record.evolutionAgainstRule)];
      progress(
        `${cell.name} cluster ${cluster}, ${i + 1} of ${jobs.length}: ${rule.toFixed(2)} % against ${record.start}, evolution ${evolution.toFixed(2)} %`,
      );
    }
    if (part !== undefined) return undefined;
    const { records } = journal;
    const [headline, ...figures] = figuresOf(records);
    return { figures: [headline!, ...figures], seeds: [seed], details: detailsOf(records, cells) };
  },
};

function measure(job: {
  readonly cell: OwnClusterCell;
  readonly cluster: number;
  readonly groups: readonly MachineGroup[];
  readonly seed: number;
  readonly seconds: number;
  readonly rawSeconds: number;
  readonly seeds: readonly number[];
  /** By evolution, with the same time and on the same workloads. */
  readonly evolved: readonly CellRecord[];
}): DqnRecord {
  const { cell, cluster, groups, seed, seconds, rawSeconds, seeds, evolved } = job;
  const twin = cellTwin(cell, groups, cluster);
  const settings = ownClusterSettings(cell.family, seed);
  const { trainingSeeds, validationSeeds, acceptanceSeeds } = settings;
  const ours = fittedQWithin({
    twin,
    settings: {
      ...defaultFittedQ,
      ...(twin.waits ? SHORT_ROUNDS : {}),
      seed,
      trainingSeeds,
      validationSeeds,
      acceptanceSeeds,
    },
    seconds,
    cpuSeconds,
  });
  const costs = (policy: Policy) =>
    seeds.map((each) => pricedKilowattHours(simulate({ ...twin.situation(each), policy, seed: each })));
  const ofRule = (rule: WeightedRule) => costs(weightedPolicy(rule, 'first'));
  const dqn = ofRule(ours.policy);
  const rule = ofRule(ours.start);
  const known = evolved.find(
    (record) => record.cell === cell.name && record.cluster === cluster && record.trainingSeed === seed,
  );
  // Both begin at the rule that simulation picks, so that what is held against it can be held against each other.
  if (known !== undefined && known.start !== ours.start.name)
    throw new Error(
      `own-cluster began at ${known.start} in ${cell.name} of ${cluster}, not ${ours.start.name}`,
    );
  const evolve = () => {
    const { policy, generations } = trainWithin({ twin, simulate, settings, seconds, cpuSeconds });
    return { againstRule: [...pairedPercent(ofRule(policy), rule)], generations };
  };
  const evolution = known ?? evolve();
  const awakeFirst = twin.sleeps ? '+awake-first' : '';
  const rivals = Object.fromEntries(
    RIVALS.map((name) => [name, costs(policyByName(`${name}${awakeFirst}`))]),
  ) as Record<Rival, number[]>;
  const against = (some: readonly number[], others: readonly number[]) => [...pairedPercent(some, others)];
  const record: DqnRecord = {
    cell: cell.name,
    family: cell.family,
    cluster,
    start: ours.start.name,
    isAccepted: ours.isAccepted,
    rounds: ours.rounds,
    generations: evolution.generations,
    seconds: ours.seconds,
    againstRule: against(dqn, rule),
    againstEvolution: evolution.againstRule.map((percent, i) => {
      return 100 * (dqn[i]! / rule[i]! / (1 + percent / 100) - 1);
    }),
    evolutionAgainstRule: evolution.againstRule,
    againstRivals: {
      'round-robin': against(dqn, rivals['round-robin']),
      'kube-scheduler': against(dqn, rivals['kube-scheduler']),
      'marginal-power': against(dqn, rivals['marginal-power']),
    },
  };
  if (cell.load !== 0.6) return record;
  const raw = rawPowerDqn({ twin, seed, seconds: rawSeconds, cpuSeconds, seeds });
  return {
    ...record,
    rawAgainstRule: against(raw.costs, rule),
    rawAgainstScheduler: against(raw.costs, rivals['kube-scheduler']),
    rawDecisions: raw.decisions,
  };
}

/** Each cluster counts once, with the mean of its cells. */
function overClusters(
  records: readonly DqnRecord[],
  of: (record: DqnRecord) => readonly number[] | undefined,
): MeanEstimate {
  const clusters = [...new Set(records.map(({ cluster }) => cluster))];
  const means = clusters.flatMap((cluster) => {
    const some = records.filter((record) => record.cluster === cluster).flatMap((record) => of(record) ?? []);
    return some.length === 0 ? [] : [mean(some)];
  });
  return estimateMean(means);
}

function figuresOf(records: readonly DqnRecord[]): BenchFigure[] {
  const control = {
    what: 'evolution against the rule, mean of all cells',
    value: overClusters(records, ({ evolutionAgainstRule }) => evolutionAgainstRule).mean,
  };
  const atMost = (what: string, value: number, goal: number): BenchFigure => ({
    what,
    value,
    unit: '%',
    goal,
    direction: 'at-most',
    control,
  });
  const families = [...new Set(records.map(({ family }) => family))];
  return [
    atMost(
      'against evolution, mean of all cells',
      overClusters(records, ({ againstEvolution }) => againstEvolution).mean,
      0.5,
    ),
    ...families.flatMap((family) =>
      RIVALS.map((rival) => {
        const some = records.filter((record) => record.family === family);
        const { interval } = overClusters(some, ({ againstRivals }) => againstRivals[rival]);
        const what = `against ${rival} in family ${family}: upper end of the 95 % interval over clusters`;
        return atMost(what, interval?.high ?? Number.NaN, 0);
      }),
    ),
  ];
}

function detailsOf(
  records: readonly DqnRecord[],
  cells: readonly OwnClusterCell[],
): Record<string, string | number> {
  const details: Record<string, string | number> = {};
  const row = (some: readonly DqnRecord[]) =>
    [
      `rule ${toldMean(overClusters(some, (each) => each.againstRule))} %`,
      `evolution against the rule ${toldMean(overClusters(some, (each) => each.evolutionAgainstRule))} %`,
      `against evolution ${toldMean(overClusters(some, (each) => each.againstEvolution))} %`,
      ...RIVALS.map(
        (rival) => `${rival} ${toldMean(overClusters(some, (each) => each.againstRivals[rival]))} %`,
      ),
      `accepted ${some.filter(({ isAccepted }) => isAccepted).length} of ${some.length}`,
      `rounds ${mean(some.map(({ rounds }) => rounds)).toFixed(0)}, generations ${mean(some.map(({ generations }) => generations)).toFixed(0)}`,
    ].join(', ');
  for (const { name } of cells) {
    const some = records.filter(({ cell }) => cell === name);
    if (some.length > 0) details[name] = row(some);
  }
  details['all cells'] = row(records);
  const raw = records.filter(({ rawAgainstRule }) => rawAgainstRule !== undefined);
  for (const family of new Set(raw.map((record) => record.family))) {
    const some = raw.filter((record) => record.family === family);
    details[`plain DQN on raw power, ${family}60`] = [
      `rule ${toldMean(overClusters(some, (each) => each.rawAgainstRule))} %`,
      `default scheduler ${toldMean(overClusters(some, (each) => each.rawAgainstScheduler))} %`,
      `decisions ${mean(some.map(({ rawDecisions }) => rawDecisions ?? 0)).toFixed(0)}`,
    ].join(', ');
  }
  return details;
}
