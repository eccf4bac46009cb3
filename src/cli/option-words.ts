import type { OptionSpec } from './command.ts';

/** An option's flags, taken apart for completion and the manual. */
export interface OptionWords {
  readonly short: string | undefined;
  readonly long: string | undefined;
  /** Name of its value, `duration` of `--since <duration>`; undefined for a switch. */
  readonly value: string | undefined;
}

/** Takes commander's notation apart: `-s, --since <duration>`. */
export function optionWords(spec: OptionSpec): OptionWords {
  return {
    short: /(?:^|[\s,])(-\w)\b/.exec(spec.flags)?.[1],
    long: /--[\w-]+/.exec(spec.flags)?.[0],
    value: /[<[]([^>\]]+)[>\]]/.exec(spec.flags)?.[1],
  };
}

/** Whether the value of an option is the name of a file, for the shells to complete. */
export function takesFile(words: OptionWords): boolean {
  return words.value !== undefined && /^(file|path|dir|directory|folder)/i.test(words.value);
}
