import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { NowSnapshot } from '../../../src/export/now-snapshot.ts';
import { INTEL_RANGE, PowercapTreeFixture } from '../../support/powercap-tree.ts';
import { BenchProcess, startTool } from './bench-tool.ts';
import { busyCounterPath } from './host-cgroup.ts';

const program = fileURLToPath(new URL('../../../scripts/kisimd', import.meta.url));

export interface KnownPower {
  readonly idleWatts: number;
  readonly wattsPerCore: number;
}

/** A RAPL tree whose counter a small program advances from the machine's real busy time: power known exactly. */
export class PlayedRapl {
  readonly sys: string;
  readonly #tree: PowercapTreeFixture;
  readonly #player: BenchProcess;

  constructor(power: KnownPower, hz = 200) {
    this.#tree = new PowercapTreeFixture({
      'intel-rapl:0': { name: 'package-0', energyMicrojoules: 0, rangeMicrojoules: INTEL_RANGE },
    });
    this.sys = this.#tree.sys;
    symlinkSync('/sys/devices/system', join(this.sys, 'devices/system'));
    symlinkSync('/sys/fs', join(this.sys, 'fs'));
    const { idleWatts, wattsPerCore } = power;
    const path = this.#tree.path('intel-rapl:0');
    this.#player = startTool('play', path, INTEL_RANGE, idleWatts, wattsPerCore, hz, busyCounterPath());
  }

  ready(): Promise<void> {
    return this.#player.said('ready');
  }

  /** Ends the play; the joules that were really drawn since its start. */
  async stop(): Promise<number> {
    this.#player.child.kill('SIGTERM');
    const { energyMicrojoules } = await this.#player.result<{ energyMicrojoules: number }>();
    this.#tree.remove();
    return energyMicrojoules / 1e6;
  }
}

export interface DaemonOptions {
  readonly intervalMilliseconds: number;
  readonly sys?: string;
  readonly set?: readonly string[];
}

/** The whole daemon as a user starts it, with a database of its own, on a free port of loopback. */
export class MeteredHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'kisimd-bench-'));
  readonly database = join(this.folder, 'energy.db');
  readonly daemon: BenchProcess;
  readonly #port: number;

  constructor(options: DaemonOptions) {
    this.#port = 20_000 + (process.pid % 20_000);
    const settings = [
      `meter.interval-milliseconds=${options.intervalMilliseconds}`,
      `history.path=${this.database}`,
      `export.port=${this.#port}`,
      // What a host has without a cluster; a cluster of whoever runs the benchmark is not to be touched.
      'placement.cluster=simulated',
      ...(options.sys === undefined ? [] : [`roots.sys=${options.sys}`, 'meter.sources=rapl-powercap']),
      ...(options.set ?? []),
    ];
    const args = ['run', '--config', '/dev/null', ...settings.flatMap((setting) => ['--set', setting])];
    this.daemon = new BenchProcess(program, args);
  }

  async get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}${path}`);
  }

  async ready(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (!this.daemon.running) throw new Error(`the daemon ended: ${this.daemon.errors}`);
      const answer = await this.get('/readyz').catch(() => undefined);
      if (answer?.ok) return;
      await sleep(100);
    }
    throw new Error(`the daemon is not ready: ${this.daemon.errors}`);
  }

  async now(): Promise<NowSnapshot> {
    const answer = await this.get('/v1/now');
    if (!answer.ok) throw new Error(`/v1/now: ${answer.status}`);
    return (await answer.json()) as NowSnapshot;
  }

  /** Waits until that many further intervals have been measured. */
  async intervals(count: number): Promise<NowSnapshot> {
    const first = (await this.now()).sequence;
    for (;;) {
      const snapshot = await this.now();
      if (snapshot.sequence >= first + count) return snapshot;
      await sleep(snapshot.intervalMilliseconds / 4);
    }
  }

  async stop(): Promise<void> {
    await this.daemon.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
