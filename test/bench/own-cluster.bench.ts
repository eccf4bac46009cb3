import { cellTwin, type OwnClusterCell } from '../../src/evaluation/own-cluster/cells.ts';
import { compare } from '../../src/evaluation/own-cluster/measure.ts';
import {
  type Against,
  type CellRecord,
  overClusters,
  seedSpread,
  toldMean,
  winsOf,
} from '../../src/evaluation/own-cluster/summary.ts';
import { trainWithin } from '../../src/evaluation/own-cluster/train-within.ts';
import { simulate } from '../../src/simulation/engine.ts';
import type { MachineGroup } from '../../src/simulation/generators/hardware.ts';
import { mean } from '../../src/util/statistics/mean.ts';
import { type Bench, type BenchFigure, isMine } from './bench.ts';
import {
  benchCells,
  benchClusters,
  cpuSeconds,
  freshSeeds,
  ownClusterJournal,
  ownClusterSettings,
  skipWithoutTable,
} from './support/own-cluster.ts';

const CLUSTERS = 12;
const FRESH_WORKLOADS = 20;
/** Choice of the rule, training and validation; the goal says two minutes. */
const CELL_SECONDS = 115;
const QUICK_SECONDS = 6;
/** Clusters that are trained with more than one seed, and those seeds. */
const REPEATED_CLUSTERS = 4;
const MORE_SEEDS = [2, 3];

interface Job {
  readonly cell: OwnClusterCell;
  readonly cluster: number;
  readonly trainingSeed: number;
}

/** The prize: a policy trained on each cluster's own twin, on clusters of CPU models that nothing was tuned on. */
export const ownClusterBench: Bench = {
  name: 'own-cluster',
  what: 'a policy trained for one cluster against the best rule of that cluster, on held-out hardware',
  skip: skipWithoutTable,
  hasParts: true,
  async run({ quick, seed, minutes, part, progress }) {
    const clusters = benchClusters(quick, CLUSTERS);
    const cells = benchCells(quick);
    const seconds = quick ? QUICK_SECONDS : minutes === undefined ? CELL_SECONDS : 60 * minutes;
    const seeds = freshSeeds(quick ? 6 : FRESH_WORKLOADS);
    const journal = ownClusterJournal(quick, seconds, seeds.length);
    const jobs = jobsOf(cells, clusters.length, seed, quick ? 0 : REPEATED_CLUSTERS);
    for (const [i, job] of jobs.entries()) {
      if (!isMine(i, part) || journal.records.some((record) => isOf(record, job))) continue;
      const record = measureCell(job, clusters[job.cluster]!, seconds, seeds);
      journal.add(record);
      const found = `${mean(record.againstRule).toFixed(2)} % against ${record.start}`;
      progress(`${job.cell.name} cluster ${job.cluster}, ${i + 1} of ${jobs.length}: ${found}`);
    }
    if (part !== undefined) return undefined;
    const records = journal.records.filter((record) => jobs.some((job) => isOf(record, job)));
    const [headline, ...figures] = figuresOf(records, cells);
    return {
      figures: [headline!, ...figures],
      seeds: [seed, ...MORE_SEEDS],
      details: detailsOf(records, cells),
    };
  },
};

function jobsOf(cells: readonly OwnClusterCell[], clusters: number, seed: number, repeated: number): Job[] {
  const numbers = Array.from({ length: clusters }, (_, cluster) => cluster);
  const once = numbers.flatMap((cluster) => cells.map((cell) => ({ cell, cluster, trainingSeed: seed })));
  const again = MORE_SEEDS.flatMap((more) =>
    numbers
      .slice(0, repeated)
      .flatMap((cluster) => cells.map((cell) => ({ cell, cluster, trainingSeed: seed + more - 1 }))),
  );
  return [...once, ...again];
}

function isOf(record: CellRecord, { cell, cluster, trainingSeed }: Job): boolean {
  return record.cell === cell.name && record.cluster === cluster && record.trainingSeed === trainingSeed;
}

function measureCell(
  { cell, cluster, trainingSeed }: Job,
  groups: readonly MachineGroup[],
  seconds: number,
  seeds: readonly number[],
): CellRecord {
  const twin = cellTwin(cell, groups, cluster);
  const settings = ownClusterSettings(cell.family, trainingSeed);
  const trained = trainWithin({ twin, simulate, settings, seconds, cpuSeconds });
  return {
    cell: cell.name,
    family: cell.family,
    cluster,
    trainingSeed,
    start: trained.start.name,
    isAccepted: trained.isAccepted,
    beganAtClone: trained.beganAtClone,
    validated: 100 * trained.validation.change,
    generations: trained.generations,
    trainingSeconds: trained.seconds,
    ...compare({ twin, simulate, learned: trained.policy, rule: trained.start, seeds }),
  };
}

