import type { NodeEnergySource } from '../../cluster/node-energy.ts';
import type { Joules, Milliseconds } from '../../util/units.ts';
import type { Side, SwitchbackPlan } from './plan.ts';

/** First line of a journal. */
export interface ExperimentRecord {
  readonly kind: 'experiment';
  readonly format: 1;
  readonly version: string;
  readonly plan: SwitchbackPlan;
  readonly sampleSeconds: number;
}

/** Whatever happened, when it was seen by the clock of this host. */
interface Happening {
  readonly at: Milliseconds;
}

/** Watching begins, or begins again: counters may be others, and pods that are not named are gone. */
export interface BeginRecord extends Happening {
  readonly kind: 'begin';
  readonly alive: readonly string[];
}

/** A period begins, with its wash-out. */
export interface PeriodRecord extends Happening {
  readonly kind: 'period';
  readonly index: number;
  readonly side: Side;
  readonly policy: string;
}

export interface EndRecord extends Happening {
  readonly kind: 'end';
  readonly index: number;
}

/** The period does not count, nor does what its pair has so far: the pair is begun again. */
export interface BrokenRecord extends Happening {
  readonly kind: 'broken';
  readonly index: number;
  readonly why: string;
}

/** Cumulative joules of a node, as of when its source counted them. */
export type NodeSample = readonly [joules: Joules, asOf: Milliseconds, source: NodeEnergySource];

/** CPU seconds used since watching began, by who placed the pod. */
export type UsedSample = readonly [a: number, b: number, before: number, untouched: number];

export interface SampleRecord extends Happening {
  readonly kind: 'sample';
  readonly nodes: Readonly<Record<string, NodeSample>>;
  readonly missing: Readonly<Record<string, string>>;
  readonly used?: UsedSample;
}

export interface PodSeenRecord extends Happening {
  readonly kind: 'pod';
  readonly uid: string;
  readonly what: 'seen';
  readonly name: string;
  readonly namespace: string;
  readonly cpuMilli: number;
  /** Not of a DaemonSet or the node itself: those run everywhere, whoever places. */
  readonly counts: boolean;
  /** Whether it was handed over to be placed. */
  readonly gated: boolean;
  /** Created while it was watched for; otherwise it was there before. */
  readonly isNew: boolean;
}

export interface PodBoundRecord extends Happening {
  readonly kind: 'pod';
  readonly uid: string;
  readonly what: 'bound';
  readonly node: string;
  /** False where it had happened before the pod was first seen. */
  readonly isNew: boolean;
}

export interface PodStartedRecord extends Happening {
  readonly kind: 'pod';
  readonly uid: string;
  readonly what: 'started';
  /** False where it had happened before the pod was first seen. */
  readonly isNew: boolean;
}

export interface PodRestartRecord extends Happening {
  readonly kind: 'pod';
  readonly uid: string;
  readonly what: 'restarted';
  readonly times: number;
}

export interface PodEndRecord extends Happening {
  readonly kind: 'pod';
  readonly uid: string;
  readonly what: 'ended';
  readonly how: 'completed' | 'failed' | 'evicted' | 'deleted';
}

export type PodRecord = PodSeenRecord | PodBoundRecord | PodStartedRecord | PodRestartRecord | PodEndRecord;

export interface JournalDecision extends Happening {
  readonly kind: 'decision';
  readonly uid: string;
  readonly policy: string;
  readonly by: 'own' | 'fell-back' | 'freed';
  readonly node: string | undefined;
  readonly reason: string | undefined;
}

/** The experiment was stopped before its end, or is over. */
export interface StopRecord extends Happening {
  readonly kind: 'stop';
  readonly why: string;
}

export type JournalEvent =
  | BeginRecord
  | PeriodRecord
  | EndRecord
  | BrokenRecord
  | SampleRecord
  | PodRecord
  | JournalDecision
  | StopRecord;
