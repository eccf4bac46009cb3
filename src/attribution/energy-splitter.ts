import type { Entity } from '../inventory/entity.ts';
import type { InventoryView } from '../inventory/inventory.ts';
import type { GpuProcessUse, ZoneReading } from '../meter/power-source.ts';
import type { Nanoseconds } from '../util/units.ts';
import { energyOf, meanWatts } from '../util/units.ts';
import type { HostCpuInterval } from './host-cpu.ts';
import type { IdleModelOptions, IdleModelState } from './idle-model.ts';
import { IdleModel, isIdleModelState } from './idle-model.ts';
import type { EnergyInterval, EntityShare, ZoneInterval } from './interval.ts';
import type { SocketShares } from './socket-shares.ts';
import type { UsageInterval } from './usage.ts';

export interface SplitterOptions {
  /** separate: idle is a bucket of its own. split: idle is charged to whoever runs, by CPU time. */
  readonly idle: 'separate' | 'split';
  /** Idle watts by zone id, set by the operator. */
  readonly idleWatts: Readonly<Record<string, number>>;
  readonly forgettingHours: number;
  readonly sockets: readonly number[];
  /** Number of logical CPUs of each socket that are online, in the order of `sockets`. */
  readonly cpusOfSocket: readonly number[];
  /** A saved idle model of this zone is of another shape, and was left aside. */
  readonly onRefusedState?: (zoneId: string) => void;
}

export interface SplitInput {
  readonly readings: readonly ZoneReading[];
  readonly usage: UsageInterval;
  readonly shares: SocketShares;
  readonly host: HostCpuInterval | undefined;
  readonly gpuUse: readonly GpuProcessUse[];
  /** Zones of GPUs whose users are not known in this interval; their load is not known either. */
  readonly gpuUseUnknown?: readonly string[];
  readonly inventory: InventoryView;
  readonly durationNanoseconds: Nanoseconds;
}

export type SplitResult = Pick<
  EnergyInterval,
  | 'zones'
  | 'energyMicrojoules'
  | 'idleMicrojoules'
  | 'activeMicrojoules'
  | 'unattributedMicrojoules'
  | 'shares'
>;

/** RAPL packages of servers idle at roughly a quarter of their full power; used only until idle has been learned. */
const PRIOR_IDLE_SHARE = 0.25;

/** The two clocks of an interval are read at different moments of a tick. */
const SAME_TIME_TOLERANCE = 0.2;
/** What was learned of a zone that has not been there for so many half-lives is let go. */
const KEEP_HALF_LIVES = 10;

interface ProcessRow {
  readonly entity: Entity;
  readonly account: number;
  cpuNanoseconds: Nanoseconds;
  readonly terminated: boolean;
}

/**
 * Splits the energy of each zone into idle, what each process burnt, and what nobody can be named for. The three
 * add up to the zone's energy exactly: the unattributed part is the difference, never a guess of its own.
 */
export class EnergySplitter {
  #options: SplitterOptions;
  readonly #models = new Map<string, IdleModel>();
  /** Zones whose last readings failed: the next good one holds energy of a time whose users are not known any more. */
  readonly #overdue = new Set<string>();
  #saved:
    | { readonly states: Readonly<Record<string, unknown>>; readonly atUnixMilliseconds: number }
    | undefined;

  constructor(options: SplitterOptions) {
    this.#options = options;
  }

  /** CPUs came or went. */
  useCpus(cpus: Pick<SplitterOptions, 'sockets' | 'cpusOfSocket'>): void {
    const before = this.#options;
    // Utilisation stays on one scale: power follows the CPUs that work, not the share of those that are online.
    const cpusOfSocket = cpus.cpusOfSocket.map((count, at) => {
      const known = before.sockets.indexOf(cpus.sockets[at]!);
      return Math.max(count, known < 0 ? 0 : before.cpusOfSocket[known]!);
    });
    this.#options = { ...before, sockets: cpus.sockets, cpusOfSocket };
  }

