/** One corpus compared: a line of JSON that `agreement-run.ts` writes. */
export interface AgreementLine {
  readonly seed: number;
  readonly nodes: number;
  readonly pods: number;
  readonly equalPods: number;
  readonly sameNodePods: number;
  /** Pods that go to the same node although our scheduler is given the nodes in reverse. */
  readonly sameNodePodsReversed: number;
  readonly decisions: number;
  readonly bound: number;
  readonly scores: number;
  readonly ties: number;
  /** Decisions for which not all feasible nodes were looked for. */
  readonly sampled: number;
  readonly features: Readonly<Record<string, number>>;
  readonly differences: readonly string[];
}
