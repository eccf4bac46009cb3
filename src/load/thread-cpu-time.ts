import type { Nanoseconds } from '../util/units.ts';

/**
 * CPU time that the calling thread has used, to the microsecond.
 *
 * getrusage(RUSAGE_THREAD) tells the time as of the scheduler's last tick, up to 10 ms ago. getrusage(RUSAGE_SELF) brings
 * the account of the calling thread up to date first (kernel/sched/cputime.c, thread_group_cputime), so it is asked before.
 */
export function threadCpuNanoseconds(): Nanoseconds {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) * 1000;
}

/** Some 20 microseconds of arithmetic between two looks at the clock, which cost two. */
const STEPS = 10_000;

/** Works until the calling thread has used so much more CPU time. Returns what it really used. */
export function burnCpu(nanoseconds: Nanoseconds): Nanoseconds {
  const start = threadCpuNanoseconds();
  let used = 0;
  let x = 0.3;
  while (used < nanoseconds) {
    for (let i = 0; i < STEPS; i++) x = 3.9 * x * (1 - x);
    used = threadCpuNanoseconds() - start;
  }
  // What nobody could read, the compiler would leave out.
  if (Number.isNaN(x)) throw new Error('the logistic map left the unit interval');
  return used;
}
