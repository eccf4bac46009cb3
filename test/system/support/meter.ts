import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NowEntity, NowSnapshot } from '../../../src/export/now-snapshot.ts';
import type { EntityKind } from '../../../src/inventory/entity.ts';
import type { Cleanups } from './cleanups.ts';
import { stopProcess } from './processes.ts';
import { output } from './run-command.ts';
import { InVain, waitFor } from './wait-for.ts';

export const checkout = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
export const mainFile = join(checkout, 'src/main.ts');

/** A TCP port of the loopback address that nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}

/** A daemon that answers on a loopback port, wherever it was started. */
export class MeterClient {
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  async fetch(path: string): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.port}${path}`, { signal: AbortSignal.timeout(10_000) });
  }

  async text(path: string): Promise<string> {
    const response = await this.fetch(path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return await response.text();
  }

  async now(): Promise<NowSnapshot> {
    return JSON.parse(await this.text('/v1/now')) as NowSnapshot;
  }

  /** The snapshot of an interval that began after this call. */
  async nextNow(): Promise<NowSnapshot> {
    const { sequence } = await this.now();
    return await waitFor('the interval after the next', 20, async () => {
      const snapshot = await this.now();
      return snapshot.sequence >= sequence + 2 && snapshot;
    });
  }

  /** `check` may throw to tell why waiting is in vain. */
  async waitUntilReady(check: () => void = () => undefined): Promise<void> {
    await waitFor('the daemon to be ready', 30, async () => {
      check();
      return (await this.fetch('/readyz')).ok;
    });
  }

  /** The one living entity of this kind and name, once there is one. */
  async entity(kind: EntityKind, name: string): Promise<NowEntity> {
    return await waitFor(`${kind} ${name} in /v1/now`, 20, async () => {
      const found = (await this.now()).entities.filter(
        (one) => one.kind === kind && one.name === name && one.state === 'running',
      );
      if (found.length > 1) throw new Error(`${found.length} entities: ${JSON.stringify(found)}`);
      if (found[0] === undefined) throw new Error(await this.#whatItShows(kind));
      return found[0];
    });
  }

  async #whatItShows(kind: EntityKind): Promise<string> {
    const { sequence, entities } = await this.now();
    const names = entities.filter((one) => one.kind === kind).map((one) => one.name);
    return `interval ${sequence} shows ${names.join(', ') || `no ${kind}`}; log:\n${this.logTail()}`;
  }

  /** The last lines that the daemon wrote, where they can be had. */
  logTail(): string {
    return '';
  }
}

/** A daemon started from this checkout. */
export class Meter extends MeterClient {
  readonly historyPath: string;
  readonly #logPath: string;

  private constructor(port: number, folder: string) {
    super(port);
    this.historyPath = join(folder, 'energy.db');
    this.#logPath = join(folder, 'daemon.log');
  }

  override logTail(): string {
    return readFileSync(this.#logPath, 'utf8').slice(-3000);
  }

  /** Starts a daemon with everything it writes in one folder, and waits until it has metered once. */
  static async start(
    folder: string,
    cleanups: Cleanups,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Meter> {
    const port = await freePort();
    const meter = new Meter(port, folder);
    const all = {
      'meter.interval-milliseconds': '500',
      'history.path': meter.historyPath,
      'export.port': String(port),
      // No cluster of whoever runs the tests is ever touched.
      'placement.cluster': 'off',
      ...settings,
    };
    const log = openSync(meter.#logPath, 'a');
    const child = spawn(
      process.execPath,
      [mainFile, 'run', ...Object.entries(all).flatMap(([key, value]) => ['--set', `${key}=${value}`])],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
    cleanups.add('the daemon', () => stopProcess(child));
    await meter.waitUntilReady(() => {
      if (child.exitCode === null && child.signalCode === null) return;
      const how = child.exitCode ?? child.signalCode;
      throw new InVain(`the daemon ended (${how}):\n${meter.logTail()}`);
    });
    return meter;
  }

  /** Runs a command of the program on this daemon's history and port, and returns what it prints. */
  command(...words: readonly string[]): string {
    return output([process.execPath, mainFile, '--set', `export.port=${this.port}`, ...words]);
  }

  /** What `energy --json` tells of the last hour. */
  energyJson(by: EntityKind): string {
    return this.command('energy', '--by', by, '--since', '1h', '--json', '--db', this.historyPath);
  }
}
