import type { Pod } from '../cluster/pod.ts';
import type { Candidates, ExplainedTerm, PolicyRun } from './policy.ts';

/** A run that stands around another one and hands on whatever it does not change itself. */
export abstract class WrappedRun implements PolicyRun {
  protected readonly inner: PolicyRun;
  /** Present only where the inner run has it: callers fall back where it is missing. */
  readonly chooseGpus?: (pod: Pod, node: number, out: Int32Array) => number;
  readonly scores?: (pod: Pod, candidates: Candidates, out: Float64Array) => void;

  constructor(inner: PolicyRun) {
    this.inner = inner;
    if (inner.chooseGpus !== undefined)
      this.chooseGpus = (pod, node, out) => inner.chooseGpus!(pod, node, out);
    if (inner.scores !== undefined)
      this.scores = (pod, candidates, out) => this.wrapScores(pod, candidates, out);
  }

  /** What `scores` does, where the inner run has scores. */
  protected wrapScores(pod: Pod, candidates: Candidates, out: Float64Array): void {
    this.inner.scores!(pod, candidates, out);
  }

  abstract choose(pod: Pod, candidates: Candidates): number;

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return this.inner.explain(pod, node);
  }

  placed(pod: Pod, node: number): void {
    this.inner.placed?.(pod, node);
  }

  removed(pod: Pod, node: number): void {
    this.inner.removed?.(pod, node);
  }

  relabelled(namespace: string): void {
    this.inner.relabelled?.(namespace);
  }

  save(): unknown {
    return this.inner.save?.() ?? null;
  }

  restore(saved: unknown): void {
    this.inner.restore?.(saved);
  }
}
