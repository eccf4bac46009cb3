import type { Clock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import type { Joules, Milliseconds } from '../../util/units.ts';
import type { EpochCounters, EpochJoules, EpochReading } from './epoch-counters.ts';
import { energyErrors } from './errors.ts';
import type { NodeIdentity } from './node-identity.ts';
import { nodeFinder } from './node-label.ts';
import type { PrometheusClient, PrometheusSeries } from './prometheus-client.ts';

export interface PrometheusCountersOptions {
  readonly client: Pick<PrometheusClient, 'queryRange' | 'name'>;
  readonly query: string;
  readonly scrapeSeconds: number;
  readonly nodes: () => readonly NodeIdentity[];
  readonly clock: Clock;
  /** Told when Prometheus as a whole begins to fail, and when that is over (undefined). */
  readonly trouble: (error: KisimError | undefined) => void;
}

interface Kept {
  /** Of the counter itself. */
  raw: number;
  rawAt: Milliseconds;
  /** Summed up over its new beginnings. */
  joules: Joules;
  changedAt: Milliseconds | undefined;
  epoch: number;
}

/** After this many scrapes without any growth the value is an old one: even an idle machine burns something. */
const STALE_SCRAPES = 2;
const MOST_POINTS = 5000;
/** What lies further back than this between two readings is not looked through for new beginnings. */
const MOST_SPAN: Milliseconds = 24 * 3600_000;

/**
 * The joules of nodes by the counters that a Prometheus keeps. An instant query would tell a value without its age (a sum has
 * the time of the question), and hide what happened since the last one; so a range is asked for: growth tells when the
 * counter was last read, and a fall in between that it began anew.
 */
export class PrometheusCounters implements EpochCounters {
  readonly #options: PrometheusCountersOptions;
  readonly #kept = new Map<string, Kept>();
  #readUntil: Milliseconds | undefined;
  #failedWith: string | undefined;

  constructor(options: PrometheusCountersOptions) {
    this.#options = options;
  }

  async read(signal?: AbortSignal): Promise<EpochReading> {
    const { clock, nodes } = this.#options;
    const now = clock.unixMilliseconds();
    const known = nodes();
    try {
      const series = await this.#query(now, signal);
      signal?.throwIfAborted();
      const reading = this.#reading(now, known, series);
      this.#told(undefined);
      return reading;
    } catch (error) {
      if (!(error instanceof KisimError)) throw error;
      this.#told(error);
      const reason = `${error.code}: ${error.message}`;
      return {
        unixMilliseconds: now,
        nodes: new Map(),
        missing: new Map(known.map(({ name }) => [name, reason])),
      };
    }
  }

  #query(now: Milliseconds, signal?: AbortSignal): Promise<readonly PrometheusSeries[]> {
    const { client, query, scrapeSeconds } = this.#options;
    const scrape = scrapeSeconds * 1000;
    const since = Math.max(this.#readUntil ?? now, now - MOST_SPAN);
    // One scrape more than what counts as old, so that the last growth within it is seen.
    const start = since - (STALE_SCRAPES + 1) * scrape;
    const stepMilliseconds = Math.max(1000, scrape / 4, Math.ceil((now - start) / MOST_POINTS));
    return client.queryRange(
      {
        query,
        startUnixMilliseconds: now - Math.floor((now - start) / stepMilliseconds) * stepMilliseconds,
        endUnixMilliseconds: now,
        stepMilliseconds,
      },
      signal,
    );
  }

  #reading(
    now: Milliseconds,
    nodes: readonly NodeIdentity[],
    series: readonly PrometheusSeries[],
  ): EpochReading {
    const found = new Map<string, EpochJoules>();
    const missing = new Map<string, string>();
    const { byNode, ambiguous } = assign(nodes, series);
    this.#readUntil = now;
    for (const { name } of nodes) {
      const several = ambiguous.get(name);
      const own = byNode.get(name);
      if (several !== undefined) {
        missing.set(name, told(energyErrors.KISIM_E_PROMETHEUS_AMBIGUOUS(`${name}: ${several}`)));
        continue;
      }
      if (own === undefined || own.points.length === 0) {
        missing.set(name, told(energyErrors.KISIM_E_PROMETHEUS_NO_DATA(`${name}: none in the last scrapes`)));
        continue;
      }
      const kept = this.#follow(name, own);
      const age = now - (kept.changedAt ?? Number.NEGATIVE_INFINITY);
      if (age > STALE_SCRAPES * this.#options.scrapeSeconds * 1000 || kept.changedAt === undefined) {
        const since =
          kept.changedAt === undefined ? 'as long as was asked for' : `${Math.round(age / 1000)} s`;
        missing.set(name, told(energyErrors.KISIM_E_PROMETHEUS_NO_DATA(`${name}: no growth for ${since}`)));
        continue;
      }
      found.set(name, {
        joules: kept.joules,
        source: 'prometheus',
        asOfUnixMilliseconds: kept.changedAt,
        epoch: kept.epoch,
        began: 'its counter in Prometheus began anew',
      });
    }
    for (const name of [...this.#kept.keys()])
      if (!nodes.some((node) => node.name === name)) this.#kept.delete(name);
    return { unixMilliseconds: now, nodes: found, missing };
  }

  #follow(name: string, { points }: PrometheusSeries): Kept {
    const first = points[0]!;
    const kept = this.#kept.get(name) ?? {
      raw: first.value,
      rawAt: first.unixMilliseconds,
      joules: first.value,
      changedAt: undefined,
      epoch: 0,
    };
    this.#kept.set(name, kept);
    let before: number | undefined;
    for (const { unixMilliseconds, value } of points) {
      // Points from before the last reading tell only how old its value was.
      if (unixMilliseconds <= kept.rawAt) {
        if (before !== undefined && value !== before)
          kept.changedAt = Math.max(kept.changedAt ?? 0, unixMilliseconds);
        before = value;
        continue;
      }
      if (value !== kept.raw) kept.changedAt = unixMilliseconds;
      if (value < kept.raw) {
        // What it counted before its new beginning, and after the last look, is not known.
        kept.joules += value;
        kept.epoch += 1;
      } else kept.joules += value - kept.raw;
      kept.raw = value;
      kept.rawAt = unixMilliseconds;
    }
    return kept;
  }

  #told(error: KisimError | undefined): void {
    if (error?.code === this.#failedWith) return;
    this.#failedWith = error?.code;
    this.#options.trouble(error);
  }
}

function assign(
  nodes: readonly NodeIdentity[],
  series: readonly PrometheusSeries[],
): {
  readonly byNode: ReadonlyMap<string, PrometheusSeries>;
  readonly ambiguous: ReadonlyMap<string, string>;
} {
  const find = nodeFinder(nodes);
  const byNode = new Map<string, PrometheusSeries>();
  const ambiguous = new Map<string, string>();
  for (const each of series) {
    const found = find(each.labels);
    if (found === undefined) continue;
    if ('ambiguous' in found) {
      for (const node of found.ambiguous)
        ambiguous.set(node, `${found.label} names ${found.ambiguous.join(', ')}`);
    } else if (byNode.has(found.node)) {
      const [one, other] = [byNode.get(found.node)!.labels, each.labels];
      ambiguous.set(found.node, `${JSON.stringify(one)} and ${JSON.stringify(other)}`);
    } else byNode.set(found.node, each);
  }
  return { byNode, ambiguous };
}

function told(error: KisimError): string {
  return `${error.code}: ${error.message}`;
}
