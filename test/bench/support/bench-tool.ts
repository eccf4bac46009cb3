import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../native/', import.meta.url));
const folder = fileURLToPath(new URL('../../../build/bench/', import.meta.url));

/** Path of the compiled helper; compiled when it is missing or older than its source. */
export function benchTool(): string {
  return compiled('bench-tool', 'cc', [process.env['CXX'] ?? 'c++', '-std=c++20']);
}

/** Path of the reference histogram in C. */
export function latencyReference(): string {
  return compiled('latency-reference', 'c', [process.env['CC'] ?? 'cc', '-std=c11']);
}

function compiled(
  name: string,
  ending: string,
  [compiler, ...flags]: readonly [string, ...string[]],
): string {
  const source = `${sources}${name}.${ending}`;
  const binary = `${folder}${name}`;
  if (!existsSync(binary) || statSync(binary).mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(folder, { recursive: true });
    execFileSync(compiler, [...flags, '-O2', '-o', binary, source, '-lm']);
  }
  return binary;
}

/** A running helper. It ends with this process whatever happens. */
export class BenchProcess {
  readonly child: ChildProcess;
  #output = '';
  #errors = '';
  readonly #ended: Promise<number | null>;
  #wake: (() => void) | undefined;

  constructor(
    command: string,
    args: readonly string[],
    options: { argv0?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ) {
    this.child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#wake?.();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-20_000);
    });
    this.#ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code) => {
        this.#wake?.();
        resolve(code);
      });
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  get output(): string {
    return this.#output;
  }

  get errors(): string {
    return this.#errors;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves once the output contains the text; rejects when the process ends without. */
  async said(text: string): Promise<void> {
    while (!this.#output.includes(text)) {
      if (!this.running) throw new Error(`ended without saying ${text}: ${this.#errors}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves to the exit status when the process has ended. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Waits for the end and reads the last line of the output as JSON. */
  async result<T>(): Promise<T> {
    const code = await this.#ended;
    const line = this.#output.trimEnd().split('\n').at(-1) ?? '';
    if (code !== 0 || line === '') throw new Error(`ended with ${code}: ${this.#errors}`);
    return JSON.parse(line) as T;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.running) this.child.kill(signal);
    await this.#ended;
  }
}

export function startTool(...args: readonly (string | number)[]): BenchProcess {
  return new BenchProcess(benchTool(), args.map(String));
}