  /** What is to be kept: the models in use, and those handed over whose zone was not met this time. */
  idleStates(nowUnixMilliseconds: number): Record<string, IdleModelState> {
    const oldest = nowUnixMilliseconds - KEEP_HALF_LIVES * this.#options.forgettingHours * 3_600_000;
    const states: Record<string, IdleModelState> = {};
    for (const [key, state] of Object.entries(this.#saved?.states ?? {})) {
      if (isIdleModelState(state) && state.savedUnixMilliseconds >= oldest) states[key] = state;
    }
    for (const [key, model] of this.#models) states[key] = model.toState(nowUnixMilliseconds);
    return states;
  }

  /** Hands over saved models; each is taken up when its zone is first met, and refused if unusable. */
  restoreIdle(states: Readonly<Record<string, unknown>>, nowUnixMilliseconds: number): void {
    this.#saved = { states, atUnixMilliseconds: nowUnixMilliseconds };
  }

  split(input: SplitInput): SplitResult {
    const { readings, usage } = input;
    const zoneCount = readings.length;
    const rows: ProcessRow[] = usage.parts.map((part) => ({
      entity: part.entity,
      account: part.account,
      cpuNanoseconds: part.cpuNanoseconds,
      terminated: part.terminated,
    }));
    const gpus = gpuRows(input, rows);
    const energies = new Float64Array(rows.length * zoneCount);

    const zones: ZoneInterval[] = [];
    const sums = { energy: 0, idle: 0, active: 0, unattributed: 0 };
    for (let z = 0; z < zoneCount; z++) {
      const zone = this.#splitZone(input, z, gpus.get(readings[z]!.zone.id), energies, rows.length);
      zones.push(zone);
      if (!zone.zone.counted || zone.energyMicrojoules === undefined) continue;
      sums.energy += zone.energyMicrojoules;
      sums.idle += zone.idleMicrojoules;
      sums.active += zone.activeMicrojoules;
      sums.unattributed += zone.unattributedMicrojoules;
    }
    return {
      zones,
      energyMicrojoules: sums.energy,
      idleMicrojoules: sums.idle,
      activeMicrojoules: sums.active,
      unattributedMicrojoules: sums.unattributed,
      shares: collectShares(input, rows, energies, zones),
    };
  }

  #splitZone(
    input: SplitInput,
    index: number,
    gpu: GpuRows | undefined,
    energies: Float64Array,
    rowCount: number,
  ): ZoneInterval {
    const reading = input.readings[index]!;
    const { zone } = reading;
    const model = this.#model(zone);
    const energy = reading.energyMicrojoules;
    const base = { zone, energyMicrojoules: energy, gap: reading.gap, maxWatts: reading.maxWatts };
    if (energy === undefined) {
      this.#overdue.add(zone.id);
      const { state, watts } = model.estimate();
      const nothing = { idleMicrojoules: 0, activeMicrojoules: 0, unattributedMicrojoules: 0 };
      return { ...base, ...nothing, idleState: state, idleWatts: watts };
    }
    const utilisation = this.#utilisation(input, reading, gpu);
    // After a gap the energy is of a longer time than the CPU time; that says nothing of power at a utilisation.
    const sameTime =
      Math.abs(reading.intervalNanoseconds / input.durationNanoseconds - 1) < SAME_TIME_TOLERANCE;
    if (utilisation !== undefined && sameTime) {
      model.observe(meanWatts(energy, reading.intervalNanoseconds), utilisation, reading.intervalNanoseconds);
    }
    const { state, watts } = model.estimate();
    const idle = Math.min(energy, energyOf(watts, reading.intervalNanoseconds));
    const zoneCount = input.readings.length;
    const shareOf = this.#shareOf(input, zone, gpu);
    const covered = this.#coveredShare(input, reading);

    let users = 0;
    if (this.#options.idle === 'split') for (let row = 0; row < rowCount; row++) users += shareOf(row);
    // By their shares and not by their energy: an interval that stays below idle is still theirs.
    const idleCharged = users > 0 ? idle * covered : 0;
    const active = (energy - idle) * covered;
    let charged = 0;
    for (let row = 0; row < rowCount; row++) {
      const share = shareOf(row);
      const part = active * share + (idleCharged === 0 ? 0 : (idleCharged * share) / users);
      energies[row * zoneCount + index] = part;
      charged += part;
    }
    const idleLeft = idle - idleCharged;
    return {
      ...base,
      idleMicrojoules: idleLeft,
      activeMicrojoules: charged,
      // Rounding can leave the difference a hair below zero when everything was charged.
      unattributedMicrojoules: Math.max(0, energy - idleLeft - charged),
      idleState: state,
      idleWatts: watts,
    };
  }

  /**
   * Share of a reading's time for which it is known who ran. After failed reads the counter tells the energy of all
   * that time at once; what was burnt before this interval is nobody's who runs now. GPUs tell their users with it.
   */
  #coveredShare({ durationNanoseconds }: SplitInput, { zone, intervalNanoseconds }: ZoneReading): number {
    const overdue = this.#overdue.delete(zone.id);
    if (!overdue || zone.kind === 'gpu' || !(intervalNanoseconds > durationNanoseconds)) return 1;
    return durationNanoseconds / intervalNanoseconds;
  }

  #shareOf(input: SplitInput, zone: ZoneReading['zone'], gpu: GpuRows | undefined): (row: number) => number {
    if (zone.kind === 'gpu') return (row) => gpu?.shareOfRow.get(row) ?? 0;
    const { shares, usage } = input;
    const partCount = usage.parts.length;
    const socket = zone.socket === undefined ? -1 : this.#options.sockets.indexOf(zone.socket);
    if (socket < 0) return (row) => (row < partCount ? shares.overall[row]! : 0);
    return (row) => (row < partCount ? shares.bySocket[row * shares.sockets + socket]! : 0);
  }

