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
  readonly kubernetes: {
    /** As kubectl finds it where undefined. */
    readonly kubeconfig: string | undefined;
    readonly context: string | undefined;
    /** The program's own: its lease, its emergency stop. */
    readonly namespace: string;
    /** Energy of nodes that this host does not meter itself. */
    readonly prometheusUrl: string | undefined;
    /** Cumulative joules by node, with a label `node_name`, `node` or `instance`. */
    readonly prometheusQuery: string;
    /** Read again for every question; its text is sent as a bearer token. */
    readonly prometheusTokenFile: string | undefined;
    /** Certificates of authorities to trust beside the usual ones. */
    readonly prometheusCaFile: string | undefined;
    /** How often Prometheus asks the nodes. */
    readonly prometheusScrapeSeconds: number;
    /** Where the use of pods on nodes that this host does not meter comes from. */
    readonly podUse: 'auto' | 'kubelet' | 'metrics' | 'off';
    /** Where the webhook listens that gates pods for API servers that cannot do so themselves. */
    readonly webhookHost: string;
    readonly webhookPort: number;
    /** Its certificates; `webhook` beside the history where undefined. */
    readonly webhookFolder: string | undefined;
  };
  readonly placement: {
    /** auto: live where there is a kubeconfig or a service account, else simulated. */
    readonly cluster: 'auto' | 'live' | 'simulated' | 'off';
    readonly mode: 'act' | 'dry-run' | 'shadow';
    readonly policy: string;
    readonly fallback: string | undefined;
    readonly reference: string | undefined;
    readonly strength: 'preferred' | 'required';
    readonly deadlineSeconds: number;
    readonly longestSlackSeconds: number;
    readonly mostInFlight: number;
    /** File that tells the power and the sleep of nodes. */
    readonly nodeTable: string | undefined;
    /** Nodes that nothing is known of get a curve by their CPUs, marked `estimated`. */
    readonly estimateMissingPower: boolean;
    /** Whether Services and controllers are watched, for the default spreading of the default scheduler's rule. */
    readonly ownerSelectors: boolean;
    readonly jobs: boolean;
    readonly deployments: boolean;
    readonly nodeAdvice: boolean;
    /** Model of the policy `learned` for clusters that none was trained for. */
    readonly model: string | undefined;
    /** By what share the predicted energy of a model's node may exceed that of its rule's. */
    readonly guardShare: number;
  };
  readonly sleep: {
    readonly enabled: boolean;
    /** A program and its arguments; {node} stands for the node's name. */
    readonly sleepCommand: string | undefined;
    readonly wakeCommand: string | undefined;
    readonly emptySeconds: number;
    readonly minimumAwakeSeconds: number;
    readonly minimumAsleepSeconds: number;
    readonly wakeTimeoutSeconds: number;
    readonly spareNodes: number;
    /** Whether nodes are emptied by eviction; otherwise only those go to sleep that are empty by themselves. */
    readonly drain: boolean;
  };
  readonly training: {
    /** Between two trainings from the history; 0: none. */
    readonly scheduleHours: number;
    readonly budgetSeconds: number;
  };
  readonly replacement: {
    readonly enabled: boolean;
    readonly evictionsPerHour: number;
    /** What an eviction costs, beside the energy of the work that is done again. */
    readonly restartJoules: number;
    /** A move must have paid for itself after so long. */
    readonly paybackSeconds: number;
  };
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' };
}
