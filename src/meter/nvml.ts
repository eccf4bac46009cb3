import type { NativeNvml, NvmlDeviceInfo } from '../native/nvml.ts';
import type { Clock } from '../util/clock.ts';
import { systemErrorCode } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import type { Watts } from '../util/units.ts';
import { meterErrors } from './errors.ts';
import { GpuCrossCheck } from './gpu-cross-check.ts';
import { GpuEnergyCounter } from './gpu-energy.ts';
import { GpuProcessUseMeter } from './gpu-process-use.ts';
import { PowerIntegral } from './power-integral.ts';
import type { GapReason, GpuProcessUse, PowerSource, Zone, ZoneReading } from './power-source.ts';

export interface NvmlOptions {
  /** Loads the library; throws an Error whose `code` is NVML's name of the refusal. */
  readonly open: () => NativeNvml;
  readonly clock: Pick<Clock, 'monotonicNanoseconds'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** A board as people know it, with the MIG instances it is cut into; they have no energy of their own. */
export interface GpuBoard {
  readonly zoneId: string;
  readonly info: NvmlDeviceInfo;
}

interface Board {
  readonly index: number;
  readonly info: NvmlDeviceInfo;
  readonly zone: Zone;
  readonly counter: GpuEnergyCounter | undefined;
  readonly power: PowerIntegral;
  readonly check: GpuCrossCheck;
  readonly use: GpuProcessUseMeter;
  disagrees: boolean;
  /** NVML's name of why processes could not be listed at the last look, '' if they could. */
  useRefusal: string;
}

/** A board may pass its power limit for a moment; readings at half more are faults. */
const LIMIT_FACTOR = 1.5;
/** For boards that tell no limit: above any board of today. */
const FALLBACK_WATTS: Watts = 2000;

/** What NVML says of a board that is no longer there. */
const GONE = new Set([
  'NVML_ERROR_GPU_IS_LOST',
  'NVML_ERROR_RESET_REQUIRED',
  'NVML_ERROR_UNINITIALIZED',
  'NVML_ERROR_INVALID_ARGUMENT',
  'NVML_ERROR_GPU_NOT_FOUND',
]);
const NO_DRIVER = new Set(['NVML_ERROR_LIBRARY_NOT_FOUND', 'NVML_ERROR_DRIVER_NOT_LOADED']);

/**
 * NVIDIA boards by NVML: one zone a board, outside the CPU packages and so always counted. The board's total-energy
 * counter is taken where there is one (`measured`), else its power is integrated (`integrated`); where both exist
 * they are held against each other, and a disagreement is logged as `gpu-energy-disagrees`. NVML's power is a mean
 * over a second on Ampere and newer (but for GA100) and momentary on older boards; its fields for one or the other
 * are not asked for.
 *
 * With MIG only the whole board's energy is real: instances are named by `boards()` and never are zones. NVML tells
 * no utilisation under MIG, so `processUse` says nothing of such a board and its energy stays unattributed, also
 * where one process alone is on the board: others may have come and gone between two looks.
 *
 * `open` throws KISIM_E_METER_NVML_ABSENT, _FAILED or _NO_ENERGY.
 */
export class NvmlSource implements PowerSource {
  readonly name = 'nvml';
  readonly #options: NvmlOptions;
  #nvml: NativeNvml | undefined;
  #boards: readonly Board[] = [];
  #zones: readonly Zone[] = [];
  #notes: string[] = [];
  #use: readonly GpuProcessUse[] = [];
  #useUnknown: readonly string[] = [];

  constructor(options: NvmlOptions) {
    this.#options = options;
  }