  /** 0..1 of what the zone could have done; undefined where nothing is known of it in this interval. */
  #utilisation(input: SplitInput, reading: ZoneReading, gpu: GpuRows | undefined): number | undefined {
    const { zone } = reading;
    if (zone.kind === 'gpu') {
      return input.gpuUseUnknown?.includes(zone.id) ? undefined : Math.min(1, gpu?.utilisation ?? 0);
    }
    const { host } = input;
    if (host === undefined) return undefined;
    const { sockets, cpusOfSocket } = this.#options;
    const socket = zone.socket === undefined ? -1 : sockets.indexOf(zone.socket);
    let effective = 0;
    let cpus = 0;
    for (let s = 0; s < sockets.length; s++) {
      if (socket >= 0 && s !== socket) continue;
      effective += host.socketEffectiveNanoseconds[s]!;
      cpus += cpusOfSocket[s]!;
    }
    const scale = host.busyNanoseconds > 0 ? input.usage.hostNanoseconds / host.busyNanoseconds : 1;
    return (effective * scale) / (cpus * input.durationNanoseconds);
  }

  #model({ id, knownIdleWatts, provenance }: ZoneReading['zone']): IdleModel {
    // A capture of another machine may use the names of this one's zones.
    const key = provenance === 'recorded' ? `recorded:${id}` : id;
    let model = this.#models.get(key);
    if (model === undefined) {
      const options: IdleModelOptions = {
        forgettingHours: this.#options.forgettingHours,
        setWatts: this.#options.idleWatts[id] ?? knownIdleWatts,
        priorIdleShare: PRIOR_IDLE_SHARE,
      };
      model = new IdleModel(options);
      const state = this.#saved?.states[key];
      if (state !== undefined && !model.restore(state, this.#saved!.atUnixMilliseconds)) {
        this.#options.onRefusedState?.(id);
      }
      this.#models.set(key, model);
    }
    return model;
  }
}

