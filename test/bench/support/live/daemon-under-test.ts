import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InVain } from '../../../system/support/wait-for.ts';
import type { DaemonArguments, DaemonMessage, DaemonReport } from './daemon-child.ts';

const script = fileURLToPath(new URL('daemon-child.ts', import.meta.url));
const flags = fileURLToPath(new URL('../../../../scripts/node-flags', import.meta.url));

/** A process with the placement of a daemon, which can be asked, stopped, frozen and killed. */
export class DaemonUnderTest {
  readonly #child: ChildProcess;
  readonly #messages: DaemonMessage[] = [];
  readonly #waiting = new Set<() => void>();
  /** Once the cluster is known to it: its name in the lease. */
  readonly synced: Promise<string>;
  readonly ended: Promise<void>;
  #hasEnded = false;

  constructor(given: DaemonArguments) {
    this.#child = fork(script, [JSON.stringify(given)], {
      // As scripts/kisimd starts the program.
      execArgv: readFileSync(flags, 'utf8').trim().split(/\s+/),
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => {
      this.#messages.push(message as DaemonMessage);
      this.#wake();
    });
    this.ended = once(this.#child, 'exit').then(() => {
      this.#hasEnded = true;
      this.#wake();
    });
    this.synced = this.#message('synced').then((message) => (message as { identity: string }).identity);
    // Whoever is killed before it knew the cluster has no name.
    this.synced.catch(() => undefined);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** To be called while something of it is waited for. @throws InVain where it has ended */
  mustRun(): void {
    if (this.#hasEnded) throw new InVain('the daemon has ended');
  }

  async report(): Promise<DaemonReport> {
    this.#forget('report');
    this.#child.send('report');
    return (await this.#message('report')) as DaemonReport;
  }

  /** In an orderly way; what it has to tell at the end. */
  async stop(): Promise<DaemonReport> {
    this.#forget('report');
    this.#child.kill('SIGTERM');
    const last = (await this.#message('report')) as DaemonReport;
    await this.ended;
    return last;
  }

  /** At once, or frozen until `continue`. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  #forget(kind: DaemonMessage['kind']): void {
    for (let i = this.#messages.length - 1; i >= 0; i--)
      if (this.#messages[i]!.kind === kind) this.#messages.splice(i, 1);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #message(kind: DaemonMessage['kind']): Promise<DaemonMessage> {
    for (;;) {
      const found = this.#messages.find((message) => message.kind === kind);
      if (found !== undefined) return found;
      if (this.#hasEnded) throw new Error(`the daemon has ended without "${kind}"`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}
