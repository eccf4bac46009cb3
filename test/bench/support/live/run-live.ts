import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runInside } from '../../../cluster/support/run-inside.ts';
import type { LiveLine } from './tell.ts';

/**
 * Runs a script of this folder beside a real control plane, in a private network, and returns its result.
 *
 * @param given its only argument, as JSON
 */
export async function runLive<T>(
  script: string,
  given: object,
  progress: (text: string) => void,
): Promise<T> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = await runInside(path, [JSON.stringify(given)], ['ignore', 'pipe', 'inherit'], progress);
  const ended = once(child, 'close') as Promise<[number | null]>;
  let result: T | undefined;
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as LiveLine<T>;
    if ('progress' in line) progress(line.progress);
    else result = line.result;
  }
  const [status] = await ended;
  if (status !== 0 || result === undefined) throw new Error(`${script} ended with status ${status}`);
  return result;
}
