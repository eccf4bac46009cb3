import type { OFFLINE, Suite } from './suite.ts';

/** Upper ends, in seconds, of the classes that waits are counted in; the last class is open. */
export const WAIT_EDGES: readonly number[] = [
  0, 1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200,
  10_800, 14_400, 21_600, 43_200, 86_400,
];

/** First line of `runs.jsonl`. */
export interface BenchmarkRecord {
  readonly kind: 'benchmark';
  readonly format: 1;
  /** Of all that decides the runs: a log is continued only under the same one. */
  readonly fingerprint: string;
  readonly suite: Suite;
}

/** What a pairing ran on; written before its runs. */
export interface PairingRecord {
  readonly kind: 'pairing';
  readonly cell: string;
  readonly cluster: number;
  readonly seed: number;
  readonly clusterSeed: number;
  readonly workloadSeed: number;
  readonly nodes: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** Whether any node may sleep. */
  readonly sleeps: boolean;

  readonly types: readonly NodeType[];
  readonly pods: number;
  readonly windowSeconds: number;
}

export interface NodeType {
  /** The machine's kind, as its label says; null without one. */
  readonly model: string | null;
  readonly count: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly idleWatts: number | null;
  readonly fullWatts: number | null;
}

/** A time series of one run, at equal steps. */
export interface SeriesRecord {
  readonly seconds: readonly number[];
  readonly watts: readonly number[];
  readonly used: readonly number[];
  readonly requested: readonly number[];
  readonly awakeNodes: readonly number[];
  readonly pending: readonly number[];
}

/** All that is kept of one run of one policy. Energies in joules. */
export interface RunRecord {
  readonly kind: 'run';
  readonly cell: string;
  readonly cluster: number;
  readonly seed: number;
  /** As the suite names it. */
  readonly policy: string;
  /** As it ran: with awake-first where nodes sleep; what a portfolio chose. */
  readonly ranAs: string;
  readonly energyJoules: number;
  readonly activeJoules: number;
  readonly idleJoules: number;
  readonly sleepJoules: number;
  readonly wakeJoules: number;
  readonly gpuJoules: number;
  readonly wakes: number;
  readonly placed: number;
  readonly completed: number;
  readonly dropped: number;
  readonly workCoreSeconds: number;
  readonly digest: string;
  readonly meanWaitSeconds: number;
  readonly p95WaitSeconds: number;
  readonly longestWaitSeconds: number;
  /** Pods in each class of WAIT_EDGES, and beyond the last. */
  readonly waits: readonly number[];
  readonly sloMisses: number;
  readonly meanStretch: number;
  readonly decisions: number;
  readonly series?: SeriesRecord;
}

/** What the annealer with hindsight found for a pairing, or why it could not look. */
export interface OfflineRecord {
  readonly kind: 'offline';
  readonly cell: string;
  readonly cluster: number;
  readonly seed: number;
  readonly policy: typeof OFFLINE;
  /** Null where no rule places every pod at once: the annealer knows no queues. */
  readonly energyJoules: number | null;
  readonly reason: string | null;
  /** The rule from whose run it set out, and that run's energy without waiting. */
  readonly startedFrom: string | null;
  readonly startJoules: number | null;
  readonly moves: number;
  readonly accepted: number;
}

export type LoggedRecord = PairingRecord | RunRecord | OfflineRecord;

export function recordKey(record: Pick<RunRecord, 'cell' | 'cluster' | 'seed'>, policy: string): string {
  return `${record.cell}\t${record.cluster}\t${record.seed}\t${policy}`;
}
