import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type KisimError, systemErrorCode } from '../util/errors.ts';
import type { Nanoseconds } from '../util/units.ts';
import { CAPTURE_FILE, encodeHeader, encodeRecord } from './capture-format.ts';
import { meterErrors } from './errors.ts';
import type { PowerSource, ReadContext, Zone, ZoneReading } from './power-source.ts';

export interface EnergyRecorderOptions {
  /** Is made where it does not exist. A capture already in it is never written over. */
  readonly folder: string;
  /** Opened already; they stay their owner's. */
  readonly sources: readonly PowerSource[];
  /** A line could not be written (full disk). Recording has ended with it, reading goes on. Called once. */
  readonly onFailure: (error: KisimError) => void;
  /** Replaces `writeSync`, in tests of a disk that fails. */
  readonly write?: (file: number, text: string) => void;
}

/**
 * Reads sources and keeps every reading in a capture (capture-format.ts) that `RecordedSource` plays.
 *
 * @example
 * const recorder = new EnergyRecorder({ folder: 'capture', sources, onFailure: (error) => log.error(error) });
 * recorder.open();
 * const readings = recorder.read(context); // in place of sources.flatMap((source) => source.read(context))
 */
export class EnergyRecorder {
  readonly #options: EnergyRecorderOptions;
  #file: number | undefined;
  #start: Nanoseconds | undefined;
  #last: Nanoseconds = -1;
  #written: readonly (readonly [counted: boolean, exclusion: string])[] = [];

  constructor(options: EnergyRecorderOptions) {
    this.#options = options;
  }

  /** Throws KISIM_E_METER_RECORDING_WRITE. */
  open(): void {
    const path = join(this.#options.folder, CAPTURE_FILE);
    const zones = this.#zones();
    try {
      mkdirSync(this.#options.folder, { recursive: true });
      this.#file = openSync(path, 'wx', 0o640);
      this.#append(this.#file, encodeHeader(zones));
    } catch (cause) {
      this.close();
      throw writeError(path, cause);
    }
    this.#start = undefined;
    this.#last = -1;
    this.#written = zones.map(({ counted, exclusion }) => [counted, exclusion] as const);
  }

  /** Readings of all sources, one after the other. Never throws for a capture that cannot be written. */
  read(context: ReadContext): readonly ZoneReading[] {
    const readings = this.#options.sources.flatMap((source) => source.read(context));
    this.#write(context, readings);
    return readings;
  }

  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    closeSync(file);
  }

  #zones(): readonly Zone[] {
    return this.#options.sources.flatMap((source) => source.zones());
  }

  #write(context: ReadContext, readings: readonly ZoneReading[]): void {
    if (this.#file === undefined) return;
    this.#start ??= context.monotonicNanoseconds;
    // Two reads at one instant must not be lost, nor stand at one time: a player could not tell them apart.
    const nanoseconds = Math.max(context.monotonicNanoseconds - this.#start, this.#last + 1);
    this.#last = nanoseconds;
    const { busyNanoseconds, cpuCount } = context;
    const line = encodeRecord(
      {
        nanoseconds,
        busyNanoseconds: Number.isNaN(busyNanoseconds) ? undefined : busyNanoseconds,
        cpuCount,
      },
      readings,
      this.#changes(),
    );
    try {
      this.#append(this.#file, line);
    } catch (cause) {
      this.close();
      this.#options.onFailure(writeError(join(this.#options.folder, CAPTURE_FILE), cause));
    }
  }

  #append(file: number, text: string): void {
    const { write } = this.#options;
    if (write === undefined) writeSync(file, text);
    else write(file, text);
  }

  #changes(): readonly (readonly [number, Zone])[] {
    const zones = this.#zones();
    const changed = [...zones.entries()].filter(([at, zone]) => {
      const [counted, exclusion] = this.#written[at] ?? [];
      return counted !== zone.counted || exclusion !== zone.exclusion;
    });
    if (changed.length > 0)
      this.#written = zones.map(({ counted, exclusion }) => [counted, exclusion] as const);
    return changed;
  }
}

function writeError(path: string, cause: unknown): KisimError {
  return meterErrors.KISIM_E_METER_RECORDING_WRITE(`${path} (${systemErrorCode(cause) ?? String(cause)})`, {
    cause,
  });
}
