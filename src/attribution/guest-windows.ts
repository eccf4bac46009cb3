import type { Milliseconds, Nanoseconds } from '../util/units.ts';
import { type GuestAmount, GuestEnergy } from './guest-energy.ts';
import { grown, podCount, podDelta, splitGuest } from './guest-split.ts';
import type { CpuCount, NodeUse, PodUse } from './node-use.ts';
import { UseTrack } from './use-track.ts';

export interface PodShare {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** By zone index. */
  readonly zoneMicrojoules: Float64Array;
  readonly cpuNanoseconds: Nanoseconds;
}

/** What a guest burnt between two moments, split; pods and system sum to it. Times are monotonic. */
export interface GuestWindow {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
  readonly pods: readonly PodShare[];
  readonly system: GuestAmount;
}

interface TrackedPod {
  last: PodUse;
  readonly track: UseTrack;
  /** Of the track: CPU time that windows have been split by already. */
  handed: Nanoseconds;
  readingsAbsent: number;
}

/**
 * A kubelet counts each pod at a moment of its own, up to 15 s before it is asked. Windows end where all are counted;
 * those that lag by more are not waited for.
 */
const MOST_LAG: Milliseconds = 30_000;
/** A pod that was never seen and began so long before the reading before has used its CPU time at unknown moments. */
const MOST_UNSEEN: Milliseconds = 60_000;
/** A kubelet that starts anew tells of fewer pods for some time. */
const READINGS_KEPT = 20;

/**
 * Splits the energy of one guest over its pods, window by window. All counters of a window are brought to the same two
 * moments, by interpolation between readings, and the guest's energy is cut at them: what pods used in a window is set
 * against what the guest burnt in that very window.
 *
 * @example
 * const windows = new GuestWindows();
 * windows.take(reading); // every 10 to 15 s
 * windows.addEnergy({ from: 0, to: 1000, zoneMicrojoules, cpuNanoseconds }); // every interval
 * const window = windows.settle();
 */
export class GuestWindows {
  readonly #energy = new GuestEnergy();
  readonly #pods = new Map<string, TrackedPod>();
  #guest: { last: CpuCount; readonly track: UseTrack; handed: Nanoseconds } | undefined;
  #readAt: Milliseconds | undefined;
  #edge: Milliseconds | undefined;
  #wanted: Milliseconds | undefined;

  addEnergy(span: Parameters<GuestEnergy['add']>[0]): void {
    this.#energy.add(span);
  }

  /** Whether a pod was in the last reading. */
  has(uid: string): boolean {
    return this.#pods.get(uid)?.readingsAbsent === 0;
  }

  take(use: NodeUse): void {
    const received = use.receivedMonotonicNanoseconds / 1e6;
    const monotonic = (unix: Milliseconds) => received - (use.receivedUnixMilliseconds - unix);
    this.#takeGuest(use.cpu, monotonic);
    for (const pod of this.#pods.values()) pod.readingsAbsent += 1;
    const readAt = use.cpu === undefined ? latestCount(use, monotonic) : monotonic(use.cpu.unixMilliseconds);
    if (readAt === undefined) return;
    let edge = readAt;
    for (const pod of use.pods) {
      const time = this.#takePod(pod, use.source, monotonic);
      if (time !== undefined && time >= readAt - MOST_LAG) edge = Math.min(edge, time);
    }
    for (const [uid, { readingsAbsent }] of this.#pods)
      if (readingsAbsent > READINGS_KEPT) this.#pods.delete(uid);
    this.#readAt = readAt;
    if (edge > (this.#wanted ?? this.#edge ?? Number.NEGATIVE_INFINITY)) this.#wanted = edge;
  }

  /**
   * The window up to the last reading, once the guest's energy is known until there; undefined while there is none.
   *
   * @param isElsewhere whether a pod is metered by other means: its energy is none of this guest's
   */
  settle(isElsewhere: (uid: string) => boolean = () => false): GuestWindow | undefined {
    const [from, to] = [this.#edge, this.#wanted];
    if (to === undefined || this.#energy.end < to) return undefined;
    const amount = this.#energy.takeUntil(to);
    const pods = [...this.#pods.values()].filter(({ last }) => !isElsewhere(last.uid));
    const nanoseconds = pods.map((pod) => handOver(pod, to));
    const guestNanoseconds = this.#guest && handOver(this.#guest, to);
    this.#edge = to;
    this.#wanted = undefined;
    // What was burnt before the first reading is nobody's: nothing is known of who used what then.
    if (from === undefined) return undefined;
    const split = splitGuest({
      zoneMicrojoules: amount.zoneMicrojoules,
      guestNanoseconds,
      hostNanoseconds: amount.cpuNanoseconds,
      podNanoseconds: nanoseconds,
    });
    return {
      from,
      to,
      pods: pods.map(({ last: { uid, namespace, name } }, at) => ({
        uid,
        namespace,
        name,
        zoneMicrojoules: split.pods[at]!,
        cpuNanoseconds: nanoseconds[at]!,
      })),
      system: { zoneMicrojoules: split.systemMicrojoules, cpuNanoseconds: split.systemNanoseconds },
    };
  }

  #takeGuest(cpu: CpuCount | undefined, monotonic: (unix: Milliseconds) => Milliseconds): void {
    if (cpu === undefined) {
      this.#guest = undefined;
      return;
    }
    const time = monotonic(cpu.unixMilliseconds);
    if (this.#guest === undefined) {
      this.#guest = { last: cpu, track: new UseTrack(time, 0), handed: 0 };
      return;
    }
    this.#guest.track.add(time, grown(this.#guest.last.cpuNanoseconds, cpu.cpuNanoseconds));
    this.#guest.last = cpu;
  }

  /** Until when the pod is counted; undefined where it is not. */
  #takePod(
    pod: PodUse,
    source: NodeUse['source'],
    monotonic: (unix: Milliseconds) => Milliseconds,
  ): Milliseconds | undefined {
    const count = podCount(pod);
    if (count === undefined) return undefined;
    const time = monotonic(count.at);
    const known = this.#pods.get(pod.uid);
    if (known !== undefined) {
      known.track.add(time, podDelta(known.last, pod) ?? 0);
      known.last = pod;
      known.readingsAbsent = 0;
      return known.track.latestTime;
    }
    const before = this.#readAt;
    const start = pod.startUnixMilliseconds;
    // Sums that are made here begin when a pod is first seen; counters of a kubelet begin with the pod.
    const began = start === undefined ? (source === 'metrics' ? before : undefined) : monotonic(start);
    const isNew = before !== undefined && began !== undefined && began >= before - MOST_UNSEEN;
    const track = new UseTrack(isNew ? Math.min(time, Math.max(began, before)) : time, 0);
    if (isNew) track.add(time, count.total);
    this.#pods.set(pod.uid, { last: pod, track, handed: 0, readingsAbsent: 0 });
    return time;
  }
}

/** CPU time up to a moment that was not handed over before. */
function handOver(
  tracked: { readonly track: UseTrack; handed: Nanoseconds },
  until: Milliseconds,
): Nanoseconds {
  const total = tracked.track.at(until);
  const delta = Math.max(0, total - tracked.handed);
  tracked.handed = Math.max(total, tracked.handed);
  tracked.track.forgetBefore(until);
  return delta;
}

function latestCount(
  { pods }: NodeUse,
  monotonic: (unix: Milliseconds) => Milliseconds,
): Milliseconds | undefined {
  const times = pods.flatMap((pod) => podCount(pod)?.at ?? []);
  return times.length === 0 ? undefined : monotonic(Math.max(...times));
}
