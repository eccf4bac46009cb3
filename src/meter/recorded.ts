import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KisimError, systemErrorCode } from '../util/errors.ts';
import type { Nanoseconds } from '../util/units.ts';
import { CAPTURE_FILE, type CaptureRecord, decodeCapture } from './capture-format.ts';
import { meterErrors } from './errors.ts';
import type { GapReason, PowerSource, ReadContext, Zone, ZoneReading } from './power-source.ts';

export interface RecordedOptions {
  /** Folder of a capture; see capture-format.ts. undefined is refused by `open` with what to set. */
  readonly folder: string | undefined;
  /** Play from the start again at the end. Off: after the end every reading is a gap, and `ended()` says so. */
  readonly loop: boolean;
  /** The capture has come to its end. Called once. */
  readonly onEnd?: (error: KisimError) => void;
}

interface Sum {
  energyMicrojoules: number;
  gap: GapReason | undefined;
  intervalNanoseconds: Nanoseconds;
  maxWatts: number | undefined;
}

/**
 * Plays a capture at the speed at which it was made: a reading gives the energy of the recorded time that has gone
 * by since the last one, a part of a recorded interval in proportion. Every zone is marked `recorded`.
 *
 * `open` throws KISIM_E_METER_RECORDING_UNSET, _UNREADABLE or _INVALID.
 */
export class RecordedSource implements PowerSource {
  readonly name = 'recorded';
  readonly #options: RecordedOptions;
  #zones: readonly Zone[] = [];
  #records: readonly CaptureRecord[] = [];
  #notes: readonly string[] = [];
  /** Context time of the last read, and the place in the capture that it stands for. */
  #last: Nanoseconds | undefined;
  #position: Nanoseconds = 0;
  /** The record that the position lies in: position <= its time. */
  #cursor = 1;
  #ended: KisimError | undefined;

  constructor(options: RecordedOptions) {
    this.#options = options;
  }

  open(): void {
    const { folder } = this.#options;
    if (folder === undefined) throw meterErrors.KISIM_E_METER_RECORDING_UNSET('meter.recording is not set');
    const path = join(folder, CAPTURE_FILE);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      const found = `${path} (${systemErrorCode(cause) ?? String(cause)})`;
      throw meterErrors.KISIM_E_METER_RECORDING_UNREADABLE(found, { cause });
    }
    const capture = decodeCapture(text);
    this.#records = capture.records;
    this.#zones = capture.zones.map((zone) => ({
      ...zone,
      path: `${path}#${zone.id}`,
      description: [`${zone.source} ${zone.path}`, zone.description ?? ''].filter(Boolean).join(': '),
      source: 'recorded',
      provenance: 'recorded',
    }));
    this.#notes = capture.truncated ? [`${path}: its last line was cut off and is left out`] : [];
    this.#last = undefined;
    this.#position = 0;
    this.#cursor = 1;
    this.#ended = undefined;
  }

  zones(): readonly Zone[] {
    return this.#zones;
  }

  notes(): readonly string[] {
    return this.#notes;
  }

  /** KISIM_E_METER_RECORDING_ENDED once the capture is over, undefined until then. */
  ended(): KisimError | undefined {
    return this.#ended;
  }

  read(context: ReadContext): readonly ZoneReading[] {
    const last = this.#last;
    this.#last = context.monotonicNanoseconds;
    if (last === undefined) return this.#gaps('first-reading', 0);
    const elapsed = Math.max(0, context.monotonicNanoseconds - last);
    if (!this.#options.loop && this.#position >= this.#length()) {
      this.#end();
      return this.#gaps('vanished', elapsed);
    }
    return this.#play(elapsed);
  }

  close(): void {
    this.#records = [];
  }

  #length(): Nanoseconds {
    return this.#records.at(-1)?.nanoseconds ?? 0;
  }

  #play(elapsed: Nanoseconds): readonly ZoneReading[] {
    const sums = this.#zones.map(
      (): Sum => ({ energyMicrojoules: 0, gap: undefined, intervalNanoseconds: 0, maxWatts: undefined }),
    );
    let left = elapsed;
    while (left > 0) {
      const record = this.#records[this.#cursor];
      if (record === undefined) {
        if (!this.#options.loop || this.#records.length === 0) break;
        this.#cursor = 1;
        this.#position = 0;
        continue;
      }
      const start = this.#records[this.#cursor - 1]?.nanoseconds ?? 0;
      const part = Math.min(left, record.nanoseconds - this.#position);
      addPart(sums, record, part / (record.nanoseconds - start));
      left -= part;
      this.#position += part;
      if (this.#position >= record.nanoseconds) this.#cursor += 1;
    }
    return this.#zones.map((zone, at) => {
      const { energyMicrojoules, gap, ...rest } = sums[at]!;
      return { zone, energyMicrojoules: gap === undefined ? energyMicrojoules : undefined, gap, ...rest };
    });
  }

  #gaps(gap: GapReason, intervalNanoseconds: Nanoseconds): readonly ZoneReading[] {
    return this.#zones.map((zone) => ({
      zone,
      energyMicrojoules: undefined,
      gap,
      intervalNanoseconds,
      maxWatts: undefined,
    }));
  }

  #end(): void {
    if (this.#ended !== undefined) return;
    this.#ended = meterErrors.KISIM_E_METER_RECORDING_ENDED(
      `${this.#options.folder} ended after ${(this.#length() / 1e9).toFixed(1)} s`,
    );
    this.#options.onEnd?.(this.#ended);
  }
}

function addPart(sums: readonly Sum[], record: CaptureRecord, share: number): void {
  for (const [at, reading] of record.readings.entries()) {
    const sum = sums[at]!;
    sum.intervalNanoseconds += reading.intervalNanoseconds * share;
    sum.energyMicrojoules += (reading.energyMicrojoules ?? 0) * share;
    // A part of an unknown is unknown: the sum is dropped when a gap is among its parts.
    sum.gap ??= reading.gap;
    if (reading.maxWatts !== undefined) sum.maxWatts = Math.max(sum.maxWatts ?? 0, reading.maxWatts);
  }
}
