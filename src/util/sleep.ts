import { setTimeout } from 'node:timers/promises';
import type { Milliseconds } from './units.ts';

/**
 * Waits; injected wherever the program does, so that a test plays the time. Ends early, without an error, where the signal
 * is aborted: who waits looks at the signal afterwards.
 */
export type Sleep = (milliseconds: Milliseconds, signal?: AbortSignal) => Promise<void>;

export const systemSleep: Sleep = async (milliseconds, signal) => {
  try {
    await setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
};
