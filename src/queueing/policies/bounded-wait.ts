import type { AdmissionPolicy, QueueState } from '../policy.ts';
import { EasyBackfill } from './backfill.ts';

/** A learned policy may put a job off for as long as others come; nobody wants that of theirs. */
export const LONGEST_WAIT_SECONDS = 120 * 3600;

/**
 * A policy whose decisions are EASY's, the shortest of those that may go past first, for as long as the job that has waited longest has done so for
 * more than some seconds: it then has a reservation, and starts as soon as there is room.
 */
export function boundedWait(inner: AdmissionPolicy, longestSeconds = LONGEST_WAIT_SECONDS): AdmissionPolicy {
  const easy = new EasyBackfill('easy-sjf', ({ estimatedSeconds }) => -estimatedSeconds);
  const isOverdue = ({ jobs, nowSeconds }: QueueState) =>
    jobs.length > 0 && nowSeconds - jobs[0]!.arrivalSeconds > longestSeconds;
  let decider: AdmissionPolicy = inner;
  return {
    name: inner.name,
    reset: (seed) => {
      inner.reset(seed);
      easy.reset();
      decider = inner;
    },
    choose: (state) => {
      decider = isOverdue(state) ? easy : inner;
      return decider.choose(state);
    },
    get podsPerNode() {
      return decider.podsPerNode;
    },
    explain: (state, index) => (isOverdue(state) ? easy : inner).explain(state, index),
  };
}
