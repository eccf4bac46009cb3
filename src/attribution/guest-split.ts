import type { Nanoseconds } from '../util/units.ts';
import type { ContainerUse, PodUse } from './node-use.ts';

export interface GuestSplitInput {
  /** What the guest burnt in the window, by zone. */
  readonly zoneMicrojoules: Float64Array;
  /** CPU time of the whole guest in the window, by its own counter; undefined where there is none. */
  readonly guestNanoseconds: Nanoseconds | undefined;
  /** CPU time that the host gave the guest; used only where the guest's own counter tells nothing. */
  readonly hostNanoseconds: Nanoseconds;
  readonly podNanoseconds: readonly Nanoseconds[];
}

export interface GuestSplit {
  /** By pod and zone. */
  readonly pods: readonly Float64Array[];
  /** What is left: kernel, kubelet, runtime and whatever else is no pod. */
  readonly systemMicrojoules: Float64Array;
  readonly systemNanoseconds: Nanoseconds;
}

/**
 * Splits the energy of a guest over its pods by the CPU time that each used of the guest's. The system's part is the
 * difference: pods and system sum to the guest's energy exactly. Where pods used more than the whole guest (their counters
 * are read at other moments) they share all of it.
 */
export function splitGuest(input: GuestSplitInput): GuestSplit {
  const { zoneMicrojoules, guestNanoseconds, hostNanoseconds, podNanoseconds } = input;
  const used = podNanoseconds.reduce((sum, each) => sum + each, 0);
  const whole = Math.max(guestNanoseconds ?? hostNanoseconds, used);
  const systemMicrojoules = Float64Array.from(zoneMicrojoules);
  const pods = podNanoseconds.map((nanoseconds) => {
    const share = whole > 0 ? nanoseconds / whole : 0;
    return zoneMicrojoules.map((energy, zone) => {
      const part = energy * share;
      systemMicrojoules[zone]! -= part;
      return part;
    });
  });
  // All parts rounded can be a hair more than the whole: the greatest one gives it back.
  for (let zone = 0; zone < systemMicrojoules.length; zone++) {
    const missing = systemMicrojoules[zone]!;
    if (missing >= 0) continue;
    const largest = pods.reduce((most, pod) => (pod[zone]! > most[zone]! ? pod : most));
    largest[zone]! += missing;
    systemMicrojoules[zone] = 0;
  }
  return { pods, systemMicrojoules, systemNanoseconds: whole - used };
}

/**
 * CPU time that a pod used between two readings of it. Its own counter goes on over restarts of its containers. Where only
 * containers are counted, one with another start, or whose counter fell, began at nothing after the first reading; what it
 * used of the old count after that is lost. Undefined where the two readings count different things.
 */
export function podDelta(before: PodUse, now: PodUse): Nanoseconds | undefined {
  if (before.cpu !== undefined && now.cpu !== undefined)
    return grown(before.cpu.cpuNanoseconds, now.cpu.cpuNanoseconds);
  if (now.cpu !== undefined || before.cpu !== undefined) {
    if (before.containers.length === 0 || now.containers.length === 0) return undefined;
  }
  const earlier = new Map(before.containers.map((each) => [each.name, each]));
  return now.containers.reduce((sum, each) => sum + containerDelta(earlier.get(each.name), each), 0);
}

function containerDelta(before: ContainerUse | undefined, now: ContainerUse): Nanoseconds {
  const { cpuNanoseconds } = now.cpu;
  if (before === undefined || before.startUnixMilliseconds !== now.startUnixMilliseconds)
    return cpuNanoseconds;
  return grown(before.cpu.cpuNanoseconds, cpuNanoseconds);
}

/** What a counter gained. One that fell began anew: all that it holds now came since. */
export function grown(before: Nanoseconds, now: Nanoseconds): Nanoseconds {
  return now >= before ? now - before : now;
}

/** All that a pod has used, and when that was read; undefined where nothing is counted. */
export function podCount(pod: PodUse): { readonly total: Nanoseconds; readonly at: number } | undefined {
  if (pod.cpu !== undefined) return { total: pod.cpu.cpuNanoseconds, at: pod.cpu.unixMilliseconds };
  if (pod.containers.length === 0) return undefined;
  return {
    total: pod.containers.reduce((sum, { cpu }) => sum + cpu.cpuNanoseconds, 0),
    at: Math.max(...pod.containers.map(({ cpu }) => cpu.unixMilliseconds)),
  };
}
