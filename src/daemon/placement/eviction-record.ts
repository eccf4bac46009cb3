import type { Resident } from '../../controller/resident.ts';
import type { DecisionMode, DecisionRecord, DecisionTerm } from '../../history/decision-record.ts';
import type { Milliseconds } from '../../util/units.ts';

export interface Eviction {
  readonly unixMilliseconds: Milliseconds;
  readonly mode: DecisionMode;
  /** `sleep` or `re-placement`. */
  readonly policy: string;
  readonly reason: string;
  /** Where the pod is meant to go. */
  readonly node?: string;
  /** What the move costs and saves, as predicted. */
  readonly terms?: readonly DecisionTerm[];
}

/** What is kept of a pod that was evicted, or would have been where nothing is acted on. */
export function evictionRecord(pod: Resident, eviction: Eviction): DecisionRecord {
  const { unixMilliseconds, mode, policy, reason, node, terms = [] } = eviction;
  return {
    unixMilliseconds,
    namespace: pod.namespace,
    pod: pod.name,
    uid: pod.uid,
    node,
    policy,
    fellBack: undefined,
    terms,
    others: [],
    reference: undefined,
    candidates: node === undefined ? 0 : 1,
    mode,
    outcome: mode === 'act' ? 'evicted' : 'observed',
    reason,
    heldMilliseconds: 0,
  };
}
