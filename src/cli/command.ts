import type { Writable } from 'node:stream';

export interface OptionSpec {
  /** Commander's notation: `-s, --since <duration>`. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: string | number | boolean;
  /** May be given more than once; the values come as an array. */
  readonly repeatable?: boolean;
}

export interface CommandContext {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly stdin: NodeJS.ReadStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted on SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Values of the command's options, by commander's camel-case name; global ones (`config`, `set`, `json`) too. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
}

/** One row of the table from which parsing, help, completion and the man page are made. */
export interface CommandSpec {
  /** `energy`, or `config show` for a command below another. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly arguments?: readonly {
    readonly name: string;
    readonly description: string;
    readonly required: boolean;
    /** All values it may have, where they are few. */
    readonly choices?: readonly string[];
  }[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /** Resolves to the exit status. Imported lazily by the table, so that `--help` stays fast. */
  readonly run: (context: CommandContext) => Promise<number>;
}
