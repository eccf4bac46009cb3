import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import type { NowEntity, NowSnapshot } from '../../../../src/export/now-snapshot.ts';
import { DaemonProcess } from '../../../support/daemon-process.ts';
import type { Cleanups } from '../../../system/support/cleanups.ts';
import { mainFile } from '../../../system/support/meter.ts';
import { output } from '../../../system/support/run-command.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import { clusterFolder } from '../leftovers.ts';
import type { RealCluster } from './real-cluster.ts';

/** A row of the view `decisions`. */
export interface DecisionRow {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly node: string | null;
  readonly bound: string | null;
  readonly policy: string;
  readonly outcome: string;
  readonly reason: string | null;
}

/**
 * Where the real `kisimd run` works: its kubeconfig, its history, and a table by which node2 needs a fifth of node1's
 * power, so that a rule that knows of it chooses as the default scheduler never would. One daemon at a time.
 */
export class DaemonHost {
  readonly historyPath: string;
  readonly #cluster: RealCluster;
  readonly #kubeconfig: string;
  readonly #settings: readonly string[];
  readonly #cleanups: Cleanups;
  #daemon: DaemonProcess | undefined;

  constructor(cluster: RealCluster, cleanups: Cleanups) {
    const folder = clusterFolder('daemon', cleanups);
    this.#kubeconfig = join(folder, 'kubeconfig');
    this.#cluster = cluster;
    this.historyPath = join(folder, 'energy.db');
    this.#cleanups = cleanups;
    const table = join(folder, 'nodes.yaml');
    writeFileSync(
      table,
      `nodes:
  - match: {name: node1}
    power: {idle-watts: 100, full-watts: 400}
  - match: {name: node2}
    power: {idle-watts: 20, full-watts: 80}
`,
    );
    this.#settings = [
      'meter.interval-milliseconds=500',
      `history.path=${this.historyPath}`,
      'export.port=0',
      'placement.cluster=live',
      'placement.policy=efficiency-first',
      `placement.node-table=${table}`,
      `kubernetes.kubeconfig=${this.#kubeconfig}`,
    ];
  }

  /** `kisimd setup` by the operator, with an account of its own for the daemon. */
  setup(...words: readonly string[]): void {
    this.kisimd('setup', ...this.asOperator, ...words, '--write-kubeconfig', this.#kubeconfig, '--yes');
  }

  /** Options of commands that the operator gives. */
  get asOperator(): readonly string[] {
    return ['--kubeconfig', this.#cluster.plane.kubeconfig];
  }

  /** Runs a command of the program and returns what it prints. */
  kisimd(...words: readonly string[]): string {
    return output([process.execPath, mainFile, ...words]);
  }

  /** Starts `kisimd extender` with the same policy and table. `stop` resolves to its exit status. */
  async startExtender(
    ...words: readonly string[]
  ): Promise<{ readonly url: string; stop(): Promise<number | null> }> {
    const placement = this.#settings.filter((setting) => setting.startsWith('placement.'));
    const command = ['extender', ...placement.flatMap((setting) => ['--set', setting]), ...words];
    const child = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', '--', process.execPath, mainFile, ...command, '--json'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#cleanups.add('the extender', () => child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    const ended = once(child, 'exit') as Promise<[number | null]>;
    const [line] = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>,
      ended.then(([status]) =>
        Promise.reject(new Error(`the extender ended with status ${status}:\n${said}`)),
      ),
    ]);
    const { url } = JSON.parse(line) as { url: string };
    return {
      url,
      async stop() {
        child.kill('SIGTERM');
        const [status] = await ended;
        return status;
      },
    };
  }

  /** Starts a daemon and waits until it leads. */
  async start(...more: readonly string[]): Promise<DaemonProcess> {
    // Ended by the end of the test too, which no clean-up sees where that is killed.
    const wrapper = ['setpriv', '--pdeathsig', 'KILL', '--'];
    const daemon = DaemonProcess.run([...this.#settings, ...more], wrapper);
    this.#daemon = daemon;
    this.#cleanups.add('the daemon', () => daemon.kill('SIGKILL'));
    await daemon.event('lease-won');
    return daemon;
  }

  /** The one that was started last. */
  get daemon(): DaemonProcess {
    if (this.#daemon === undefined) throw new Error('no daemon was started');
    return this.#daemon;
  }

  /** Until the loop holds so many pods. */
  async heldPods(count: number): Promise<void> {
    await waitFor(`${count} pods to be held`, 10, async () => {
      const text = await (await this.fetch('/metrics')).text();
      const held = /^kisimd_placement_held_pods(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1];
      if (Number(held) === count) return true;
      throw new Error(`held: ${held}`);
    });
  }

  async now(): Promise<NowSnapshot> {
    return (await (await this.fetch('/v1/now')).json()) as NowSnapshot;
  }

  async fetch(path: string): Promise<Response> {
    return await fetch(`${await this.daemon.url()}${path}`, { signal: AbortSignal.timeout(10_000) });
  }

  /** A pod that is metered, once it is. */
  metered(namespace: string, name: string): Promise<NowEntity> {
    return waitFor(`${namespace}/${name} to be metered`, 30, async () => {
      const { entities } = await this.now();
      const found = entities.find(
        (one) => one.kind === 'pod' && one.name === name && one.namespace === namespace,
      );
      if (found !== undefined && found.joules > 0) return found;
      throw new Error(
        entities.flatMap((one) => (one.kind === 'pod' ? [`${one.namespace}/${one.name}`] : [])).join(' '),
      );
    });
  }

  /** What a query of the history gives, beside the daemon that writes it. */
  query<Row>(sql: string, ...values: readonly string[]): readonly Row[] {
    const database = new Database(this.historyPath, { readonly: true });
    try {
      return database.prepare(sql).all(...values) as Row[];
    } finally {
      database.close();
    }
  }

  decisions(namespace: string): readonly DecisionRow[] {
    return this.query<DecisionRow>('SELECT * FROM decisions WHERE namespace = ? ORDER BY ts', namespace);
  }
}