  open(): void {
    const nvml = this.#load();
    this.#notes = [];
    try {
      const count = nvml.deviceCount();
      const boards: Board[] = [];
      for (let index = 0; index < count; index += 1) {
        const board = this.#openBoard(nvml, index);
        if (board !== undefined) boards.push(board);
      }
      if (boards.length === 0) {
        const found = [`${count} boards`, ...this.#notes].join('; ');
        throw meterErrors.KISIM_E_METER_NVML_NO_ENERGY(found);
      }
      this.#nvml = nvml;
      this.#boards = boards;
      this.#zones = boards.map(({ zone }) => zone);
    } catch (error) {
      nvml.close();
      const code = systemErrorCode(error);
      if (code?.startsWith('NVML_') === true) {
        throw meterErrors.KISIM_E_METER_NVML_FAILED(messageOf(error), { cause: error });
      }
      throw error;
    }
  }

  zones(): readonly Zone[] {
    return this.#zones;
  }

  /** What could not be used, and what is known of MIG boards, one sentence each; for the doctor. */
  notes(): readonly string[] {
    return this.#notes;
  }

  /** The boards with their MIG instances as they are now; a board that cannot be asked is given as it was. */
  boards(): readonly GpuBoard[] {
    return this.#boards.map(({ index, info, zone }) => {
      const now = attempt(() => this.#nvml?.device(index));
      return { zoneId: zone.id, info: now.value ?? info };
    });
  }

  read(): readonly ZoneReading[] {
    const nvml = this.#nvml;
    if (nvml === undefined) return [];
    const uses: GpuProcessUse[] = [];
    const readings = this.#boards.map((board) => {
      const reading = this.#readBoard(nvml, board);
      uses.push(...this.#readUse(nvml, board, reading));
      return reading;
    });
    this.#use = uses;
    this.#useUnknown = this.#boards
      .filter(({ info, useRefusal }) => info.migEnabled || useRefusal !== '')
      .map(({ zone }) => zone.id);
    return readings;
  }

  processUse(): readonly GpuProcessUse[] {
    return this.#use;
  }

  processUseUnknown(): readonly string[] {
    return this.#useUnknown;
  }

  close(): void {
    this.#nvml?.close();
    this.#nvml = undefined;
    this.#use = [];
    this.#useUnknown = [];
  }

