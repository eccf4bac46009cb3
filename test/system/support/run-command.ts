import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and returns what it said, whatever its status. */
export function attempt(argv: readonly string[], options: { readonly timeoutMs?: number } = {}): Finished {
  const [program = '', ...rest] = argv;
  const settings: SpawnSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
    timeout: options.timeoutMs ?? 120_000,
  };
  const { status, stdout, stderr, error } = spawnSync(program, rest, settings);
  if (error !== undefined) throw new Error(`${argv.join(' ')}: ${error.message}`, { cause: error });
  return { status, stdout, stderr };
}

/** Runs a program that must end well, and returns its standard output. */
export function output(argv: readonly string[], options: { readonly timeoutMs?: number } = {}): string {
  const { status, stdout, stderr } = attempt(argv, options);
  if (status !== 0) throw new Error(`${argv.join(' ')}: status ${status}\n${stdout}${stderr}`);
  return stdout;
}