interface GpuRows {
  /** Row -> share of the work that the device did. */
  readonly shareOfRow: Map<number, number>;
  /** Share of the device's multiprocessors that was used, all processes. */
  utilisation: number;
}

/** Which rows used which GPU, by zone id; adds rows for processes that used a GPU and no CPU. */
function gpuRows(input: SplitInput, rows: ProcessRow[]): Map<string, GpuRows> {
  const result = new Map<string, GpuRows>();
  if (input.gpuUse.length === 0) return result;
  for (const { zoneId, smShare } of input.gpuUse) {
    const gpu = result.get(zoneId);
    if (gpu === undefined) result.set(zoneId, { shareOfRow: new Map(), utilisation: smShare });
    else gpu.utilisation += smShare;
  }
  const rowOf = new Map(rows.map((row, index) => [row.entity.key, index]));
  for (const { zoneId, pid, smShare } of input.gpuUse) {
    const slot = input.inventory.slotOfPid(pid);
    // A process that nobody knows here (another pid namespace) leaves its part unattributed.
    if (slot < 0 || smShare <= 0) continue;
    const entity = input.inventory.entityOfSlot(slot);
    let row = rowOf.get(entity.key);
    if (row === undefined) {
      const account = input.inventory.accountOfSlot(slot);
      row = rows.push({ entity, account, cpuNanoseconds: 0, terminated: false }) - 1;
      rowOf.set(entity.key, row);
    }
    const gpu = result.get(zoneId)!;
    gpu.shareOfRow.set(row, (gpu.shareOfRow.get(row) ?? 0) + smShare / gpu.utilisation);
  }
  return result;
}

/** The shares of processes, and of every account as the sum of what lies below it. */
function collectShares(
  input: SplitInput,
  rows: readonly ProcessRow[],
  energies: Float64Array,
  zones: readonly ZoneInterval[],
): EntityShare[] {
  const zoneCount = zones.length;
  const { accounts } = input.inventory;
  const accountEnergy = new Float64Array(accounts.length * zoneCount);
  const accountCpu = new Float64Array(accounts.length);
  const shares: EntityShare[] = [];

  const push = (
    entity: Entity,
    cpuNanoseconds: Nanoseconds,
    zoneMicrojoules: Float64Array,
    terminated: boolean,
  ) => {
    let energyMicrojoules = 0;
    for (let z = 0; z < zoneCount; z++) if (zones[z]!.zone.counted) energyMicrojoules += zoneMicrojoules[z]!;
    if (energyMicrojoules === 0 && cpuNanoseconds === 0) return;
    shares.push({ entity, energyMicrojoules, cpuNanoseconds, zoneMicrojoules, terminated });
  };

  for (let row = 0; row < rows.length; row++) {
    const { entity, account, cpuNanoseconds, terminated } = rows[row]!;
    const zoneMicrojoules = energies.slice(row * zoneCount, (row + 1) * zoneCount);
    accountCpu[account]! += cpuNanoseconds;
    for (let z = 0; z < zoneCount; z++) accountEnergy[account * zoneCount + z]! += zoneMicrojoules[z]!;
    push(entity, cpuNanoseconds, zoneMicrojoules, terminated);
  }
  for (const id of input.usage.childrenFirst) {
    const { entity, parent } = accounts[id]!;
    if (entity === undefined) continue;
    const zoneMicrojoules = accountEnergy.slice(id * zoneCount, (id + 1) * zoneCount);
    const above = Math.max(0, parent);
    accountCpu[above]! += accountCpu[id]!;
    for (let z = 0; z < zoneCount; z++) accountEnergy[above * zoneCount + z]! += zoneMicrojoules[z]!;
    push(entity, accountCpu[id]!, zoneMicrojoules, false);
  }
  return shares;
}
