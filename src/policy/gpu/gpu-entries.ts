import type { Policy, TieRule } from '../policy.ts';
import type { PolicyEntry } from '../registry.ts';
import type { ScorePlugin } from '../score-plugin.ts';
import { scoringPolicy } from '../scoring-policy.ts';
import { fgd } from './fgd.ts';
import { gpuClustering } from './gpu-clustering.ts';
import { gpuPacking } from './gpu-packing.ts';
import { openbBestFit } from './openb-best-fit.ts';
import { openbDotProduct } from './openb-dot-product.ts';
import { openbRandom } from './openb-random.ts';
import { pwr } from './pwr.ts';
import type { TypicalPod } from './typical-pods.ts';

/** The shares of PWR that its authors plot, in thousandths; the rest is FGD's. The first is meant by the bare name. */
const PWR_WEIGHTS = [100, 25, 50, 200, 300, 500];

/** FGD and PWR together, weights as in a scheduler configuration; FGD chooses the GPU, as its authors have it. */
export function pwrAndFgd(
  name: string,
  pwrWeight: number,
  ties: TieRule,
  typical?: readonly TypicalPod[],
): Policy {
  const parts = [
    { plugin: fgd(typical), weight: 1000 - pwrWeight },
    { plugin: pwr, weight: pwrWeight },
  ];
  return scoringPolicy(name, parts, ties);
}

function ofPlugin(summary: string, plugin: ScorePlugin): PolicyEntry {
  const { name } = plugin;
  return { name, summary, make: ({ ties }) => scoringPolicy(name, [{ plugin, weight: 1 }], ties) };
}

/** The policies of the openb studies. Their published results need ties by the smallest name. */
export const gpuEntries: readonly PolicyEntry[] = [
  { name: 'openb-random', summary: 'any node, and of its GPUs any with room', make: () => openbRandom },
  ofPlugin('DotProd of the FGD study: free CPU and GPU least along those asked for', openbDotProduct),
  ofPlugin('GPU pods of a kind together', gpuClustering),
  ofPlugin('GPUs in use before idle ones, nodes in use before idle ones', gpuPacking),
  ofPlugin('BestFit of the FGD study: least CPU and GPU left over', openbBestFit),
  {
    name: 'fgd',
    summary:
      'least growth of GPU fragmentation for the typical pods (those placed so far, where none are given)',
    make: ({ ties, typical }) => scoringPolicy('fgd', [{ plugin: fgd(typical), weight: 1 }], ties),
  },
  ofPlugin('least growth of watts by what is requested', pwr),
  {
    name: 'pwr-fgd',
    summary: 'PWR and FGD together, by the weight of PWR',
    variants: PWR_WEIGHTS.map((weight) => ({
      name: String(weight / 1000),
      summary: `PWR with weight ${weight}, FGD with ${1000 - weight}`,
    })),
    make: ({ ties, variant, typical }) =>
      pwrAndFgd(
        variant === '0.1' ? 'pwr-fgd' : `pwr-fgd:${variant}`,
        Math.round(Number(variant) * 1000),
        ties,
        typical,
      ),
  },
];
