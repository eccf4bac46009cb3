import type { Milliseconds } from '../util/units.ts';
import type { ClusterKind } from './cluster-kind.ts';
import type { DecisionMode } from './decision-record.ts';

/** A number that a decision was made by. */
export interface LoopReading {
  readonly name: string;
  /** Undefined: it was not measured. */
  readonly amount: number | undefined;
  /** `ms`, `%`, `1/s`, `s`, `share`, `points`, `count`. */
  readonly unit: string;
}

/** One decision about the replicas of one Deployment. */
export interface ScalingRecord {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
  readonly unixMilliseconds: Milliseconds;
  readonly namespace: string;
  readonly deployment: string;
  readonly uid: string;
  /** Which of the policy's backends it is. */
  readonly backend: string;
  readonly policy: string;
  readonly mode: DecisionMode;
  /** Replicas that were asked for before; undefined where they could not be read. */
  readonly before: number | undefined;
  /** Of those, the ones that served. */
  readonly ready: number | undefined;
  /** What the policy wanted; undefined where none was decided. */
  readonly wanted: number | undefined;
  /** What is asked for since; undefined where that is not known. */
  readonly after: number | undefined;
  /** `scaled`, `kept`, `observed` (nothing may be written), `not-leader`, `failed`. */
  readonly outcome: string;
  /** Why the policy wanted so many, or what failed. */
  readonly reason: string;
  /** What the policy saw. */
  readonly seen: readonly LoopReading[];
}

/** One decision about a job that waited in a queue. */
export interface AdmissionRecord {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
  readonly unixMilliseconds: Milliseconds;
  readonly namespace: string;
  /** Of the object: a Job, or Kueue's Workload. */
  readonly kind: 'Job' | 'Workload';
  readonly name: string;
  readonly uid: string;
  readonly policy: string;
  readonly mode: DecisionMode;
  /** `admitted`, `retry`, `rejected`, `observed`, `gone`, `refused`, `not-leader`, `failed`. */
  readonly outcome: string;
  /** What failed, or why it was sent back. */
  readonly reason: string | undefined;
  /** Where its pods are sent, joined by commas; undefined: wherever the scheduler puts them. */
  readonly nodes: string | undefined;
  readonly waitedMilliseconds: Milliseconds;
  /** Jobs that waited then, this one among them. */
  readonly queued: number;
  /** Of those, the ones that had come before it. */
  readonly passedOver: number;
  /** The one that had waited longest, where it is another. */
  readonly oldest: string | undefined;
  /** Why the policy took it. */
  readonly terms: readonly LoopReading[];
}
