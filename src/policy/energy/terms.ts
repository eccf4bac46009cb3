import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { Candidates } from '../policy.ts';
import type { ClusterPower } from './cluster-power.ts';
import { ClusterTotals } from './cluster-totals.ts';
import { DrainTerms, IdleTerms, TierPackingTerms } from './consolidation-terms.ts';
import { Decision, type TermGroup } from './decision.ts';
import { ActiveEnergy, EndTerms, IdleEnergy } from './energy-terms.ts';
import { AbsoluteFitTerm, DotProductTerm, FillTerms, KubeScoreTerm } from './fit-terms.ts';
import { AsleepTerms, HeatTerms, TierTerms } from './interaction-terms.ts';
import { NodeTerms, StateTerms } from './node-terms.ts';
import { ScarcityTerms, SteadyTerms, StrandedTerms } from './opportunity-terms.ts';
import { PeaksTerm } from './peaks-term.ts';
import { PredictedWatts, PriceTerms, RequestedWatts, UseTerms } from './power-terms.ts';
import { RunOut } from './run-out.ts';
import { TERM_COUNT } from './term-table.ts';

/**
 * The one place where the terms of a pod and its candidates are found: a matrix of candidates by terms, of which only
 * the groups are filled that somebody needs.
 */
export class TermMatrix {
  /** The last decision: its pod, its own energy, and the columns. */
  readonly decision: Decision;
  readonly totals: ClusterTotals;
  readonly #groups: readonly TermGroup[];

  /** @param needed the positions of the terms that will be read */
  constructor(cluster: ClusterState, power: ClusterPower, needed: Iterable<number>) {
    this.decision = new Decision(cluster, power);
    this.totals = new ClusterTotals(cluster, power);
    const runOut = new RunOut(cluster, power);
    const groups: readonly TermGroup[] = [
      new ActiveEnergy(runOut),
      new IdleEnergy(runOut),
      new EndTerms(),
      new NodeTerms(),
      new StateTerms(),
      new FillTerms(),
      new KubeScoreTerm(),
      new DotProductTerm(),
      new AbsoluteFitTerm(this.decision),
      new PredictedWatts(),
      new RequestedWatts(),
      new PeaksTerm(this.decision),
      new PriceTerms(),
      new UseTerms(),
      new AsleepTerms(this.totals),
      new TierTerms(this.totals),
      new HeatTerms(),
      new ScarcityTerms(this.totals),
      new StrandedTerms(),
      new SteadyTerms(this.totals, this.decision),
      new IdleTerms(this.totals),
      new TierPackingTerms(),
      new DrainTerms(),
    ];
    const wanted = new Set(needed);
    // From the last to the first, since groups read only what stands before them.
    this.#groups = groups
      .toReversed()
      .filter(({ terms, reads = [] }) => {
        if (!terms.some((term) => wanted.has(term))) return false;
        for (const term of reads) wanted.add(term);
        return true;
      })
      .reverse();
  }

  /** Finds the needed terms. Must not allocate. */
  fill(pod: Pod, candidates: Candidates): void {
    const { decision } = this;
    decision.begin(pod, candidates);
    for (let g = 0; g < this.#groups.length; g++) this.#groups[g]!.fill(decision);
  }

  /** Term t of candidate i, as last filled. */
  at(term: number, candidate: number): number {
    return this.decision.columns[term * this.decision.stride + candidate]!;
  }
}

/** All positions, for whoever wants the whole matrix. */
export const ALL_TERMS: readonly number[] = Array.from({ length: TERM_COUNT }, (_, term) => term);
