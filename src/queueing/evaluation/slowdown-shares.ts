import type { JobTimes } from '../simulated/job-times.ts';
import { boundedSlowdown } from '../slowdown.ts';

/** Slowdowns at which the distribution is told. */
export const slowdownSteps: readonly number[] = [
  1.01, 1.1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000,
];

/** Share of the jobs whose bounded slowdown is above each step. */
export function slowdownShares({ jobs, startSeconds, endSeconds }: JobTimes): number[] {
  const above = slowdownSteps.map(() => 0);
  for (const [i, { arrivalSeconds }] of jobs.entries()) {
    const slowdown = boundedSlowdown(arrivalSeconds, startSeconds[i]!, endSeconds[i]!);
    for (let step = 0; step < slowdownSteps.length; step++)
      if (slowdown > slowdownSteps[step]!) above[step]!++;
  }
  return above.map((count) => count / Math.max(1, jobs.length));
}
