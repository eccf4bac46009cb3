import type { Entity } from '../inventory/entity.ts';
import type { Logger } from '../util/log.ts';
import type { Milliseconds, Nanoseconds } from '../util/units.ts';
import { GuestWindows } from './guest-windows.ts';
import type { EnergyInterval, EntityShare, IntervalSink } from './interval.ts';
import type { NodeUse, NodeUseSink } from './node-use.ts';
import { type Handed, type Pending, Spread } from './spread.ts';
import { countedSum, ZoneIndex } from './zone-amounts.ts';

export interface GuestPodsSinkOptions {
  /** Get every interval, with the shares of pods in guests added. */
  readonly next: readonly IntervalSink[];
  /** The Kubernetes node that a guest of this host is; undefined where it is none. */
  readonly nodeOf: (guest: Entity) => string | undefined;
  readonly log: Logger;
}

interface Guest {
  readonly windows: GuestWindows;
  /** Of the running machine; another one after it was made anew. */
  vmId: string;
  burntAt: Nanoseconds;
  clockIsOff: boolean;
}

/** Kubelets count up to 15 s before they are asked; a count of the future or long past is of a clock that is wrong. */
const CLOCK_AHEAD: Milliseconds = 1000;
const CLOCK_BEHIND: Milliseconds = 120_000;
/** A machine that burnt nothing for so long is gone, and so is a pod that this host metered. */
const FORGET_AFTER: Nanoseconds = 3600e9;
const SYSTEM_KEY = 'pod:system:';

/**
 * Stands before the sinks of the meter and adds the pods that run inside guests: what a guest burnt between two readings of
 * its kubelet is split by CPU time (`GuestWindows`) and handed on evenly over as long a time again. Pods and the guest's
 * `(system of NODE)` sum to the guest's energy over any long run; nothing else of an interval is changed.
 */
export class GuestPodsSink implements IntervalSink, NodeUseSink {
  readonly #options: GuestPodsSinkOptions;
  readonly #guests = new Map<string, Guest>();
  readonly #zones = new ZoneIndex();
  readonly #spread = new Spread();
  readonly #entities = new Map<string, Entity>();
  /** Pods that this host meters itself: when it last did. */
  readonly #metered = new Map<string, Nanoseconds>();
  #readings: NodeUse[] = [];
  #hasFailed = false;

  constructor(options: GuestPodsSinkOptions) {
    this.#options = options;
  }

  take(use: NodeUse): void {
    this.#readings.push(use);
  }

  accept(interval: EnergyInterval): void {
    const extra = this.#sharesOrNone(interval);
    const told = extra.length === 0 ? interval : { ...interval, shares: [...interval.shares, ...extra] };
    for (const sink of this.#options.next) {
      try {
        sink.accept(told);
      } catch (error) {
        this.#options.log.error('interval-sink-failed', { sink: sink.constructor.name, error });
      }
    }
  }

  /** Whether a pod in a guest still exists; undefined for what is no such pod. */
  isAlive({ key, podUid }: Entity): boolean | undefined {
    if (!this.#entities.has(key)) return undefined;
    if (key.startsWith(SYSTEM_KEY)) return this.#guests.has(key.slice(SYSTEM_KEY.length));
    return [...this.#guests.values()].some(({ windows }) => windows.has(podUid));
  }

  /** A defect here must not keep the interval itself from anyone. */
  #sharesOrNone(interval: EnergyInterval): EntityShare[] {
    try {
      const shares = this.#sharesFor(interval);
      this.#hasFailed = false;
      return shares;
    } catch (error) {
      if (!this.#hasFailed) this.#options.log.error('guest-pods-failed', { error });
      this.#hasFailed = true;
      return [];
    }
  }

  #sharesFor(interval: EnergyInterval): EntityShare[] {
    const zones = interval.zones.map(({ zone }) => zone);
    const indexes = this.#zones.indexes(zones);
    this.#gather(interval, indexes);
    for (const use of this.#readings.splice(0)) this.#read(use);
    this.#settle(interval.endMonotonicNanoseconds - interval.durationNanoseconds);
    this.#forget(interval.endMonotonicNanoseconds);
    const handed = this.#spread.take(interval.endMonotonicNanoseconds, interval.durationNanoseconds);
    const ended = this.#endedPods();
    const shares: EntityShare[] = [];
    const left: Pending[] = [];
    for (const { entity, zoneMicrojoules, cpuNanoseconds } of sumByEntity(handed)) {
      const amounts = this.#zones.toInterval(zoneMicrojoules, zones, indexes);
      if (amounts === undefined) {
        left.push({ entity, zoneMicrojoules, cpuNanoseconds });
        continue;
      }
      shares.push({
        entity,
        energyMicrojoules: countedSum(amounts, zones),
        cpuNanoseconds,
        zoneMicrojoules: amounts,
        terminated: ended.has(entity.key),
      });
    }
    for (const key of ended) this.#entities.delete(key);
    // No zone of this interval can take it: the next one may.
    this.#spread.add(left, interval.endMonotonicNanoseconds);
    return shares;
  }

  #gather(interval: EnergyInterval, indexes: Int32Array): void {
    const end = interval.endMonotonicNanoseconds;
    const burnt = new Map<Guest, { zoneMicrojoules: Float64Array; cpuNanoseconds: Nanoseconds }>();
    for (const share of interval.shares) {
      const { entity } = share;
      if (entity.kind === 'pod') this.#metered.set(entity.podUid, end);
      if (entity.kind !== 'vm') continue;
      const node = this.#options.nodeOf(entity);
      if (node === undefined) continue;
      const guest = this.#guestOf(node, entity.vmId, end);
      const lasting = this.#zones.toLasting(share.zoneMicrojoules, indexes);
      const before = burnt.get(guest);
      if (before === undefined) {
        burnt.set(guest, { zoneMicrojoules: lasting, cpuNanoseconds: share.cpuNanoseconds });
        continue;
      }
      // A guest that migrates within the host runs twice for a moment.
      for (let zone = 0; zone < lasting.length; zone++) before.zoneMicrojoules[zone]! += lasting[zone]!;
      before.cpuNanoseconds += share.cpuNanoseconds;
    }
    const [from, to] = [(end - interval.durationNanoseconds) / 1e6, end / 1e6];
    for (const guest of this.#guests.values()) {
      const { zoneMicrojoules, cpuNanoseconds } = burnt.get(guest) ?? idle;
      guest.windows.addEnergy({ from, to, zoneMicrojoules, cpuNanoseconds });
    }
  }

  #guestOf(node: string, vmId: string, now: Nanoseconds): Guest {
    const known = this.#guests.get(node);
    if (known !== undefined) {
      known.vmId = vmId;
      known.burntAt = now;
      return known;
    }
    const guest: Guest = { windows: new GuestWindows(), vmId, burntAt: now, clockIsOff: false };
    this.#guests.set(node, guest);
    return guest;
  }

