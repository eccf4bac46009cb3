import type { StoredChoice } from '../../policy/learned/model-store.ts';
import type { ClusterChoice, ModelStanding } from './cluster-choice.ts';

/**
 * What a daemon goes by. A model for any cluster is picked as a training is accepted: where the upper 95 % bound of its price against the
 * best rule's is below zero, and the portfolio has put it before all rules. A model is refused where the lower bound is above zero.
 *
 * @param frozen SHA-256 of the model for any cluster; undefined: there is none
 * @param time ISO 8601
 */
export function storedChoice(
  { rule, standings, models }: ClusterChoice,
  frozen: string | undefined,
  time: string,
): StoredChoice {
  const picked = models.find(({ isFirst, sha256, high }) => isFirst && sha256 === frozen && high < 0);
  const workloads = Math.max(...standings.map(({ situations }) => situations));
  const rules = standings.length - models.length;
  const best = `${rule.name} is the best of ${rules} rules on ${workloads} simulated workloads of this cluster`;
  return {
    time,
    rule,
    picked: picked?.sha256 ?? null,
    refused: models.filter(({ low }) => low > 0).map(({ sha256 }) => sha256),
    reason:
      picked === undefined
        ? best
        : `${best}, and the frozen model is better: ${standingText(picked)} on ${picked.workloads} further ones`,
  };
}

/** `-1.20 % of its price (95 %: -2.00 % to -0.40 %)` */
export function standingText({ change, low, high }: ModelStanding): string {
  return `${percent(change)} of its price (95 %: ${percent(low)} to ${percent(high)})`;
}

function percent(share: number): string {
  return `${share > 0 ? '+' : ''}${(100 * share).toFixed(2)} %`;
}