const families = ['B', 'D', 'E'] as const;

function figuresOf(records: readonly CellRecord[], cells: readonly OwnClusterCell[]): BenchFigure[] {
  const scheduler = {
    what: 'against the default scheduler, all cells',
    value: overClusters(records, 'againstScheduler').mean,
  };
  const atMost = (what: string, value: number, goal: number, unit = '%'): BenchFigure => {
    return { what, value, unit, goal, direction: 'at-most', control: scheduler };
  };
  const upper = (some: readonly CellRecord[], against: Against) =>
    overClusters(some, against).interval?.high ?? Number.NaN;
  const measured = families.filter((family) => records.some((record) => record.family === family));
  const worse = cells.filter(({ name }) => {
    const ofCell = records.filter(({ cell }) => cell === name);
    return (overClusters(ofCell, 'againstRule').interval?.low ?? 0) > 0;
  });
  const lighter = records.filter(({ cell }) => !cell.endsWith('90'));
  const longest = Math.max(...records.map(({ trainingSeconds }) => trainingSeconds));
  return [
    atMost(
      'against the rule that simulation picks, mean of all cells',
      overClusters(records, 'againstRule').mean,
      -2,
    ),
    ...measured.map((family) =>
      atMost(
        `the same in family ${family}: upper end of the 95 % interval over clusters`,
        upper(
          records.filter((record) => record.family === family),
          'againstRule',
        ),
        0,
      ),
    ),
    atMost('cells that are significantly worse than the rule', worse.length, 0, 'cells'),
    atMost(
      'against the best rule in hindsight, mean of all cells',
      overClusters(records, 'againstHindsight').mean,
      -1.5,
    ),
    atMost('the same: upper end of the 95 % interval', upper(records, 'againstHindsight'), 0),
    ...[30, 60].map((percent) =>
      atMost(
        `against the default scheduler at ${percent} %`,
        overClusters(
          lighter.filter(({ cell }) => cell.endsWith(String(percent))),
          'againstScheduler',
        ).mean,
        -10,
      ),
    ),
    atMost(
      'waits above those of the rule, mean of all cells',
      moreThanTheRule(records, 'waitSeconds'),
      0,
      's',
    ),
    atMost(
      'SLO misses above those of the rule, mean of all cells',
      100 * moreThanTheRule(records, 'sloMisses'),
      0,
      'points',
    ),
    atMost('longest training of a cell', longest, 120, 'CPU seconds'),
  ];
}

/** Each cluster counts as often as it was trained: what is told is a mean, without an interval. */
function moreThanTheRule(records: readonly CellRecord[], what: 'waitSeconds' | 'sloMisses'): number {
  return mean(records.map(({ learned, rule }) => learned[what] - rule[what]));
}

function detailsOf(
  records: readonly CellRecord[],
  cells: readonly OwnClusterCell[],
): Record<string, string | number> {
  const details: Record<string, string | number> = {};
  for (const { name } of cells) {
    const some = records.filter(({ cell }) => cell === name);
    if (some.length === 0) continue;
    const { won, lost } = winsOf(some, 'againstRule');
    const share = (which: 'learned' | 'rule' | 'scheduler') =>
      (100 * mean(some.map((record) => record[which].sloMisses))).toFixed(2);
    const wait = (which: 'learned' | 'rule' | 'scheduler') =>
      mean(some.map((record) => record[which].waitSeconds)).toFixed(0);
    details[name] = [
      `rule ${toldMean(overClusters(some, 'againstRule'))} %`,
      `energy alone ${toldMean(overClusters(some, 'energyAgainstRule'))} %`,
      `hindsight ${toldMean(overClusters(some, 'againstHindsight'))} %`,
      `scheduler ${toldMean(overClusters(some, 'againstScheduler'))} %`,
      `won ${won}, lost ${lost} of ${some.length}`,
      `wait ${wait('learned')}/${wait('rule')}/${wait('scheduler')} s`,
      `SLO misses ${share('learned')}/${share('rule')}/${share('scheduler')} %`,
      `generations ${mean(some.map(({ generations }) => generations)).toFixed(0)}`,
    ].join(', ');
  }
  const all = winsOf(records, 'againstRule');
  details['all cells'] =
    `rule ${toldMean(overClusters(records, 'againstRule'))} %, won ${all.won}, lost ${all.lost} of ${records.length}`;
  details['began at the clone of hindsight'] = records.filter(({ beganAtClone }) => beganAtClone).length;
  details['accepted'] = records.filter(({ isAccepted }) => isAccepted).length;
  details['spread of training seeds, points'] = seedSpread(records);
  return details;
}
