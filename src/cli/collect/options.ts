import type { QueriedMetric } from '../../controller/collect/queried-metrics.ts';
import { parseDuration } from '../../util/duration.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { numberOption, textOption } from '../replay/options.ts';

/** The workload that is asked for. */
export interface AskedWorkload {
  readonly strategy: string;
  readonly seed: number;
  readonly load: number;
  readonly speed: number;
  readonly hours: number;
  readonly mostJobs: number;
}

export interface CollectOptions {
  /** Undefined: until it is stopped. */
  readonly hours: number | undefined;
  readonly intervalMilliseconds: Milliseconds;
  readonly workload: AskedWorkload | undefined;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  /** Of the workload. */
  readonly workloadNamespace: string;
  readonly image: string;
  readonly work: 'sleep' | 'cpu';
  readonly optIn: boolean;
  /** Of Prometheus, beside what is always measured. */
  readonly metrics: readonly QueriedMetric[];
  /** Undefined: the configured one. */
  readonly database: string | undefined;
  readonly json: boolean;
}

const USUAL_NAMESPACE = 'kisimd-collect';
/** Shorter ones would be all work and no news: kubelets count every 10 s. */
const LEAST_INTERVAL: Milliseconds = 500;
const MOST_HOURS = 24 * 366;
const MOST_JOBS = 100_000;

/** @throws KISIM_E_USAGE */
export function readCollectOptions(options: CommandContext['options']): CollectOptions {
  const strategy = textOption(options, 'strategy');
  if (strategy !== undefined && options['workload'] === false)
    throw cliErrors.KISIM_E_USAGE('--strategy and --no-workload', { action: 'give one of them' });
  const intervalMilliseconds = parseDuration(String(options['interval'] ?? '10s'));
  if (!(intervalMilliseconds >= LEAST_INTERVAL))
    throw cliErrors.KISIM_E_USAGE(`--interval ${String(options['interval'])}`, {
      action: 'give at least 500ms',
    });
  const hoursGiven = options['hours'] !== undefined;
  const hours = numberOption(options, 'hours', 1, (value) => value > 0 && value <= MOST_HOURS);
  const namespace = textOption(options, 'namespace');
  return {
    hours: hoursGiven || strategy !== undefined ? hours : undefined,
    intervalMilliseconds,
    workload:
      strategy === undefined
        ? undefined
        : {
            strategy,
            seed: numberOption(
              options,
              'seed',
              0,
              (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
            ),
            load: numberOption(options, 'load', 0.3, (value) => value > 0 && value <= 3),
            speed: numberOption(options, 'speed', 1, (value) => value >= 0.01 && value <= 10_000),
            hours,
            mostJobs: numberOption(
              options,
              'jobs',
              1000,
              (value) => Number.isInteger(value) && value >= 1 && value <= MOST_JOBS,
            ),
          },
    namespace,
    workloadNamespace: namespace ?? USUAL_NAMESPACE,
    image: textOption(options, 'image') ?? 'busybox:1.36',
    work: options['work'] === 'cpu' ? 'cpu' : 'sleep',
    optIn: options['placed'] === true,
    metrics: metricsOf(options['metric']),
    database: textOption(options, 'db'),
    json: options['json'] === true,
  };
}

/** `NAME=QUERY`; names are those of Prometheus. */
function metricsOf(given: unknown): readonly QueriedMetric[] {
  return (Array.isArray(given) ? given : []).map((text) => {
    const [, name, query] = /^([a-zA-Z_:][\w:]*)=(.+)$/s.exec(String(text)) ?? [];
    if (name !== undefined && query !== undefined) return { name, query };
    throw cliErrors.KISIM_E_USAGE(`--metric ${String(text)}`, {
      action: 'give NAME=QUERY: --metric load=sum(node_load1)',
    });
  });
}
