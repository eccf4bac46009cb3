import { EnergySplitter } from '../attribution/energy-splitter.ts';
import { HostCpuMeter } from '../attribution/host-cpu.ts';
import type { IdleModelState } from '../attribution/idle-model.ts';
import type { EnergyInterval, IntervalSink } from '../attribution/interval.ts';
import { SocketPlacer } from '../attribution/socket-shares.ts';
import { UsageTracker } from '../attribution/usage.ts';
import type { Config } from '../config/config.ts';
import { type CpuTopology, readCpuTopology } from '../inventory/cpu-topology.ts';
import type { Entity } from '../inventory/entity.ts';
import { Inventory } from '../inventory/host-inventory.ts';
import { CpuFrequencies } from '../meter/cpu-frequencies.ts';
import type { PowerSource, ZoneReading } from '../meter/power-source.ts';
import { loadAddon } from '../native/addon.ts';
import type { NativeProcessScanner, ProcessTick, ScannerStatus } from '../native/process-scanner.ts';
import type { Clock } from '../util/clock.ts';
import type { Logger } from '../util/log.ts';
import type { Milliseconds, Nanoseconds } from '../util/units.ts';
import { daemonErrors } from './errors.ts';

/** Where things that must outlive the daemon are kept; the history, usually. */
export interface StateStore {
  loadState(key: string): unknown;
  saveState(key: string, value: unknown): void;
}

export interface MeteringDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  /** Opened already, closed by `stop`. */
  readonly sources: readonly PowerSource[];
  readonly state?: StateStore;
  /** Replaces the scanner of the addon, in tests. */
  readonly scanner?: NativeProcessScanner;
}

export interface MeteringStatus {
  readonly intervals: number;
  /** Ticks that came so late that the one after them was due already; their time is in the longer interval. */
  readonly lateTicks: number;
  readonly lastTickMonotonicNanoseconds: Nanoseconds | undefined;
  readonly scanner: ScannerStatus | undefined;
  readonly refusals: readonly string[];
}

const IDLE_STATE_KEY = 'idle-models';
const SAVE_STATE_EVERY: Milliseconds = 60_000;
/** A process that used more than this share of an interval is asked where it ran. */
const LOCATE_ABOVE_SHARE = 0.02;
/** Difference between the two clocks over one interval above which somebody must have set the time. */
const CLOCK_SET_MILLISECONDS = 500;

/**
 * The meter: once an interval it scans, reads the energy counters, splits, and hands the result to its sinks. It
 * owns the clock of the whole program; a sink that throws is logged and left out of nothing.
 */
export class Metering {
  readonly #config: Config;
  readonly #dependencies: MeteringDependencies;
  readonly #sinks: IntervalSink[] = [];
  readonly #topology: CpuTopology;
  readonly #hostCpu: HostCpuMeter;
  readonly #placer: SocketPlacer;
  readonly #splitter: EnergySplitter;
  readonly #scanner: NativeProcessScanner;
  readonly #inventory: Inventory;
  readonly #usage: UsageTracker;
  readonly #frequencies: CpuFrequencies;
  readonly #refusals: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #deadline: Nanoseconds = 0;
  #sequence = 0;
  #lateTicks = 0;
  #last: { readonly monotonic: Nanoseconds; readonly unix: Milliseconds } | undefined;
  #lastStatus: ScannerStatus | undefined;
  #savedAt: Nanoseconds = 0;
  #scanFailed = false;

