import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machine, versionWithCommit } from '../../src/cli/benchmark/machine.ts';
import { cardText } from '../../src/cli/train/outcome.ts';
import { version } from '../../src/cli/version.ts';
import { cellTwin, type OwnClusterCell } from '../../src/evaluation/own-cluster/cells.ts';
import { ownClusters } from '../../src/evaluation/own-cluster/clusters.ts';
import { type FrozenSettings, trainFrozen } from '../../src/evaluation/own-cluster/frozen.ts';
import { frozenCard, frozenModel } from '../../src/evaluation/own-cluster/frozen-model.ts';
import { toldMean } from '../../src/evaluation/own-cluster/summary.ts';
import { startingPoints } from '../../src/learning/own-cluster/starting-points.ts';
import { type WeightedRule, weightedPolicy } from '../../src/policy/energy/weighted-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { policyByName } from '../../src/policy/registry.ts';
import { readSpecTable } from '../../src/power-model/spec-table.ts';
import { simulate } from '../../src/simulation/engine.ts';
import type { MachineGroup } from '../../src/simulation/generators/hardware.ts';
import { pricedKilowattHours } from '../../src/simulation/priced-energy.ts';
import { mean } from '../../src/util/statistics/mean.ts';
import { estimateMean, type MeanEstimate } from '../../src/util/statistics/mean-interval.ts';
import { sharedData } from '../support/shared-data.ts';
import { type Bench, isMine } from './bench.ts';
import { openJournal } from './support/journal.ts';
import {
  benchCells,
  benchClusters,
  freshSeeds,
  resultsPath,
  skipWithoutTable,
} from './support/own-cluster.ts';

const CLUSTERS = 12;
const FRESH_WORKLOADS = 10;
const TRAINING_SEEDS = [1, 2, 3, 4, 5];
const SETTINGS: Omit<FrozenSettings, 'seed'> = {
  generations: 75,
  population: 24,
  sigma: 0.12,
  episodes: 36,
  startEpisodes: 24,
  judgingEpisodes: 480,
};
const QUICK: Omit<FrozenSettings, 'seed'> = {
  generations: 2,
  population: 4,
  sigma: 0.12,
  episodes: 3,
  startEpisodes: 1,
  judgingEpisodes: 6,
};
/** Of the 20 development clusters the first ones train, the others judge. */
const TRAINING_CLUSTERS = 14;
const cardPath = fileURLToPath(new URL('../../models/frozen.card.json', import.meta.url));
const modelPath = fileURLToPath(new URL('../../models/frozen.onnx', import.meta.url));

interface Trained {
  readonly seed: number;
  readonly start: string;
  readonly share: number;
  readonly decisions: number;
  readonly weights: readonly number[];
  readonly waitWeights: readonly number[];
}

/** Priced kilowatt-hours of every policy on one cell of one cluster, the mean of its workloads. */
interface Priced {
  readonly cell: string;
  readonly family: string;
  readonly cluster: number;
  readonly costs: Readonly<Record<string, number>>;
}

/** One model for every cluster, trained on other hardware alone. */
export const frozenBench: Bench = {
  name: 'frozen',
  what: 'one frozen model on hardware that it never saw, five training seeds',
  skip: skipWithoutTable,
  hasParts: true,
  async run({ quick, part, progress }) {
    const settings = quick ? QUICK : SETTINGS;
    const trainingSeeds = quick ? TRAINING_SEEDS.slice(0, 1) : TRAINING_SEEDS;
    const recipe = JSON.stringify(settings);
    const table = readSpecTable(sharedData.path('power', 'spec_power_servers.csv'));
    const development = ownClusters(table, 'development');
    const journal = openJournal<Trained>(quick ? undefined : resultsPath('frozen.training.jsonl'), recipe);
    for (const [i, seed] of trainingSeeds.entries()) {
      if (!isMine(i, part) || journal.records.some((record) => record.seed === seed)) continue;
      const { point, start, share, decisions } = trainFrozen({
        clusters: development.slice(0, TRAINING_CLUSTERS),
        judges: development.slice(TRAINING_CLUSTERS),
        settings: { ...settings, seed },
        simulate,
        onGeneration: (generation) => progress(`seed ${seed}, generation ${generation}`),
      });
      const weights = [...point.weights];
      const waitWeights = [...point.waitWeights!];
      journal.add({ seed, start: start.name, share, decisions, weights, waitWeights });
    }
    const trained = journal.records.toSorted((a, b) => a.seed - b.seed);
    if (trained.length < trainingSeeds.length) {
      progress(
        `${trained.length} of ${trainingSeeds.length} are trained: prices come when all are; run this part again then`,
      );
      return undefined;
    }
    const priced = openJournal<Priced>(
      quick ? undefined : resultsPath('frozen.cells.jsonl'),
      `${recipe} ${trainingSeeds.join(' ')}`,
    );
    const seeds = freshSeeds(quick ? 2 : FRESH_WORKLOADS);
    const jobs = benchClusters(quick, CLUSTERS).flatMap((groups, cluster) =>
      benchCells(quick).map((cell) => ({ cell, cluster, groups })),
    );
    for (const [i, { cell, cluster, groups }] of jobs.entries()) {
      if (!isMine(i, part)) continue;
      if (priced.records.some((each) => each.cell === cell.name && each.cluster === cluster)) continue;
      priced.add(pricesOf(cell, cluster, groups, trained, seeds));
      progress(`${cell.name} on cluster ${cluster}, ${i + 1} of ${jobs.length}`);
    }
    if (part !== undefined) return undefined;
    const rows = rowsOf(priced.records, trained);
    if (!quick) writeModel(trained, rows, recipe);
    const worstRule = Math.max(...rows.map(({ againstRule }) => againstRule.mean));
    const worstScheduler = Math.max(...rows.map(({ againstScheduler }) => againstScheduler.mean));
    const control = { what: 'against the default scheduler, worst family and seed', value: worstScheduler };
    return {
      figures: [
        {
          what: 'worst family and training seed against the best single rule of the family',
          value: worstRule,
          unit: '%',
          goal: 0.5,
          direction: 'at-most',
          control,
        },
        {
          what: 'worst family and training seed against the default scheduler',
          value: worstScheduler,
          unit: '%',
          goal: 0,
          direction: 'at-most',
          control,
        },
      ],
      seeds: trainingSeeds,
      details: Object.fromEntries(
        rows.map(({ family, seed, rule, againstRule, againstScheduler }) => [
          `family ${family}, seed ${seed}`,
          `${toldMean(againstRule)} % against ${rule}, ${toldMean(againstScheduler)} % against the default scheduler`,
        ]),
      ),
    };
  },
};

