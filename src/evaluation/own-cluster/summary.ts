import { mean } from '../../util/statistics/mean.ts';
import { estimateMean, type MeanEstimate } from '../../util/statistics/mean-interval.ts';
import type { Comparison } from './measure.ts';

/** One cell of one cluster, trained with one seed. */
export interface CellRecord extends Comparison {
  readonly cell: string;
  readonly family: string;
  readonly cluster: number;
  readonly trainingSeed: number;
  /** The rule that simulation picked, and training began at. */
  readonly start: string;
  readonly isAccepted: boolean;
  /** Whether evolution began at the clone of hindsight, not at the rule. */
  readonly beganAtClone: boolean;
  /** Of the validated change, in per cent. */
  readonly validated: number;
  readonly generations: number;
  readonly trainingSeconds: number;
}

export type Against = 'againstRule' | 'againstHindsight' | 'againstScheduler' | 'energyAgainstRule';

export interface Wins {
  /** Cells of clusters whose own interval over workloads excludes 0, on either side. */
  readonly won: number;
  readonly lost: number;
}

/** Records of the first training seed alone: others are the same clusters again. */
function firstSeed(records: readonly CellRecord[]): readonly CellRecord[] {
  const first = Math.min(...records.map(({ trainingSeed }) => trainingSeed));
  return records.filter(({ trainingSeed }) => trainingSeed === first);
}

/**
 * The mean change in per cent with its interval over clusters: each cluster counts once, with the mean of its cells. Workloads of
 * one cluster are no independent evidence for other clusters.
 */
export function overClusters(records: readonly CellRecord[], against: Against): MeanEstimate {
  const byCluster = new Map<number, number[]>();
  for (const record of firstSeed(records)) {
    const changes = byCluster.get(record.cluster) ?? [];
    changes.push(mean(record[against]));
    byCluster.set(record.cluster, changes);
  }
  return estimateMean([...byCluster.values()].map((changes) => mean(changes)));
}

export function winsOf(records: readonly CellRecord[], against: Against): Wins {
  let won = 0;
  let lost = 0;
  for (const record of records) {
    const { interval } = estimateMean(record[against]);
    if (interval === undefined) continue;
    if (interval.high < 0) won++;
    else if (interval.low > 0) lost++;
  }
  return { won, lost };
}

/** Standard deviation that training seeds alone make, in points: over cells that were trained more than once. */
export function seedSpread(records: readonly CellRecord[]): number {
  const byCell = new Map<string, number[]>();
  for (const record of records) {
    const key = `${record.cell} ${record.cluster}`;
    byCell.set(key, [...(byCell.get(key) ?? []), mean(record.againstRule)]);
  }
  const variances = [...byCell.values()]
    .filter((changes) => changes.length > 1)
    .map((changes) => {
      const centre = mean(changes);
      return changes.reduce((sum, each) => sum + (each - centre) ** 2, 0) / (changes.length - 1);
    });
  return variances.length === 0 ? Number.NaN : Math.sqrt(mean(variances));
}

/** `-1.49±0.48`, in per cent. */
export function toldMean({ mean: centre, interval }: MeanEstimate): string {
  const half = interval === undefined ? '' : `±${((interval.high - interval.low) / 2).toFixed(2)}`;
  return `${centre.toFixed(2)}${half}`;
}
