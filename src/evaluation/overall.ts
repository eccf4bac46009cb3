import { RandomStream } from '../util/rng.ts';
import { interquartileMean } from '../util/statistics/interquartile-mean.ts';
import { mean } from '../util/statistics/mean.ts';
import { probabilityOfImprovement } from '../util/statistics/probability-of-improvement.ts';
import { stratifiedInterval } from '../util/statistics/stratified-bootstrap.ts';
import { comparisons, estimate, withInterval } from './estimates.ts';
import type { CellResult, OverallResult } from './results.ts';
import type { Suite } from './suite.ts';

/** Over all cells that are no control, for the policies that ran in all of them. */
export function overall(suite: Suite, cells: readonly CellResult[]): OverallResult[] {
  const counted = cells.filter(({ control }) => !control);
  const everywhere = suite.policies.filter((policy) => policy !== suite.baseline);
  if (counted.length === 0) return [];
  return everywhere.map((policy) => {
    const strata = counted.map((cell) =>
      Float64Array.from(cell.policies.find((result) => result.policy === policy)!.percentByCluster),
    );
    const byCluster = Float64Array.from({ length: suite.clusters }, (_, cluster) =>
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
