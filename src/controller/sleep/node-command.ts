import { sleepErrors } from './errors.ts';

const PLACE = '{node}';

/** Makes the program and the arguments for one node. */
export type NodeCommand = (node: string) => readonly [program: string, ...args: string[]];

/**
 * A command as an operator writes it. Words are told apart by spaces; a word in single or double quotes may hold them; there is
 * nothing else that a shell would do: no variables, no wildcards, no escapes.
 *
 * @throws KISIM_E_SLEEP_COMMAND where it is empty, a quote is left open, or the node is not named
 * @example
 * nodeCommand("ssh root@{node} 'systemctl suspend'")('rack-7'); // ['ssh', 'root@rack-7', 'systemctl suspend']
 */
export function nodeCommand(text: string): NodeCommand {
  const words = wordsOf(text);
  const [program] = words;
  if (program === undefined || program === '') throw sleepErrors.KISIM_E_SLEEP_COMMAND('no program');
  if (!words.some((word) => word.includes(PLACE)))
    throw sleepErrors.KISIM_E_SLEEP_COMMAND(`no ${PLACE} in: ${text}`);
  return (node) => words.map((word) => word.replaceAll(PLACE, () => node)) as [string, ...string[]];
}

function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const letter of text) {
    if (quote !== undefined) {
      if (letter === quote) quote = undefined;
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  if (quote !== undefined) throw sleepErrors.KISIM_E_SLEEP_COMMAND(`a ${quote} is left open in: ${text}`);
  if (word !== undefined) words.push(word);
  return words;
}
