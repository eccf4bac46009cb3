import type { Pod } from '../cluster/pod.ts';
import type { Candidates, ExplainedTerm, PolicyContext } from './policy.ts';

/**
 * One reason to prefer a node, in the shape of a Kubernetes scheduler plugin. A policy is a weighted sum of some
 * (`scoring-policy.ts`); a file of its own for each.
 */
export interface ScorePlugin {
  readonly name: string;
  start(context: PolicyContext): ScoreRun;
}

export interface ScoreRun {
  /** Writes the score of candidate i to `out[i]`; greater is better. Must not allocate. */
  score(pod: Pod, candidates: Candidates, out: Float64Array): void;
  /** Brings the scores of all candidates to a common scale, usually 0 to 100. Left out: they stay. */
  normalise?(out: Float64Array, count: number): void;
  explain(pod: Pod, node: number): readonly ExplainedTerm[];
  /** As of a policy's run; of a policy's plugins the one of the greatest weight is asked, the first among equals. */
  chooseGpus?(pod: Pod, node: number, out: Int32Array): number;
  placed?(pod: Pod, node: number): void;
  removed?(pod: Pod, node: number): void;
  /** As of a policy's run. */
  save?(): unknown;
  restore?(saved: unknown): void;
}