  #load(): NativeNvml {
    try {
      return this.#options.open();
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined || !code.startsWith('NVML_')) throw error;
      const make = NO_DRIVER.has(code)
        ? meterErrors.KISIM_E_METER_NVML_ABSENT
        : meterErrors.KISIM_E_METER_NVML_FAILED;
      throw make(messageOf(error), { cause: error });
    }
  }

  /** One board that refuses stops none of the others. */
  #openBoard(nvml: NativeNvml, index: number): Board | undefined {
    const asked = attempt(() => {
      const info = nvml.device(index);
      const hasCounter = nvml.totalEnergyMillijoules(index) !== undefined;
      return { info, hasCounter, hasPower: nvml.powerMilliwatts(index) !== undefined };
    });
    if (asked.value === undefined) {
      this.#notes.push(`board ${index} cannot be asked (${asked.code})`);
      return undefined;
    }
    const { info, hasCounter, hasPower } = asked.value;
    if (!hasCounter && !hasPower) {
      this.#notes.push(`board ${index} (${info.name}) tells neither energy nor power`);
      return undefined;
    }
    const maxWatts =
      info.powerLimitMilliwatts === undefined
        ? FALLBACK_WATTS
        : (info.powerLimitMilliwatts / 1000) * LIMIT_FACTOR;
    const zone: Zone = {
      id: `gpu-${info.uuid}`,
      kind: 'gpu',
      socket: undefined,
      counted: true,
      exclusion: '',
      path: boardPlace(info, index),
      description: describeBoard(info, index),
      source: 'nvml',
      provenance: hasCounter ? 'measured' : 'integrated',
      maxWatts,
    };
    const use = new GpuProcessUseMeter();
    if (info.migEnabled) {
      this.#notes.push(`${zone.description}: MIG is on, so its energy cannot be attributed to processes`);
    } else {
      use.skip(attempt(() => nvml.processUtilisation(index, 0)).value ?? []);
    }
    return {
      index,
      info,
      zone,
      counter: hasCounter ? new GpuEnergyCounter(maxWatts) : undefined,
      power: new PowerIntegral(maxWatts),
      check: new GpuCrossCheck(),
      use,
      disagrees: false,
      useRefusal: '',
    };
  }

  #readBoard(nvml: NativeNvml, board: Board): ZoneReading {
    const { index, zone, counter, power } = board;
    const milliwatts = attempt(() => nvml.powerMilliwatts(index));
    const powerAt = this.#options.clock.monotonicNanoseconds();
    const integrated =
      milliwatts.value === undefined
        ? power.fail(gapOf(milliwatts.code), powerAt)
        : power.step(milliwatts.value / 1000, powerAt);
    if (counter === undefined) return { zone, ...integrated, maxWatts: undefined };

    const millijoules = attempt(() => nvml.totalEnergyMillijoules(index));
    const counterAt = this.#options.clock.monotonicNanoseconds();
    const counted =
      millijoules.value === undefined
        ? counter.fail(gapOf(millijoules.code), counterAt)
        : counter.step(millijoules.value, counterAt);
    this.#crossCheck(
      board,
      counted.energyMicrojoules,
      integrated.energyMicrojoules,
      counted.intervalNanoseconds,
    );
    return { zone, ...counted, maxWatts: undefined };
  }

  #crossCheck(
    board: Board,
    counter: number | undefined,
    power: number | undefined,
    intervalNanoseconds: number,
  ): void {
    const verdict = board.check.observe(counter, power, intervalNanoseconds);
    if (verdict === undefined || verdict.agrees !== board.disagrees) return;
    board.disagrees = !verdict.agrees;
    const { counterWatts, powerWatts, share } = verdict;
    const fields = { zone: board.zone.id, counterWatts, powerWatts, share };
    if (board.disagrees) this.#options.log.warn('gpu-energy-disagrees', fields);
    else this.#options.log.info('gpu-energy-agrees', fields);
  }

  #readUse(nvml: NativeNvml, board: Board, reading: ZoneReading): readonly GpuProcessUse[] {
    const { index, info, zone, use } = board;
    // After a failed reading the next good one holds this time's energy too: its samples wait in the driver's buffer.
    if (info.migEnabled || reading.gap === 'vanished' || reading.gap === 'unreadable') return [];
    const samples = attempt(() => nvml.processUtilisation(index, use.lastMicroseconds));
    if (samples.code !== board.useRefusal) {
      board.useRefusal = samples.code;
      if (samples.code !== '') {
        this.#options.log.warn('gpu-process-use-refused', { zone: zone.id, code: samples.code });
      }
    }
    if (reading.gap === 'first-reading' || reading.intervalNanoseconds <= 0) {
      use.skip(samples.value ?? []);
      return [];
    }
    return use
      .take(samples.value ?? [], reading.intervalNanoseconds)
      .map(({ pid, smShare }) => ({ zoneId: zone.id, pid, smShare }));
  }
}

interface Attempt<T> {
  readonly value: T | undefined;
  /** NVML's name of the refusal, '' where there was none. */
  readonly code: string;
}

function attempt<T>(call: () => T): Attempt<T> {
  try {
    return { value: call(), code: '' };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined || !code.startsWith('NVML_')) throw error;
    return { value: undefined, code };
  }
}

function gapOf(code: string): GapReason {
  return GONE.has(code) ? 'vanished' : 'unreadable';
}

function describeBoard(info: NvmlDeviceInfo, index: number): string {
  const instances = info.migInstances.map(({ name, uuid }) => `${name} ${uuid}`).join(', ');
  return `${info.name} at ${boardPlace(info, index)}${info.migEnabled ? ` (MIG: ${instances || 'no instance'})` : ''}`;
}

function boardPlace({ pciBusId }: NvmlDeviceInfo, index: number): string {
  return pciBusId === '' ? `board ${index}` : pciBusId;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
