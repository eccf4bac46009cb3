import { PassThrough } from 'node:stream';
import type { CommandContext, CommandSpec } from '../../../src/cli/command.ts';

export interface RunningCommand {
  /** What Ctrl-C does. */
  stop(): void;
  readonly done: Promise<{
    readonly status: number;
    readonly error: { readonly code?: string; readonly found?: string } | undefined;
  }>;
  readonly out: string;
  readonly errors: string;
}

/** A command as it runs in a terminal, with the defaults of its options, until it ends or is stopped. */
export function runCommand(
  command: CommandSpec,
  options: Record<string, unknown>,
  args: readonly string[] = [],
): RunningCommand {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stop = new AbortController();
  const text = { out: '', errors: '' };
  stdout.on('data', (part: Buffer) => {
    text.out += part.toString();
  });
  stderr.on('data', (part: Buffer) => {
    text.errors += part.toString();
  });
  const defaults = Object.fromEntries(
    command.options.flatMap(({ flags, default: value }) => {
      const [, name = ''] = /--([a-z-]+)/.exec(flags) ?? [];
      return value === undefined ? [] : [[name.replace(/-(.)/g, (_, c: string) => c.toUpperCase()), value]];
    }),
  );
  const context: CommandContext = {
    stdout,
    stderr,
    stdin: process.stdin,
    env: {},
    signal: stop.signal,
    options: { ...defaults, ...options },
    args,
  };
  const done = command.run(context).then(
    (status) => ({ status, error: undefined }),
    (error: { code?: string; found?: string }) => ({ status: 1, error }),
  );
  return {
    stop: () => stop.abort(),
    done,
    get out() {
      return text.out;
    },
    get errors() {
      return text.errors;
    },
  };
}
