import type { Interval } from '../util/statistics/interval.ts';
import type { NodeType, SeriesRecord } from './records.ts';
import type { Suite } from './suite.ts';

/**
 * What a benchmark found: everything that tables, CSV and the report show, and nothing that differs between two runs of
 * the same suite (no times, no machine). Energies in kWh; percent against the baseline, negative: less energy. A figure
 * that could not be computed is null.
 */
export interface BenchmarkResults {
  readonly format: 1;
  readonly version: string;
  readonly suite: Suite;
  readonly hardware: string | null;
  readonly confidence: number;
  readonly resamples: number;
  /** Upper ends of the classes of waits in seconds; the last class is open. */
  readonly waitEdgesSeconds: readonly number[];
  readonly cells: readonly CellResult[];
  /** Over all cells that are no control, for policies that ran in all of them. */
  readonly overall: readonly OverallResult[];
  readonly multiplicity: Multiplicity;
  /**
   * Kinds of machines in all clusters, and how many of them stand in more than one: clusters that share machines are
   * less independent than their number says.
   */
  readonly machineModels: { readonly distinct: number; readonly shared: number };
  readonly controls: { readonly cells: number; readonly holds: boolean | null };
}

export interface Multiplicity {
  readonly method: 'Holm';
  /** Comparisons with the baseline in all cells that are no control; all belong to one family. */
  readonly comparisons: number;
  /** Of these, how many have an adjusted p below 1 - confidence. */
  readonly significant: number;
  /** How many have an interval without zero before any correction. */
  readonly unadjusted: number;
}

export interface Estimate {
  readonly mean: number;
  readonly interval: Interval | null;
}

export interface ClusterResult {
  readonly cluster: number;
  readonly clusterSeed: number;
  readonly workloadSeeds: readonly number[];
  readonly nodes: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly pods: number;
  readonly types: readonly NodeType[];
  /** Watts of a core at full load of the thirstiest kind of node over those of the thriftiest; null where not known. */
  readonly efficiencySpread: number | null;
}

export interface CellResult {
  readonly cell: string;
  readonly scenario: string;
  readonly load: number;
  readonly control: boolean;
  readonly sleeps: boolean;
  /** Length of the window in which pods arrive. */
  readonly windowSeconds: number;
  readonly clusters: readonly ClusterResult[];
  readonly policies: readonly PolicyResult[];
  /** The one rule that is best in the mean over the clusters, chosen in hindsight; null in a control. */
  readonly bestSingle: { readonly policy: string; readonly percent: Estimate } | null;
  /** For each cluster the rule that is best on it, chosen in hindsight; null in a control. */
  readonly hindsight: { readonly percent: Estimate; readonly policies: readonly string[] } | null;
  readonly offline: OfflineResult | null;
  /** Whether every policy reads zero; null where the cell is no control. */
  readonly controlHolds: boolean | null;
}

/** Placement without delay, found with hindsight: not a bound, and where pods may wait a rule can use less. */
export interface OfflineResult {
  /** Over the clusters on which it could look; null where there is none. */
  readonly percent: Estimate | null;
  /** Null for a cluster on which pods queue under every rule, which the annealer does not know. */
  readonly percentByCluster: readonly (number | null)[];
  readonly clusters: number;
}

export interface PolicyResult {
  readonly policy: string;
  readonly ranAs: readonly string[];
  /** Of one run, mean over clusters and seeds. */
  readonly kwh: number;
  readonly parts: {
    readonly active: number;
    readonly idle: number;
    readonly sleep: number;
    readonly wake: number;
    readonly gpu: number;
  };
  /** Sum over the seeds of each cluster. */
  readonly kwhByCluster: readonly number[];
  readonly percentByCluster: readonly number[];
  /** Mean over clusters, with Student's t interval. */
  readonly percent: Estimate;
  /** Bootstrap interval of the same mean. */
  readonly bca: Interval | null;
  readonly interquartileMean: Estimate;
  /** How likely it uses less than the baseline on a cluster like these. */
  readonly improvement: Estimate;
  readonly p: number | null;
  /** Adjusted over the whole family; null for the baseline and in controls. */
  readonly holm: number | null;
  readonly worst: { readonly cluster: number; readonly percent: number };
  /** Paired with the best single rule, and with the best rule of each cluster; null in a control. */
  readonly againstBestSingle: Estimate | null;
  readonly againstHindsight: Estimate | null;
  /**
   * (best single rule - this) / (best single rule - offline), in percent, over the clusters that have an offline solution;
   * null without one.
   */
  readonly headroomCaptured: number | null;
  readonly meanWaitSeconds: number;
  /** Mean over the runs of their 95th percentiles. */
  readonly p95WaitSeconds: number;
  readonly longestWaitSeconds: number;
  readonly waits: readonly number[];
  /** Share of the pods that missed their objective. */
  readonly sloMissShare: number;
  /** More than one point of misses above the baseline: its energy is not comparable, and it is never called best. */
  readonly sloFlag: boolean;
  readonly wakes: number;
  readonly meanStretch: number;
  readonly decisions: number;
  /** Of the first workload on the first cluster. */
  readonly series: SeriesRecord | null;
}

export interface OverallResult {
  readonly policy: string;
  /** Mean over cells for each cluster, then over clusters. */
  readonly percent: Estimate;
  readonly bca: Interval | null;
  /**
   * Over all clusters of all cells, with a bootstrap interval stratified by cell. It takes the cells for independent,
   * which they are not where they have the same clusters; the interval of `percent` does not.
   */
  readonly interquartileMean: Estimate;
  readonly improvement: Estimate;
  readonly worst: { readonly cell: string; readonly cluster: number; readonly percent: number };
}
