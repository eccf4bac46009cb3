import type {
  GpuProcessUse,
  PowerSource,
  ReadContext,
  SourceName,
  Zone,
  ZoneReading,
} from './power-source.ts';

/** Shows an opened source whose energy another source counts already: all readings, nothing in the node's sum. */
export class WithoutCounting implements PowerSource {
  readonly name: SourceName;
  readonly #inner: PowerSource;
  readonly #zones: readonly Zone[];
  readonly processUse?: () => readonly GpuProcessUse[];
  readonly processUseUnknown?: () => readonly string[];

  constructor(inner: PowerSource, exclusion: string) {
    this.name = inner.name;
    this.#inner = inner;
    this.#zones = inner.zones().map((zone) => (zone.counted ? { ...zone, counted: false, exclusion } : zone));
    if (inner.processUse !== undefined) this.processUse = () => inner.processUse?.() ?? [];
    if (inner.processUseUnknown !== undefined)
      this.processUseUnknown = () => inner.processUseUnknown?.() ?? [];
  }

  notes(): readonly string[] {
    return this.#inner.notes?.() ?? [];
  }

  open(): void {
    this.#inner.open();
  }

  zones(): readonly Zone[] {
    return this.#zones;
  }

  read(context: ReadContext): readonly ZoneReading[] {
    return this.#inner
      .read(context)
      .map((reading, at) => ({ ...reading, zone: this.#zones[at] ?? reading.zone }));
  }

  close(): void {
    this.#inner.close();
  }
}
