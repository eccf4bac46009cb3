import { setTimeout as sleep } from 'node:timers/promises';

/** Thrown by a question that can no longer be answered: waiting ends at once. */
export class InVain extends Error {}

/**
 * Asks again and again until the answer is there (neither undefined nor false). The error of a try counts as no
 * answer and is told with the last one when time is up.
 */
export async function waitFor<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      if (error instanceof InVain) throw error;
      lastError = error;
    }
    if (performance.now() > end) {
      throw new Error(`waited ${seconds} s in vain for ${what}`, { cause: lastError });
    }
    await sleep(100);
  }
}
