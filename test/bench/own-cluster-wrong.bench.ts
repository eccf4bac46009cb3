import {
  cellTwin,
  type Deviation,
  type OwnClusterCell,
  randomisedTwin,
} from '../../src/evaluation/own-cluster/cells.ts';
import { compare } from '../../src/evaluation/own-cluster/measure.ts';
import { believing } from '../../src/evaluation/own-cluster/seen-nodes.ts';
import { type CellRecord, overClusters, toldMean } from '../../src/evaluation/own-cluster/summary.ts';
import { trainWithin } from '../../src/evaluation/own-cluster/train-within.ts';
import { simulate } from '../../src/simulation/engine.ts';
import type { MachineGroup } from '../../src/simulation/generators/hardware.ts';
import { mean } from '../../src/util/statistics/mean.ts';
import { type Bench, type BenchFigure, isMine } from './bench.ts';
import { openJournal } from './support/journal.ts';
import {
  benchCells,
  benchClusters,
  cpuSeconds,
  freshSeeds,
  ownClusterSettings,
  resultsPath,
  skipWithoutTable,
} from './support/own-cluster.ts';

const CLUSTERS = 6;
const FRESH_WORKLOADS = 20;
const CELL_SECONDS = 115;
const QUICK_SECONDS = 6;
/** Requested shares of the CPU that a cluster cannot be asked for. */
const TOO_MUCH = 1;
const CURVES_SEED = 77;

const AS_TOLD = 'as told';
/** The ways in which the cluster is not what its twin says. */
const deviations: readonly (readonly [name: string, deviation: Deviation])[] = [
  [AS_TOLD, {}],
  ['mix', { otherMix: true }],
  ['load -20 %', { load: 0.8 }],
  ['load +20 %', { load: 1.2 }],
  ['prediction error doubled', { predictionSigma: 0.6 }],
  ['curves', { curvesSeed: CURVES_SEED }],
];

interface WrongRecord extends CellRecord {
  readonly deviation: string;
}

/** The same training on a twin that is wrong: what a user will have. */
export const ownClusterWrongBench: Bench = {
  name: 'own-cluster-wrong',
  what: 'policies trained on a twin that is not what the cluster turns out to be',
  skip: skipWithoutTable,
  hasParts: true,
  async run({ quick, seed, minutes, part, progress }) {
    const clusters = benchClusters(quick, CLUSTERS);
    const cells = benchCells(quick);
    const seconds = quick ? QUICK_SECONDS : minutes === undefined ? CELL_SECONDS : 60 * minutes;
    const seeds = freshSeeds(quick ? 4 : FRESH_WORKLOADS);
    const path = quick ? undefined : resultsPath('own-cluster-wrong.cells.jsonl');
    const recipe = `v2, ${seconds} s, ${seeds.length} workloads, seed ${seed}`;
    // All deviations of one cell are one record: they share a training.
    const journal = openJournal<readonly WrongRecord[]>(path, recipe);
    const known = (cell: OwnClusterCell, cluster: number) =>
      journal.records.some(([first]) => first!.cell === cell.name && first!.cluster === cluster);
    const jobs = clusters.flatMap((groups, cluster) => cells.map((cell) => ({ cell, cluster, groups })));
    for (const [i, { cell, cluster, groups }] of jobs.entries()) {
      if (!isMine(i, part) || known(cell, cluster)) continue;
      const records = measureCell(cell, cluster, groups, seed, seconds, seeds);
      journal.add(records);
      const found = records.map(
        ({ deviation, againstRule }) => `${deviation} ${mean(againstRule).toFixed(2)}`,
      );
      progress(`${cell.name} cluster ${cluster}: ${found.join(', ')}`);
    }
    if (part !== undefined) return undefined;
    const records = journal.records.flat().filter(({ cluster }) => cluster < clusters.length);
    const [headline, ...figures] = figuresOf(records);
    return { figures: [headline!, ...figures], seeds: [seed], details: detailsOf(records) };
  },
};