  #read(use: NodeUse): void {
    const guest = this.#guests.get(use.node);
    if (guest === undefined) return;
    const age = use.cpu === undefined ? 0 : use.receivedUnixMilliseconds - use.cpu.unixMilliseconds;
    const isOff = age < -CLOCK_AHEAD || age > CLOCK_BEHIND;
    if (isOff !== guest.clockIsOff) {
      const fields = { node: use.node, behindMilliseconds: age };
      if (isOff) this.#options.log.warn('guest-clock-off', fields);
      else this.#options.log.info('guest-clock-right-again', fields);
      guest.clockIsOff = isOff;
    }
    if (!isOff) guest.windows.take(use);
  }

  /** @param from since when what is settled now is handed on */
  #settle(from: Nanoseconds): void {
    for (const [node, { windows, vmId }] of this.#guests) {
      const window = windows.settle((uid) => this.#metered.has(uid));
      if (window === undefined) continue;
      const pending = window.pods.map(
        ({ uid, namespace, name, zoneMicrojoules, cpuNanoseconds }): Pending => ({
          entity: this.#entity(`pod:${uid}`, name, namespace, uid, vmId),
          zoneMicrojoules,
          cpuNanoseconds,
        }),
      );
      const { zoneMicrojoules, cpuNanoseconds } = window.system;
      const system = this.#entity(`${SYSTEM_KEY}${node}`, `(system of ${node})`, '', `system:${node}`, vmId);
      pending.push({ entity: system, zoneMicrojoules, cpuNanoseconds });
      this.#spread.add(pending, from + (window.to - window.from) * 1e6);
    }
  }

  #forget(now: Nanoseconds): void {
    for (const [node, { burntAt }] of this.#guests)
      if (now - burntAt > FORGET_AFTER) this.#guests.delete(node);
    for (const [uid, at] of this.#metered) if (now - at > FORGET_AFTER) this.#metered.delete(uid);
  }

  #entity(key: string, name: string, namespace: string, podUid: string, vmId: string): Entity {
    const known = this.#entities.get(key);
    if (known !== undefined && known.vmId === vmId && known.name === name) return known;
    const base = { pid: undefined, exe: '', runtime: '', containerId: '' };
    const entity: Entity = { ...base, key, kind: 'pod', name, namespace, podUid, vmId };
    this.#entities.set(key, entity);
    return entity;
  }

  /** Keys of pods that are gone and of which nothing is left to be handed on. */
  #endedPods(): ReadonlySet<string> {
    const waiting = new Set(this.#spread.waiting());
    const ended = new Set<string>();
    for (const entity of this.#entities.values())
      if (!waiting.has(entity.key) && this.isAlive(entity) === false) ended.add(entity.key);
    return ended;
  }
}

const idle = { zoneMicrojoules: new Float64Array(0), cpuNanoseconds: 0 };

function sumByEntity(handed: readonly Handed[]): Iterable<Handed> {
  const sums = new Map<string, { -readonly [K in keyof Handed]: Handed[K] }>();
  for (const each of handed) {
    const sum = sums.get(each.entity.key);
    if (sum === undefined) {
      sums.set(each.entity.key, { ...each });
      continue;
    }
    const longer = each.zoneMicrojoules.length > sum.zoneMicrojoules.length ? each : sum;
    const shorter = longer === each ? sum : each;
    const zoneMicrojoules = Float64Array.from(longer.zoneMicrojoules);
    for (let zone = 0; zone < shorter.zoneMicrojoules.length; zone++)
      zoneMicrojoules[zone]! += shorter.zoneMicrojoules[zone]!;
    sum.zoneMicrojoules = zoneMicrojoules;
    sum.cpuNanoseconds += each.cpuNanoseconds;
  }
  return sums.values();
}