  constructor(config: Config, dependencies: MeteringDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    const { log } = dependencies;
    this.#topology = readCpuTopology(config.roots.sys, 1);
    const { sockets, socketOf, hasSiblings } = this.#topology;
    this.#frequencies = new CpuFrequencies(config.roots.sys, cpuNumbers(this.#topology));
    this.#hostCpu = new HostCpuMeter(this.#topology, config.attribution.smtFactor);
    this.#placer = new SocketPlacer(this.#topology);
    this.#splitter = new EnergySplitter({
      idle: config.attribution.idle,
      idleWatts: config.attribution.idleWatts,
      forgettingHours: config.attribution.forgettingHours,
      sockets,
      cpusOfSocket: sockets.map((socket) => socketOf.filter((entry) => entry === socket).length),
      onRefusedState: (zone) => log.warn('idle-state-refused', { zone }),
    });
    const locate = sockets.length > 1 || hasSiblings || this.#frequencies.known;
    this.#scanner =
      dependencies.scanner ??
      new (loadAddon().ProcessScanner)({
        procRoot: config.roots.proc,
        clock: config.meter.processClock,
        births: 'auto',
        exits: 'auto',
        stormExitsPerSecond: config.meter.stormExitsPerSecond,
        reconcileSeconds: config.meter.reconcileSeconds,
        lastCpuAboveNanoseconds: locate ? config.meter.intervalMilliseconds * 1e6 * LOCATE_ABOVE_SHARE : 0,
      });
    this.#inventory = new Inventory({ scanner: this.#scanner, roots: config.roots, log });
    this.#usage = new UsageTracker((group) => this.#scanner.readGroup(group));
    this.#refusals = this.#scanner.refusals;
    for (const refusal of this.#refusals) log.info('scanner-tier-refused', { refusal });
  }

  addSink(sink: IntervalSink): void {
    this.#sinks.push(sink);
  }

  /** Whether an entity of an earlier interval still exists. */
  isAlive({ kind, pid, key }: Entity): boolean {
    if (kind !== 'process') return this.#inventory.accounts.some((account) => account?.entity?.key === key);
    // What exited unseen is no process; its account tells.
    if (pid === undefined || pid === 0) return true;
    const slot = this.#inventory.slotOfPid(pid);
    return slot >= 0 && this.#inventory.entityOfSlot(slot).key === key;
  }

  status(): MeteringStatus {
    return {
      intervals: this.#sequence,
      lateTicks: this.#lateTicks,
      lastTickMonotonicNanoseconds: this.#last?.monotonic,
      scanner: this.#lastStatus,
      refusals: this.#refusals,
    };
  }

  /** Takes up what was learned before, makes the first scan, and ticks from then on. */
  start(): void {
    this.#restoreIdle();
    this.tick();
    this.#deadline = this.#dependencies.clock.monotonicNanoseconds();
    this.#savedAt = this.#deadline;
    this.#schedule();
  }

  /** Ends the ticking, keeps what was learned, closes sources and scanner. May be called twice. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saveIdle();
    for (const source of this.#dependencies.sources) source.close();
    this.#frequencies.close();
    this.#scanner.close();
  }

  /** One interval, since the previous call. Returns undefined for the very first one: nothing lies before it. */
  tick(): EnergyInterval | undefined {
    const { clock } = this.#dependencies;
    const tick = this.#scan();
    const monotonic = clock.monotonicNanoseconds();
    const unix = clock.unixMilliseconds();
    const last = this.#last;
    this.#last = { monotonic, unix };
    if (tick !== undefined) this.#inventory.before(tick);

    const durationNanoseconds = last === undefined ? 0 : monotonic - last.monotonic;
    const host =
      tick === undefined
        ? undefined
        : this.#hostCpu.advance(
            tick.hostCpuNanoseconds,
            tick.hostCpuIds,
            durationNanoseconds,
            this.#frequencies.read(monotonic),
          );
    const usage = this.#usage.advance(
      tick ?? emptyTick(monotonic),
      this.#inventory,
      host?.busyNanoseconds ?? Number.NaN,
    );
    const readings = this.#readSources(monotonic, host?.busyNanoseconds ?? Number.NaN);
    if (last === undefined) {
      if (tick !== undefined) this.#inventory.after(tick);
      return undefined;
    }

    const result = this.#splitter.split({
      readings,
      usage,
      shares: this.#placer.place(usage, host),
      host,
      gpuUse: this.#dependencies.sources.flatMap((source) => source.processUse?.() ?? []),
      inventory: this.#inventory,
      durationNanoseconds,
    });
    const interval: EnergyInterval = {
      sequence: this.#sequence++,
      startUnixMilliseconds: unix - durationNanoseconds / 1e6,
      endUnixMilliseconds: unix,
      endMonotonicNanoseconds: monotonic,
      durationNanoseconds,
      ...result,
      busyNanoseconds: host?.busyNanoseconds ?? Number.NaN,
      cpuCount: this.#topology.count,
      processCount: tick?.alive ?? this.#inventory.livingCount(),
      remarks: this.#remarks(tick, unix - last.unix - durationNanoseconds / 1e6),
    };
    if (tick !== undefined) {
      for (const exit of tick.exited) this.#placer.forget(exit.slot);
      this.#inventory.after(tick);
    }
    this.#deliver(interval);
    if (monotonic - this.#savedAt >= SAVE_STATE_EVERY * 1e6) this.#saveIdle();
    return interval;
  }

  #scan(): ProcessTick | undefined {
    const { log } = this.#dependencies;
    try {
      const tick = this.#scanner.tick();
      if (this.#scanFailed) log.info('scan-works-again');
      this.#scanFailed = false;
      if (this.#lastStatus?.storm !== tick.status.storm && this.#lastStatus !== undefined) {
        log.warn(tick.status.storm ? 'fork-storm-began' : 'fork-storm-over', { births: tick.status.births });
      }
      this.#lastStatus = tick.status;
      return tick;
    } catch (cause) {
      // Energy goes on being measured; it is unattributed until the scan works again.
      if (!this.#scanFailed) {
        const found = cause instanceof Error ? cause.message : String(cause);
        log.error('scan-failed', { error: daemonErrors.KISIM_E_METER_SCAN(found, { cause }) });
      }
      this.#scanFailed = true;
      this.#hostCpu.reset();
      return undefined;
    }
  }

  #readSources(monotonicNanoseconds: Nanoseconds, busyNanoseconds: Nanoseconds): ZoneReading[] {
    const context = { monotonicNanoseconds, busyNanoseconds, cpuCount: this.#topology.count };
    return this.#dependencies.sources.flatMap((source) => source.read(context));
  }

  #remarks(tick: ProcessTick | undefined, clockStepMilliseconds: Milliseconds): string[] {
    const remarks: string[] = [];
    if (tick === undefined) remarks.push('scan-failed');
    if (tick?.status.storm === true) remarks.push('storm');
    if (clockStepMilliseconds < -CLOCK_SET_MILLISECONDS) remarks.push('clock-set-back');
    if (clockStepMilliseconds > CLOCK_SET_MILLISECONDS) remarks.push('clock-set-forward');
    return remarks;
  }

  #deliver(interval: EnergyInterval): void {
    for (const sink of this.#sinks) {
      try {
        sink.accept(interval);
      } catch (error) {
        this.#dependencies.log.error('interval-sink-failed', { sink: sink.constructor.name, error });
      }
    }
  }

  #schedule(): void {
    const period = this.#config.meter.intervalMilliseconds * 1e6;
    const now = this.#dependencies.clock.monotonicNanoseconds();
    this.#deadline += period;
    if (this.#deadline <= now) {
      const missed = Math.floor((now - this.#deadline) / period) + 1;
      this.#lateTicks += missed;
      this.#deadline += missed * period;
    }
    this.#timer = setTimeout(
      () => {
        this.#schedule();
        this.tick();
      },
      (this.#deadline - now) / 1e6,
    );
  }

  #restoreIdle(): void {
    const { state, clock } = this.#dependencies;
    const saved = state?.loadState(IDLE_STATE_KEY);
    if (typeof saved !== 'object' || saved === null) return;
    this.#splitter.restoreIdle(saved as Record<string, IdleModelState>, clock.unixMilliseconds());
  }

  #saveIdle(): void {
    const { state, clock, log } = this.#dependencies;
    this.#savedAt = clock.monotonicNanoseconds();
    try {
      state?.saveState(IDLE_STATE_KEY, this.#splitter.idleStates(clock.unixMilliseconds()));
    } catch (error) {
      log.warn('idle-state-not-saved', { error });
    }
  }
}

function cpuNumbers({ socketOf }: CpuTopology): number[] {
  return [...socketOf.keys()].filter((cpu) => socketOf[cpu]! >= 0);
}

function emptyTick(monotonicNanoseconds: Nanoseconds): ProcessTick {
  return {
    monotonicNanoseconds,
    born: [],
    exited: [],
    shortLived: [],
    alive: 0,
    activeCount: 0,
    activeSlots: new Int32Array(0),
    activeCpuNanoseconds: new Float64Array(0),
    activeLastCpu: new Int32Array(0),
    groupCpuNanoseconds: new Float64Array(0),
    hostCpuNanoseconds: new Float64Array(0),
    hostCpuIds: new Int32Array(0),
    status: { births: 'readdir', exits: 'none', storm: false, overruns: 0, unreadable: 0 },
  };
}
