import type { SourceName } from './source-name.ts';

/** The whole configuration, after defaults, files, environment and flags have been merged and checked. */
export interface Config {
  readonly node: { readonly name: string };
  readonly roots: { readonly proc: string; readonly sys: string; readonly root: string };
  readonly meter: {
    readonly intervalMilliseconds: number;
    /** Tried in this order; all that fit together are used (one for CPU, one for boards, one for GPUs). */
    readonly sources: readonly SourceName[];
    /** Rate of the fast RAPL sampler; 0 = read once an interval. */
    readonly energySamplingHz: number;
    /** Folder of a capture for the source `recorded`. */
    readonly recording: string | undefined;
    readonly nvmlLibrary: string;
    readonly stormExitsPerSecond: number;
    readonly reconcileSeconds: number;
    readonly processClock: 'cpu-clock' | 'stat';
  };
  readonly attribution: {
    readonly idle: 'separate' | 'split';
    /** Watts by zone id; learned where absent. */
    readonly idleWatts: Readonly<Record<string, number>>;
    readonly forgettingHours: number;
    /** Extra power of a second busy sibling thread, as a share of the first's. */
    readonly smtFactor: number;
  };
  readonly history: {
    readonly enabled: boolean;
    readonly path: string;
    readonly recentHours: number;
    readonly blockDays: number;
    readonly minuteDays: number;
    readonly processMinuteDays: number;
    readonly hourDays: number;
    readonly decisionDays: number;
    readonly busyTimeoutMilliseconds: number;
  };
  readonly export: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly zeroEnergyProcesses: boolean;
    readonly processMetrics: readonly ('joules' | 'watts' | 'seconds')[];
  };
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' };
}
