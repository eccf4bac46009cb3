import type { DecisionMode, DecisionRecord } from '../history/decision-record.ts';
import type { Milliseconds } from '../util/units.ts';
import type { HeldPod } from './held-pod.ts';

export interface Outcome {
  readonly outcome: string;
  /** Where the pod was really sent; left out: where it was decided. */
  readonly node?: string | undefined;
  readonly reason?: string | undefined;
}

/** What is kept of a pod that something has become of. */
export function decisionEntry(
  held: HeldPod,
  { outcome, node, reason }: Outcome,
  context: {
    readonly mode: DecisionMode;
    /** The rule that was to decide. */
    readonly policy: string;
    readonly unixMilliseconds: Milliseconds;
    readonly monotonicMilliseconds: Milliseconds;
  },
): DecisionRecord {
  const { pod, decided } = held;
  const { explanation } = decided ?? {};
  return {
    unixMilliseconds: context.unixMilliseconds,
    namespace: pod.namespace,
    pod: pod.name,
    uid: pod.uid,
    node: node ?? decided?.node,
    policy: decided?.policy ?? context.policy,
    fellBack: decided?.fellBack,
    terms: explanation?.terms ?? [],
    others: explanation?.others ?? [],
    reference: explanation?.reference,
    candidates: explanation?.candidates ?? 0,
    mode: context.mode,
    outcome,
    reason,
    heldMilliseconds: Math.max(0, context.monotonicMilliseconds - held.seenAt),
  };
}