function measureCell(
  cell: OwnClusterCell,
  cluster: number,
  groups: readonly MachineGroup[],
  seed: number,
  seconds: number,
  seeds: readonly number[],
): readonly WrongRecord[] {
  const trained = trainWithin({
    twin: randomisedTwin(cell, groups, cluster),
    simulate,
    settings: ownClusterSettings(cell.family, seed),
    seconds,
    cpuSeconds,
  });
  const told = cellTwin(cell, groups, cluster).situation(0).nodes;
  return deviations
    .filter(([, { load = 1 }]) => cell.load * load <= TOO_MUCH)
    .map(([deviation, differs]) => ({
      deviation,
      cell: cell.name,
      family: cell.family,
      cluster,
      trainingSeed: seed,
      start: trained.start.name,
      isAccepted: trained.isAccepted,
      beganAtClone: trained.beganAtClone,
      validated: 100 * trained.validation.change,
      generations: trained.generations,
      trainingSeconds: trained.seconds,
      ...compare({
        twin: cellTwin(cell, groups, cluster, differs),
        simulate,
        learned: trained.policy,
        rule: trained.start,
        seeds,
        rivals: [],
        // Policies are shown the curves of the twin, whatever the nodes really draw.
        show: (policy) => believing(policy, told),
      }),
    }));
}

function figuresOf(all: readonly WrongRecord[]): BenchFigure[] {
  // A twin that is right is no part of the question; what it came to is told beside.
  const records = all.filter(({ deviation }) => deviation !== AS_TOLD);
  const control = {
    what: 'with a twin that is right, against the rule',
    value: overClusters(
      all.filter(({ deviation }) => deviation === AS_TOLD),
      'againstRule',
    ).mean,
  };
  const atMost = (what: string, value: number, goal: number): BenchFigure => {
    return { what, value, unit: '%', goal, direction: 'at-most', control };
  };
  const family = ({ family }: WrongRecord) => family;
  const cluster = ({ cluster }: WrongRecord) => cluster;
  const each = (of: (some: readonly WrongRecord[]) => number) => Math.max(...groupsOf(records, kind).map(of));
  return [
    atMost('worst family against the rule, mean over all wrong twins', worstOf(records, family), 0),
    atMost(
      'worst family with any one kind of wrong twin',
      each((some) => worstOf(some, family)),
      0,
    ),
    atMost('worst cluster, mean over cells and all wrong twins', worstOf(records, cluster), 1),
    atMost(
      'worst cluster with any one kind of wrong twin, mean over cells',
      each((some) => worstOf(some, cluster)),
      1,
    ),
  ];
}

const kind = ({ deviation }: WrongRecord) => deviation;

function groupsOf<K>(records: readonly WrongRecord[], by: (record: WrongRecord) => K): WrongRecord[][] {
  return [...Map.groupBy(records, by).values()];
}

/** Against the rule, of the group that came out worst; each cluster counts once in a group. */
function worstOf(records: readonly WrongRecord[], by: (record: WrongRecord) => string | number): number {
  return Math.max(...groupsOf(records, by).map((some) => overClusters(some, 'againstRule').mean));
}

function detailsOf(records: readonly WrongRecord[]): Record<string, string> {
  const details: Record<string, string> = {};
  for (const [deviation] of deviations) {
    const rows = [...new Set(records.map(({ cell }) => cell))].flatMap((cell) => {
      const some = records.filter((record) => record.cell === cell && record.deviation === deviation);
      if (some.length === 0) return [];
      const worst = Math.max(...some.map(({ againstRule }) => mean(againstRule)));
      return [`${cell} ${toldMean(overClusters(some, 'againstRule'))} (${worst.toFixed(1)})`];
    });
    details[`${deviation}: mean (worst cluster), %`] = rows.join(', ');
  }
  return details;
}
