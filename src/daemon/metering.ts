import { EnergySplitter } from '../attribution/energy-splitter.ts';
import type { EnergyInterval, IntervalSink } from '../attribution/interval.ts';
import { UsageTracker } from '../attribution/usage.ts';
import type { Config } from '../config/config.ts';
import type { Entity } from '../inventory/entity.ts';
import { Inventory } from '../inventory/host-inventory.ts';
import type { PowerSource } from '../meter/power-source.ts';
import { emptyTick } from '../native/empty-tick.ts';
import type { NativeProcessScanner, ProcessTick, ScannerStatus } from '../native/process-scanner.ts';
import type { Clock } from '../util/clock.ts';
import type { Logger } from '../util/log.ts';
import type { Milliseconds, Nanoseconds } from '../util/units.ts';
import { daemonErrors } from './errors.ts';
import { HostCpus } from './host-cpus.ts';
import { openScanner } from './open-scanner.ts';
import { SourceReader } from './source-reader.ts';

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
  /** Of the last tick that came to its end. */
  readonly lastTickMonotonicNanoseconds: Nanoseconds | undefined;
  readonly scanner: ScannerStatus | undefined;
  readonly refusals: readonly string[];
}

interface Moment {
  readonly monotonic: Nanoseconds;
  readonly unix: Milliseconds;
}

const IDLE_STATE_KEY = 'idle-models';
const SAVE_STATE_EVERY: Milliseconds = 60_000;
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
  readonly #cpus: HostCpus;
  readonly #sources: SourceReader;
  readonly #splitter: EnergySplitter;
  readonly #scanner: NativeProcessScanner;
  readonly #inventory: Inventory;
  readonly #usage: UsageTracker;
  readonly #refusals: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #deadline: Nanoseconds = 0;
  #sequence = 0;
  #lateTicks = 0;
  #last: Moment | undefined;
  #lastStatus: ScannerStatus | undefined;
  #completedAt: Nanoseconds | undefined;
  #savedAt: Nanoseconds = 0;
  #started = false;
  #stopped = false;
  #scanFailed = false;
  #intervalFailures = 0;
  /** Processes alive in the last good scan. */
  #alive = 0;

  constructor(config: Config, dependencies: MeteringDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    const { log } = dependencies;
    this.#sources = new SourceReader(dependencies.sources, log);
    this.#cpus = new HostCpus(config.roots.sys, config.attribution.smtFactor);
    this.#splitter = new EnergySplitter({
      idle: config.attribution.idle,
      idleWatts: config.attribution.idleWatts,
      forgettingHours: config.attribution.forgettingHours,
      ...this.#cpus.bySocket(),
      onRefusedState: (zone) => log.warn('idle-state-refused', { zone }),
    });
    try {
      this.#scanner = dependencies.scanner ?? openScanner(config, this.#cpus.differ);
    } catch (error) {
      this.#cpus.close();
      throw error;
    }
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
      lastTickMonotonicNanoseconds: this.#completedAt,
      scanner: this.#lastStatus,
      refusals: this.#refusals,
    };
  }

  /** Takes up what was learned before, makes the first scan, and ticks from then on. Where that fails all is closed. */
  start(): void {
    try {
      this.#restoreIdle();
      this.tick();
    } catch (error) {
      this.stop();
      throw error;
    }
    this.#started = true;
    this.#deadline = this.#dependencies.clock.monotonicNanoseconds();
    this.#savedAt = this.#deadline;
    this.#schedule();
  }

  /** Ends the ticking, keeps what was learned, closes sources and scanner, also if it was never started. May be called twice. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (this.#started) this.#saveIdle();
    this.#sources.close();
    this.#cpus.close();
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
    let interval: EnergyInterval | undefined;
    try {
      interval = this.#measure(tick, last, { monotonic, unix });
    } finally {
      // Also where the split has failed: slots of what exited are used again from the next scan on.
      if (tick !== undefined) {
        for (const exit of tick.exited) this.#cpus.placer.forget(exit.slot);
        this.#inventory.after(tick);
      }
    }
    this.#completedAt = monotonic;
    if (interval === undefined) return undefined;
    this.#deliver(interval);
    if (monotonic - this.#savedAt >= SAVE_STATE_EVERY * 1e6) this.#saveIdle();
    return interval;
  }

  #measure(
    tick: ProcessTick | undefined,
    last: Moment | undefined,
    { monotonic, unix }: Moment,
  ): EnergyInterval | undefined {
    if (tick !== undefined) {
      this.#inventory.before(tick);
      this.#followCpus(tick);
      this.#alive = tick.alive;
    }
    const durationNanoseconds = last === undefined ? 0 : monotonic - last.monotonic;
    const host = tick && this.#cpus.advance(tick, monotonic, durationNanoseconds);
    const busyNanoseconds = host?.busyNanoseconds ?? Number.NaN;
    const usage = this.#usage.advance(tick ?? emptyTick(monotonic), this.#inventory, busyNanoseconds);
    const cpuCount = this.#cpus.count;
    const context = { monotonicNanoseconds: monotonic, busyNanoseconds, cpuCount };
    const readings = this.#sources.read(context, durationNanoseconds);
    if (last === undefined) return undefined;

    const result = this.#splitter.split({
      readings,
      usage,
      shares: this.#cpus.placer.place(usage, host),
      host,
      gpuUse: this.#sources.processUse(),
      gpuUseUnknown: this.#sources.processUseUnknown(),
      inventory: this.#inventory,
      durationNanoseconds,
    });
    return {
      sequence: this.#sequence++,
      startUnixMilliseconds: unix - durationNanoseconds / 1e6,
      endUnixMilliseconds: unix,
      endMonotonicNanoseconds: monotonic,
      durationNanoseconds,
      ...result,
      busyNanoseconds,
      cpuCount,
      processCount: this.#alive,
      remarks: this.#remarks(tick, unix - last.unix - durationNanoseconds / 1e6),
    };
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
      this.#cpus.reset();
      return undefined;
    }
  }

  /** CPUs are taken offline and online while the host runs. */
  #followCpus(tick: ProcessTick): void {
    if (!this.#cpus.follow(tick.hostCpuIds)) return;
    this.#splitter.useCpus(this.#cpus.bySocket());
    this.#dependencies.log.info('cpus-changed', { online: this.#cpus.count });
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
    if (this.#stopped) return;
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
        this.#tickOrTell();
      },
      (this.#deadline - now) / 1e6,
    );
  }

  /** A defect that one interval brings out must not end the metering of all others. */
  #tickOrTell(): void {
    const { log } = this.#dependencies;
    try {
      this.tick();
      if (this.#intervalFailures > 0) log.info('intervals-work-again', { failed: this.#intervalFailures });
      this.#intervalFailures = 0;
    } catch (cause) {
      if (this.#intervalFailures === 0) {
        const found = cause instanceof Error ? cause.message : String(cause);
        log.error('interval-failed', { error: daemonErrors.KISIM_E_METER_INTERVAL(found, { cause }) });
      }
      this.#intervalFailures += 1;
    }
  }

  #restoreIdle(): void {
    const { state, clock, log } = this.#dependencies;
    try {
      const saved = state?.loadState(IDLE_STATE_KEY);
      if (typeof saved !== 'object' || saved === null) return;
      this.#splitter.restoreIdle(saved as Record<string, unknown>, clock.unixMilliseconds());
    } catch (error) {
      // It can be learned again; the metering cannot wait for it.
      log.warn('idle-state-not-loaded', { error });
    }
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
