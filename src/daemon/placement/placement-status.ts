import type { DeciderCounts } from '../../controller/decider.ts';
import type { LoopCounts, LoopGauges } from '../../controller/loop-counts.ts';
import type { DecisionMode } from '../../history/decision-record.ts';

/** What the placement loop is at. */
export interface PlacementStatus {
  readonly cluster: 'live' | 'simulated';
  /** Of the API server and its context; undefined while none is known. */
  readonly server: string | undefined;
  /** connecting: there is no server yet, or the watch has not told everything. following: another one leads, or nobody. */
  readonly state: 'connecting' | 'following' | 'leading' | 'stopped';
  /** Why it is not as it should be; undefined where it is. */
  readonly trouble: string | undefined;
  readonly mode: DecisionMode;
  readonly policy: string;
  /** Why `auto` came to it; undefined where the policy is one that somebody named. */
  readonly policyReason: string | undefined;
  /** Why placement is paused. */
  readonly paused: string | undefined;
  readonly nodes: number;
  readonly pods: number;
  readonly counts: LoopCounts | undefined;
  readonly gauges: LoopGauges | undefined;
  readonly decider: DeciderCounts | undefined;
}