function ruleOf({ seed, weights, waitWeights }: Trained): WeightedRule {
  return {
    name: `frozen-${seed}`,
    weights: Float64Array.from(weights),
    waitWeights: Float64Array.from(waitWeights),
    unit: 'points',
  };
}

const SCHEDULER = 'scheduler';

function pricesOf(
  cell: OwnClusterCell,
  cluster: number,
  groups: readonly MachineGroup[],
  trained: readonly Trained[],
  seeds: readonly number[],
): Priced {
  const twin = cellTwin(cell, groups, cluster);
  const scheduler = policyByName(twin.sleeps ? 'kube-scheduler+awake-first' : 'kube-scheduler');
  const policies: readonly (readonly [string, Policy])[] = [
    [SCHEDULER, scheduler],
    ...[...startingPoints(twin), ...trained.map(ruleOf)].map((rule): [string, Policy] => [
      rule.name,
      weightedPolicy(rule, 'first'),
    ]),
  ];
  const costs = Object.fromEntries(policies.map(([name]) => [name, 0]));
  for (const seed of seeds) {
    const situation = twin.situation(seed);
    for (const [name, policy] of policies)
      costs[name]! += pricedKilowattHours(simulate({ ...situation, policy, seed })) / seeds.length;
  }
  return { cell: cell.name, family: cell.family, cluster, costs };
}

interface Row {
  readonly family: string;
  readonly seed: number;
  /** The rule that is best in the mean over the family's cells and clusters, on these very workloads. */
  readonly rule: string;
  readonly againstRule: MeanEstimate;
  readonly againstScheduler: MeanEstimate;
}

function rowsOf(records: readonly Priced[], trained: readonly Trained[]): readonly Row[] {
  return [...new Set(records.map(({ family }) => family))].flatMap((family) => {
    const some = records.filter((record) => record.family === family);
    // Relative to the default scheduler, so that large clusters do not decide.
    const relative = (name: string) => mean(some.map(({ costs }) => costs[name]! / costs[SCHEDULER]!));
    const rules = Object.keys(some[0]!.costs).filter(
      (name) => name !== SCHEDULER && !name.startsWith('frozen-'),
    );
    const rule = rules.reduce((best, name) => (relative(name) < relative(best) ? name : best));
    return trained.map(({ seed }) => {
      const against = (name: string) => overClusters(some, `frozen-${seed}`, name);
      return { family, seed, rule, againstRule: against(rule), againstScheduler: against(SCHEDULER) };
    });
  });
}

function overClusters(records: readonly Priced[], name: string, other: string): MeanEstimate {
  const clusters = [...new Set(records.map(({ cluster }) => cluster))];
  return estimateMean(
    clusters.map((number) => {
      const some = records.filter(({ cluster }) => cluster === number);
      return mean(some.map(({ costs }) => 100 * (costs[name]! / costs[other]! - 1)));
    }),
  );
}

/** The first training seed is shipped, whatever the others came to: choosing the best one here would be looking at the test. */
function writeModel(trained: readonly Trained[], rows: readonly Row[], recipe: string): void {
  const first = trained[0]!;
  const point = ruleOf(first);
  const start = startingPoints({ sleeps: true, waits: true }).find(({ name }) => name === first.start)!;
  const model = frozenModel({ point, start });
  const { share, decisions } = first;
  const card = frozenCard({ point, start, share, decisions }, model, {
    settings: { ...(JSON.parse(recipe) as Omit<FrozenSettings, 'seed'>), seed: first.seed },
    data: `clusters of the development half of the SPECpower table (src/evaluation/own-cluster/clusters.ts): ${TRAINING_CLUSTERS} to train on, the others to judge by; curves, load, mix, durations and predictions drawn anew each time; scores are of the test half, all training seeds`,
    scores: rows.flatMap(({ family, seed, rule, againstRule, againstScheduler }) =>
      [
        [againstRule, `${rule}, the best single rule of the family`] as const,
        [againstScheduler, 'the default scheduler'] as const,
      ].map(([{ mean: percent, interval, count }, against]) => ({
        where: `family ${family}, training seed ${seed}`,
        against,
        percent,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        clusters: count,
      })),
    ),
    origin: {
      command: 'npm run bench -- frozen',
      code: versionWithCommit(version()),
      finished: new Date().toISOString(),
      machine: machine(),
      threads: 1,
    },
  });
  writeFileSync(modelPath, model.onnx);
  writeFileSync(cardPath, cardText(card));
}
