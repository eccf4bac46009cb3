import type { EnergyInterval, EntityShare } from '../attribution/interval.ts';
import type { Entity } from '../inventory/entity.ts';
import { type Microjoules, meanWatts, type Nanoseconds, type Watts } from '../util/units.ts';
import { type Channel, ChannelMap } from './channels.ts';

/** What one entity has burnt since the start of the exporter. */
export interface EntityTotals {
  entity: Entity;
  /** By channel index. */
  totalMicrojoules: Float64Array;
  /** By channel index, of the interval `tick`. */
  recentMicrojoules: Float64Array;
  cpuNanoseconds: Nanoseconds;
  recentCpuNanoseconds: Nanoseconds;
  /** Running number of the interval of its last share. */
  tick: number;
  seenAtNanoseconds: Nanoseconds;
  endedAtNanoseconds: number | undefined;
  exportedAtNanoseconds: number | undefined;
  /** Metric labels, made when first exported; '' = to be made. */
  labels: string;
}

export interface EntityLedgerOptions {
  /** Tells of an entity that has been silent for a while whether it still exists. */
  readonly isAlive: (entity: Entity) => boolean;
  /** Keep processes that used CPU time but have no energy. */
  readonly zeroEnergyProcesses: boolean;
  readonly maxEntities?: number;
  readonly maxEnded?: number;
}

const SECOND = 1e9;
/** An ended entity that nobody has scraped is forgotten after this time. */
const ENDED_KEPT_NANOSECONDS = 600 * SECOND;
/** After its first scrape it stays a little longer, so that a second Prometheus gets it too. */
const ENDED_GRACE_NANOSECONDS = 60 * SECOND;
const SILENT_BEFORE_CHECK_NANOSECONDS = 10 * SECOND;
/** Groups whose end nobody tells us of (a removed cgroup that burnt nothing more). */
const SILENT_GROUP_KEPT_NANOSECONDS = 24 * 3600 * SECOND;
/** In this time every silent entity is looked at once: 1000 idle processes cost 100 looks at /proc a second. */
const SWEEP_NANOSECONDS = 10 * SECOND;

/** Sums per entity since start, bounded in memory. */
export class EntityLedger {
  readonly #map = new ChannelMap();
  readonly #living = new Map<string, EntityTotals>();
  readonly #ended = new Map<string, EntityTotals>();
  readonly #keyOfPid = new Map<number, string>();
  readonly #options: Required<EntityLedgerOptions>;
  #sweep: Iterator<[string, EntityTotals]> | undefined;
  #sweepSize = 0;
  #nextPruneNanoseconds = 0;
  #tick = 0;
  #durationNanoseconds: Nanoseconds = 0;
  #notKept = 0;

  constructor(options: EntityLedgerOptions) {
    this.#options = { maxEntities: 20_000, maxEnded: 500, ...options };
  }

  get channels(): readonly Channel[] {
    return this.#map.channels;
  }

  /** Shares that were not recorded because `maxEntities` entities were known already. */
  get notKept(): number {
    return this.#notKept;
  }

  *entities(): Iterable<EntityTotals> {
    yield* this.#living.values();
    yield* this.#ended.values();
  }

