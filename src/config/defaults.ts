import { join } from 'node:path';
import type { Config } from './config.ts';

/** What some defaults depend on. */
export interface ConfigHost {
  readonly hostname: string;
  readonly uid: number;
  /** undefined for a user without one. */
  readonly homeDirectory: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** systemd's StateDirectory, then root's place, then the user's own (XDG base directory specification). */
function defaultHistoryPath(env: Environment, host: ConfigHost): string {
  const stateDirectory = env['STATE_DIRECTORY']?.split(':')[0];
  if (stateDirectory !== undefined && stateDirectory !== '') return join(stateDirectory, 'energy.db');
  if (host.uid === 0) return '/var/lib/kisimd/energy.db';
  const stateHome = env['XDG_STATE_HOME'];
  const home = host.homeDirectory;
  // A relative XDG path is invalid and to be ignored, says the specification.
  if (stateHome?.startsWith('/')) return join(stateHome, 'kisimd', 'energy.db');
  // Without a home there is only the service's place; where it cannot be written, opening it says so.
  return home === undefined
    ? '/var/lib/kisimd/energy.db'
    : join(home, '.local', 'state', 'kisimd', 'energy.db');
}

/** Defaults that depend on the host, as the manual tells them. */
export const defaultInWords: Readonly<Record<string, string>> = {
  'node.name': "the host's name",
  'history.path':
    '`$STATE_DIRECTORY/energy.db` under systemd; `/var/lib/kisimd/energy.db` for root; else `$XDG_STATE_HOME/kisimd/energy.db` (`~/.local/state/kisimd/energy.db`)',
};

export function defaultConfig(env: Environment, host: ConfigHost): Config {
  return {
    node: { name: host.hostname },
    roots: { proc: '/proc', sys: '/sys', root: '/' },
    meter: {
      intervalMilliseconds: 1000,
      sources: ['rapl-perf', 'rapl-powercap', 'hwmon', 'nvml', 'estimated'],
      energySamplingHz: 0,
      recording: undefined,
      nvmlLibrary: 'libnvidia-ml.so.1',
      stormExitsPerSecond: 2000,
      reconcileSeconds: 60,
      processClock: 'cpu-clock',
    },
    attribution: { idle: 'separate', idleWatts: {}, forgettingHours: 24, smtFactor: 0.3 },
    history: {
      enabled: true,
      path: defaultHistoryPath(env, host),
      recentHours: 2,
      blockDays: 30,
      minuteDays: 30,
      processMinuteDays: 7,
      hourDays: 3650,
      decisionDays: 365,
      busyTimeoutMilliseconds: 5000,
    },
    export: {
      enabled: true,
      host: '127.0.0.1',
      port: 28282,
      zeroEnergyProcesses: false,
      processMetrics: ['joules', 'watts'],
    },
    kubernetes: {
      kubeconfig: undefined,
      context: undefined,
      namespace: 'kisimd',
      prometheusUrl: undefined,
      prometheusQuery: 'sum by (node_name) (kepler_node_cpu_joules_total{zone=~"package-.*|node-estimated"})',
      prometheusTokenFile: undefined,
      prometheusCaFile: undefined,
      prometheusScrapeSeconds: 60,
      podUse: 'auto',
      webhookHost: '127.0.0.1',
      webhookPort: 28283,
      webhookFolder: undefined,
    },
    placement: {
      cluster: 'auto',
      mode: 'act',
      policy: 'auto',
      fallback: 'kube-scheduler',
      reference: 'round-robin',
      strength: 'preferred',
      deadlineSeconds: 10,
      longestSlackSeconds: 3600,
      mostInFlight: 16,
      nodeTable: undefined,
      estimateMissingPower: true,
      ownerSelectors: true,
      jobs: false,
      deployments: false,
      nodeAdvice: false,
      model: undefined,
      guardShare: 5,
    },
    sleep: {
      enabled: false,
      sleepCommand: undefined,
      wakeCommand: undefined,
      emptySeconds: 600,
      minimumAwakeSeconds: 900,
      minimumAsleepSeconds: 600,
      wakeTimeoutSeconds: 300,
      spareNodes: 1,
      drain: false,
    },
    training: { scheduleHours: 0, budgetSeconds: 600 },
    replacement: { enabled: false, evictionsPerHour: 10, restartJoules: 500, paybackSeconds: 1800 },
    log: { level: 'info' },
  };
}
