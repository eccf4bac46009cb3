import type { GpuProcessUse, PowerSource, ReadContext, ZoneReading } from '../meter/power-source.ts';
import type { Logger } from '../util/log.ts';
import type { Nanoseconds } from '../util/units.ts';
import { daemonErrors } from './errors.ts';

/** Reads all open sources once an interval. One that throws, which none should, takes nothing from the others. */
export class SourceReader {
  readonly #sources: readonly PowerSource[];
  readonly #log: Logger;
  readonly #failed = new Set<PowerSource>();

  constructor(sources: readonly PowerSource[], log: Logger) {
    this.#sources = sources;
    this.#log = log;
  }

  /** @param intervalNanoseconds length of the interval, for the gaps of sources that told nothing */
  read(context: ReadContext, intervalNanoseconds: Nanoseconds): ZoneReading[] {
    return this.#sources.flatMap((source): readonly ZoneReading[] => {
      try {
        const readings = source.read(context).map((reading) => checked(reading));
        if (this.#failed.delete(source)) this.#log.info('source-works-again', { source: source.name });
        return readings;
      } catch (cause) {
        this.#tell(source, cause);
        return source.zones().map((zone) => ({
          zone,
          energyMicrojoules: undefined,
          gap: 'unreadable',
          intervalNanoseconds,
          maxWatts: undefined,
        }));
      }
    });
  }

  /** Which processes used which GPU in the interval of the last `read`. */
  processUse(): GpuProcessUse[] {
    return this.#sources.flatMap((source) => (this.#failed.has(source) ? [] : (source.processUse?.() ?? [])));
  }

  /** Zones of which it is not known who used them. */
  processUseUnknown(): string[] {
    return this.#sources.flatMap((source) =>
      this.#failed.has(source) ? [] : (source.processUseUnknown?.() ?? []),
    );
  }

  close(): void {
    for (const source of this.#sources) {
      try {
        source.close();
      } catch (error) {
        this.#log.error('source-not-closed', { source: source.name, error });
      }
    }
  }

  #tell(source: PowerSource, cause: unknown): void {
    if (this.#failed.has(source)) return;
    this.#failed.add(source);
    const found = `${source.name}: ${cause instanceof Error ? cause.message : String(cause)}`;
    this.#log.error('source-failed', { error: daemonErrors.KISIM_E_METER_SOURCE(found, { cause }) });
  }
}

/** What is no energy must not come into any sum: it would spoil all those that follow. */
function checked(reading: ZoneReading): ZoneReading {
  const { energyMicrojoules: energy, intervalNanoseconds: interval } = reading;
  const isInterval = interval >= 0 && interval < Number.POSITIVE_INFINITY;
  if (isInterval && (energy === undefined || (energy >= 0 && energy < Number.POSITIVE_INFINITY)))
    return reading;
  return {
    ...reading,
    energyMicrojoules: undefined,
    gap: 'absurd-jump',
    intervalNanoseconds: isInterval ? interval : 0,
  };
}
