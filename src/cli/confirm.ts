import { createInterface } from 'node:readline/promises';
import type { CommandContext } from './command.ts';

/**
 * Asks a person, where there is one: input and output must both be a terminal. Elsewhere whoever started the command meant it.
 *
 * @returns false where the answer was anything but y or yes
 */
export async function confirmed(
  { stdin, stderr, signal }: Pick<CommandContext, 'stdin' | 'stderr' | 'signal'>,
  question: string,
): Promise<boolean> {
  if (stdin.isTTY !== true || stderr.isTTY !== true) return true;
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}
