import { holmAdjusted } from '../util/statistics/holm.ts';
import { CONFIDENCE } from '../util/statistics/interval.ts';
import type { CellResult, Multiplicity, PolicyResult } from './results.ts';

/** Every comparison with the baseline outside the controls is one family. */
export function corrected(
  uncorrected: readonly CellResult[],
  baseline: string,
): { readonly cells: readonly CellResult[]; readonly multiplicity: Multiplicity } {
  const compared = (cell: CellResult, result: PolicyResult) =>
    !cell.control && result.policy !== baseline && result.p !== null;
  const family = uncorrected.flatMap((cell) => cell.policies.filter((result) => compared(cell, result)));
  const adjusted = holmAdjusted(family.map(({ p }) => p!));
  const holm = new Map(family.map((result, i) => [result, adjusted[i]!]));
  const outside = ({ percent: { interval } }: PolicyResult) =>
    interval !== null && (interval.low > 0 || interval.high < 0);
  return {
    cells: uncorrected.map((cell) => ({
      ...cell,
      policies: cell.policies.map((result) => ({ ...result, holm: holm.get(result) ?? null })),
    })),
    multiplicity: {
      method: 'Holm',
      comparisons: family.length,
      significant: adjusted.filter((p) => p < 1 - CONFIDENCE).length,
      unadjusted: family.filter(outside).length,
    },
  };
}
