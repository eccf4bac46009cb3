import { burnCpu } from '../thread-cpu-time.ts';
import type { ThreadWords } from './thread-words.ts';

/** After so much it looks whether all is to be let go. */
const SLICE_NANOSECONDS = 2e6;

/** Burns the CPU time that is granted, and sleeps in between. */
export function runCpuThread(words: ThreadWords, isOver: () => boolean): void {
  while (!isOver()) {
    const { granted, done } = words;
    if (done < granted) words.done = done + burnCpu(Math.min(SLICE_NANOSECONDS, granted - done));
    else words.waitForMore(granted, 1000);
  }
}
