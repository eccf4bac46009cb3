import { type RandomInstance, randomInstance } from './simulation-input.ts';

const SMALLER = 0.4;

/** A random instance whose pods ask for and use so much less that they seldom queue. */
export function roomyInstance(seed: number, has: RandomInstance): ReturnType<typeof randomInstance> {
  const instance = randomInstance(seed, has);
  const items = instance.items.map((item) => ({
    ...item,
    useMilli: SMALLER * item.useMilli,
    pod: {
      ...item.pod,
      cpuMilli: SMALLER * item.pod.cpuMilli,
      memoryBytes: Math.round(SMALLER * item.pod.memoryBytes),
    },
  }));
  return { ...instance, items };
}
