import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { EnergyInterval, IntervalSink } from '../attribution/interval.ts';
import type { Config } from '../config/config.ts';
import type { Entity } from '../inventory/entity.ts';
import type { Clock } from '../util/clock.ts';
import { expositionContentType, negotiateFormat } from '../util/exposition.ts';
import type { Logger } from '../util/log.ts';
import { cpuInfoLabels } from './cpu-info.ts';
import { ExportHttpServer, type HttpAnswer, type HttpRoute } from './http-server.ts';
import { Ledger } from './ledger.ts';
import { metricsText } from './metrics.ts';
import { type NowSnapshot, nowSnapshot } from './now-snapshot.ts';
import type { ExporterStatus } from './own-metrics.ts';
import type { PlacementView } from './placement-view.ts';

export interface ExporterOptions {
  readonly config: Pick<Config, 'node' | 'roots' | 'meter' | 'export'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of this program. */
  readonly version: string;
  /** What the daemon knows of itself; asked at a scrape, must only read memory. */
  readonly status?: () => ExporterStatus;
  /** What the placement loop is at; left out: there is none. Asked at a scrape, must only read memory. */
  readonly placement?: () => PlacementView;
  /**
   * Whether an entity that has been silent for a while still exists. Without it processes are looked up in
   * /proc, and other entities are forgotten after a day of silence.
   */
  readonly isAlive?: (entity: Entity) => boolean;
  /** More pages, by path. */
  readonly routes?: ReadonlyMap<string, HttpRoute>;
}

const HEALTHY_INTERVALS = 5;
/** At 10 Hz five intervals are half a second, which a machine under load can take to wake anybody. */
const HEALTHY_AT_LEAST_NANOSECONDS = 2e9;

/**
 * Shows what the meter measures over HTTP. Every answer is made from the ledger in memory; no request, however often
 * or seldom it comes, makes the meter read anything or keeps it from it.
 *
 * @example
 * const exporter = new Exporter({ config, clock: systemClock, log, version: '0.1.0' });
 * metering.addSink(exporter);
 * const { port } = await exporter.start();
 */
export class Exporter implements IntervalSink {
  readonly ledger: Ledger;
  readonly #options: ExporterOptions;
  readonly #server: ExportHttpServer;
  #lastIntervalAtNanoseconds: number;
  #snapshot: NowSnapshot | undefined;
  #cpuInfo: readonly string[] = [];

  constructor(options: ExporterOptions) {
    const { config, clock, log } = options;
    this.#options = options;
    this.#lastIntervalAtNanoseconds = clock.monotonicNanoseconds();
    this.ledger = new Ledger({
      zeroEnergyProcesses: config.export.zeroEnergyProcesses,
      isAlive: options.isAlive ?? ((entity) => isEntityAlive(config.roots.proc, entity)),
    });
    const routes = new Map<string, HttpRoute>([
      ['/', () => this.#index()],
      ['/metrics', ({ accept, head }) => this.#metrics(accept, head)],
      ['/healthz', () => this.#health()],
      ['/readyz', () => this.#ready()],
      ['/v1/now', () => this.#now()],
      ...this.#placementRoutes(options.placement),
      ...(options.routes ?? []),
    ]);
    this.#server = new ExportHttpServer({
      host: config.export.host,
      port: config.export.port,
      routes,
      log,
      ownNames: [config.node.name, hostname()],
    });
  }

  /** @throws KISIM_E_EXPORT_PORT_IN_USE, KISIM_E_EXPORT_LISTEN */
  async start(): Promise<AddressInfo> {
    this.#readCpuInfo();
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  accept(interval: EnergyInterval): void {
    this.#lastIntervalAtNanoseconds = this.#options.clock.monotonicNanoseconds();
    this.#snapshot = undefined;
    this.ledger.accept(interval);
  }

  /** The last interval and the sums; undefined before the first one. Made once an interval, when asked for. */
  snapshot(): NowSnapshot | undefined {
    const { config, version } = this.#options;
    this.#snapshot ??= nowSnapshot(this.ledger, { nodeName: config.node.name, version });
    return this.#snapshot;
  }

  /** Once: processors that come and go later are not worth a read of the file at each scrape. */
  #readCpuInfo(): void {
    const { config, log } = this.#options;
    const file = `${config.roots.proc}/cpuinfo`;
    try {
      this.#cpuInfo = cpuInfoLabels(readFileSync(file, 'utf8'), config.node.name);
    } catch (error) {
      log.warn('cpuinfo-not-readable', { file, error });
    }
  }

  #metrics(accept: string | undefined, head: boolean): HttpAnswer {
    const { config, version, status, placement, clock } = this.#options;
    const format = negotiateFormat(accept);
    const now = clock.monotonicNanoseconds();
    const body = metricsText(this.ledger, format, {
      identity: { nodeName: config.node.name, version },
      zeroEnergyProcesses: config.export.zeroEnergyProcesses,
      processMetrics: config.export.processMetrics,
      cpuInfo: this.#cpuInfo,
      ...(status === undefined ? {} : { status: status() }),
      ...(placement === undefined ? {} : { placement: placement() }),
      ...(head ? {} : { onEndedShown: (totals) => this.ledger.entities.markExported(totals, now) }),
    });
    return { status: 200, contentType: expositionContentType[format], body };
  }

  #health(): HttpAnswer {
    const { clock, config } = this.#options;
    const age = clock.monotonicNanoseconds() - this.#lastIntervalAtNanoseconds;
    const allowed = Math.max(
      HEALTHY_INTERVALS * config.meter.intervalMilliseconds * 1e6,
      HEALTHY_AT_LEAST_NANOSECONDS,
    );
    const body = { healthy: age < allowed, lastIntervalAgeSeconds: age / 1e9, allowedSeconds: allowed / 1e9 };
    return json(body.healthy ? 200 : 503, body);
  }

  #ready(): HttpAnswer {
    const ready = this.ledger.intervals > 0;
    return json(ready ? 200 : 503, { ready, intervals: this.ledger.intervals });
  }

  #now(): HttpAnswer {
    const snapshot = this.snapshot();
    return snapshot === undefined
      ? json(503, { error: 'no interval has been measured yet' })
      : json(200, snapshot);
  }

  #placementRoutes(placement: ExporterOptions['placement']): readonly [string, HttpRoute][] {
    return placement === undefined ? [] : [['/v1/placement', () => json(200, placement())]];
  }

  #index(): HttpAnswer {
    const { config, version, placement } = this.#options;
    const body = [
      `kisimd ${version} on ${config.node.name}`,
      '',
      '/metrics   for Prometheus (text or OpenMetrics)',
      '/v1/now    last interval and sums since start, JSON',
      '/healthz   200 while intervals come in',
      '/readyz    200 once the first interval has been measured',
      ...(placement === undefined ? [] : ['/v1/placement   what the placement loop is at, JSON']),
      ...[...(this.#options.routes?.keys() ?? [])],
      '',
    ].join('\n');
    return { status: 200, contentType: 'text/plain; charset=utf-8', body };
  }
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}

/** Whether a process is in /proc; what is no process is taken to be there. */
export function isEntityAlive(procRoot: string, { kind, pid }: Entity): boolean {
  return kind !== 'process' || pid === undefined || pid === 0 || existsSync(`${procRoot}/${pid}`);
}
