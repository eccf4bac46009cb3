import { performance } from 'node:perf_hooks';
import type { LoopTime } from './ports.ts';

/** The machine's own time. Timers of the loop alone do not keep the process alive. */
export const systemTime: LoopTime = {
  monotonicMilliseconds: () => performance.now(),
  unixMilliseconds: () => Date.now(),
  after(milliseconds, call) {
    if (milliseconds <= 0) {
      const immediate = setImmediate(call);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(call, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