  /** Power of the entity through one channel in the last interval: 0 if it had no share, undefined if unknown. */
  watts(totals: EntityTotals, channel: number): Watts | undefined {
    if (this.#map.channels[channel]?.known !== true) return undefined;
    if (totals.tick !== this.#tick) return 0;
    return meanWatts(totals.recentMicrojoules[channel] ?? 0, this.#durationNanoseconds);
  }

  /** CPUs kept busy by the entity in the last interval (1 = one CPU all the time). */
  cpus(totals: EntityTotals): number {
    return totals.tick === this.#tick && this.#durationNanoseconds > 0
      ? totals.recentCpuNanoseconds / this.#durationNanoseconds
      : 0;
  }

  accept(interval: EnergyInterval): void {
    const channelOfZone = this.#map.update(interval.zones);
    const now = interval.endMonotonicNanoseconds;
    this.#tick++;
    this.#durationNanoseconds = interval.durationNanoseconds;
    for (const share of interval.shares) {
      const totals = this.#find(share, now);
      if (totals === undefined) continue;
      this.#add(totals, share, channelOfZone, now);
      if (share.terminated) this.#end(totals, now);
    }
    this.#checkSilent(now);
    if (now >= this.#nextPruneNanoseconds || this.#ended.size > 2 * this.#options.maxEnded) this.#prune(now);
  }

  /** Tells that a scrape has given an ended entity to somebody. */
  markExported(totals: EntityTotals, atNanoseconds: Nanoseconds): void {
    if (totals.endedAtNanoseconds !== undefined) totals.exportedAtNanoseconds ??= atNanoseconds;
  }

  #find(share: EntityShare, now: Nanoseconds): EntityTotals | undefined {
    const { entity } = share;
    const living = this.#living.get(entity.key);
    if (living !== undefined) return living;
    const ended = this.#ended.get(entity.key);
    if (ended !== undefined) {
      // A unit that was stopped and started again has its old key: its counters go on.
      this.#ended.delete(entity.key);
      ended.endedAtNanoseconds = undefined;
      ended.exportedAtNanoseconds = undefined;
      ended.labels = '';
      this.#living.set(entity.key, ended);
      return ended;
    }
    if (entity.kind === 'process') {
      if (!(share.energyMicrojoules > 0) && !this.#options.zeroEnergyProcesses) return undefined;
      if (this.#living.size >= this.#options.maxEntities) {
        this.#notKept++;
        return undefined;
      }
    }
    return this.#create(entity, now);
  }

  #create(entity: Entity, now: Nanoseconds): EntityTotals {
    const channels = this.#map.channels.length;
    const totals: EntityTotals = {
      entity,
      totalMicrojoules: new Float64Array(channels),
      recentMicrojoules: new Float64Array(channels),
      cpuNanoseconds: 0,
      recentCpuNanoseconds: 0,
      tick: -1,
      seenAtNanoseconds: now,
      endedAtNanoseconds: undefined,
      exportedAtNanoseconds: undefined,
      labels: '',
    };
    this.#living.set(entity.key, totals);
    if (entity.pid !== undefined && entity.pid > 0) {
      // The pid of a process that was not seen to end has been given to another one.
      const before = this.#living.get(this.#keyOfPid.get(entity.pid) ?? '');
      if (before !== undefined) this.#end(before, now);
      this.#keyOfPid.set(entity.pid, entity.key);
    }
    return totals;
  }

  #add(totals: EntityTotals, share: EntityShare, channelOfZone: Int32Array, now: Nanoseconds): void {
    if (totals.entity !== share.entity) {
      totals.entity = share.entity;
      totals.labels = '';
    }
    if (totals.totalMicrojoules.length < this.#map.channels.length) {
      totals.totalMicrojoules = grown(totals.totalMicrojoules, this.#map.channels.length);
      totals.recentMicrojoules = grown(totals.recentMicrojoules, this.#map.channels.length);
    }
    if (totals.tick !== this.#tick) {
      totals.recentMicrojoules.fill(0);
      totals.recentCpuNanoseconds = 0;
      totals.tick = this.#tick;
    }
    for (let zone = 0; zone < channelOfZone.length; zone++) {
      const channel = channelOfZone[zone]!;
      const energy = share.zoneMicrojoules[zone]!;
      if (channel < 0 || !(energy > 0)) continue;
      totals.totalMicrojoules[channel]! += energy;
      totals.recentMicrojoules[channel]! += energy;
    }
    if (share.cpuNanoseconds > 0) {
      totals.cpuNanoseconds += share.cpuNanoseconds;
      totals.recentCpuNanoseconds += share.cpuNanoseconds;
    }
    totals.seenAtNanoseconds = now;
  }

  #end(totals: EntityTotals, now: Nanoseconds): void {
    const { key, kind, pid } = totals.entity;
    this.#living.delete(key);
    if (pid !== undefined && this.#keyOfPid.get(pid) === key) this.#keyOfPid.delete(pid);
    if (kind === 'process' && totalEnergy(totals) === 0) return;
    totals.endedAtNanoseconds = now;
    totals.labels = '';
    this.#ended.set(key, totals);
  }

  /** A part of the entities each interval, so that none pays for all. Those that ended without a last share go here. */
  #checkSilent(now: Nanoseconds): void {
    if (this.#sweep === undefined) {
      this.#sweep = this.#living.entries();
      this.#sweepSize = this.#living.size;
    }
    const share = Math.min(1, this.#durationNanoseconds / SWEEP_NANOSECONDS);
    const looks = Math.ceil(this.#sweepSize * share);
    for (let look = 0; look < looks; look++) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = undefined;
        return;
      }
      const totals = next.value[1];
      const silent = now - totals.seenAtNanoseconds;
      if (silent < SILENT_BEFORE_CHECK_NANOSECONDS) continue;
      const { entity } = totals;
      const forgotten = entity.kind !== 'process' && silent > SILENT_GROUP_KEPT_NANOSECONDS;
      if (forgotten || !this.#options.isAlive(entity)) this.#end(totals, now);
    }
  }

  #prune(now: Nanoseconds): void {
    this.#nextPruneNanoseconds = now + SECOND;
    for (const [key, { endedAtNanoseconds, exportedAtNanoseconds }] of this.#ended) {
      const old = now - (endedAtNanoseconds ?? now) > ENDED_KEPT_NANOSECONDS;
      const exported = now - (exportedAtNanoseconds ?? now) > ENDED_GRACE_NANOSECONDS;
      if (old || exported) this.#ended.delete(key);
    }
    const excess = this.#ended.size - this.#options.maxEnded;
    if (excess <= 0) return;
    const leastFirst = [...this.#ended.values()].sort((a, b) => endedWeight(a) - endedWeight(b));
    for (const totals of leastFirst.slice(0, excess)) this.#ended.delete(totals.entity.key);
  }
}

/** Energy of the entity over all channels since start. */
export function totalEnergy(totals: EntityTotals): Microjoules {
  let sum = 0;
  for (const energy of totals.totalMicrojoules) sum += energy;
  return sum;
}

/** VMs, pods and containers stay before any process; among equals the greater energy stays. */
function endedWeight(totals: EntityTotals): number {
  return totalEnergy(totals) + (totals.entity.kind === 'process' ? 0 : 1e18);
}

function grown(values: Float64Array, length: number): Float64Array {
  const longer = new Float64Array(length);
  longer.set(values);
  return longer;
}
