/** What the loop has done since its start. */
export interface LoopCounts {
  readonly placed: number;
  /** Freed without a node, by reason. */
  readonly freed: Readonly<Record<string, number>>;
  /** Decided and recorded only. */
  readonly observed: number;
  readonly conflicts: number;
  readonly refusals: number;
  readonly throttles: number;
  readonly failures: number;
  /** Writes that did not end after they were called off. */
  readonly stuck: number;
  /** Pods that were held past their deadline for longer than a write may take. */
  readonly overdue: number;
}

export interface LoopGauges {
  readonly queued: number;
  readonly waiting: number;
  readonly inFlight: number;
  /** All pods that the loop answers for and has not finished with. */
  readonly held: number;
}
