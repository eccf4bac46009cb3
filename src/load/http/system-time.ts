import { performance } from 'node:perf_hooks';
import type { LoadTime } from './transport.ts';

function timer(milliseconds: number, call: () => void): () => void {
  if (milliseconds <= 0) {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  }
  // Rounded up: a timer that fires too early only has to be set again.
  const timeout = setTimeout(call, Math.ceil(milliseconds));
  return () => clearTimeout(timeout);
}

/** Timers of Node: a request is sent up to a millisecond or two later than it is due. */
export const coarseTime: LoadTime = {
  monotonicMilliseconds: () => performance.now(),
  after: timer,
};

/** Timers up to this long before, then the event loop goes round and round. */
const SPIN_MILLISECONDS = 2;

/** Requests are sent within some ten microseconds of when they are due; keeps a whole core busy where they come often. */
export const preciseTime: LoadTime = {
  monotonicMilliseconds: () => performance.now(),
  after: (milliseconds, call) => timer(Math.floor(milliseconds) - SPIN_MILLISECONDS, call),
};
