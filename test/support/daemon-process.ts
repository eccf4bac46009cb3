import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../scripts/kisimd', import.meta.url));

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real daemon in a process of its own, metering this machine by the estimate; reads its log. */
export class DaemonProcess {
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it wrote to stderr that is no log line: errors for people. */
  text = '';
  readonly log: LogLine[] = [];
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const lines = createInterface({ input: child.stderr! });
    lines.on('line', (line) => this.#take(line));
    const closed = once(lines, 'close');
    this.ended = once(child, 'exit').then(async ([status, signal]) => {
      await closed;
      this.#hasEnded = true;
      for (const wake of this.#waiting) wake();
      return { status, signal };
    });
  }

  /** Runs `kisimd run` with settings (`key=value`) and, before it, another command that starts it. */
  static run(settings: readonly string[], wrapper: readonly string[] = []): DaemonProcess {
    // No cluster of whoever runs the tests is ever touched.
    const given = [
      'meter.sources=estimated',
      'meter.interval-milliseconds=200',
      'placement.cluster=off',
      ...settings,
    ];
    const words = [...wrapper, program, 'run', ...given.flatMap((setting) => ['--set', setting])];
    const env = { ...process.env, NOTIFY_SOCKET: '' };
    return new DaemonProcess(spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], env }));
  }

  /** The first line of the log with this event, when it comes. Rejects where the daemon ends without one. */
  async event(name: string): Promise<LogLine> {
    for (;;) {
      const found = this.log.find(({ event }) => event === name);
      if (found !== undefined) return found;
      if (this.#hasEnded)
        throw new Error(`the daemon ended without ${name}: ${this.text}${JSON.stringify(this.log)}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  /** Base URL once it listens. */
  async url(): Promise<string> {
    const { address, port } = await this.event('listening');
    return `http://${address}:${port}`;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** For the end of a test, whatever became of it. */
  async destroy(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.ended;
  }

  #take(line: string): void {
    if (line.startsWith('{')) this.log.push(JSON.parse(line) as LogLine);
    else this.text += `${line}\n`;
    for (const wake of this.#waiting) wake();
  }
}
