import type { NativeCounterSampler } from '../native/counters.ts';
import type { Watts } from '../util/units.ts';
import { meterErrors } from './errors.ts';
import { type CounterSetFactory, HeldCounters } from './held-counters.ts';
import { MirrorWatch } from './mirror.ts';
import type { PowerSource, ReadContext, Zone, ZoneReading } from './power-source.ts';
import { type PowercapTree, readPowercapTree } from './powercap-tree.ts';
import { type PlacedZone, placeZones } from './powercap-zones.ts';
import { CounterTrack } from './wrap.ts';

export type SamplerFactory = (options: {
  readonly paths: readonly string[];
  readonly wrapRanges: readonly number[];
  readonly hz: number;
}) => NativeCounterSampler;

export interface RaplPowercapOptions {
  /** Usually `/sys`. */
  readonly sys: string;
  readonly counters: CounterSetFactory;
  /** Rate of the thread that watches for power peaks between two reads; 0 = none. */
  readonly samplingHz: number;
  /** Needed where `samplingHz` is above 0. */
  readonly sampler?: SamplerFactory;
}

interface Pair {
  readonly first: number;
  readonly second: number;
  readonly watch: MirrorWatch;
}

/** Reads of a suspected pair before a small difference is believed: a refresh falls between two reads 1 time in 20. */
const MIRROR_ATTEMPTS = 4;

/**
 * RAPL by the powercap class of sysfs: every zone of every socket and die, those inside others too, but only
 * packages and their DRAM are counted. Needs read permission on energy_uj.
 *
 * `open` throws KISIM_E_METER_POWERCAP_ABSENT, _FORBIDDEN or _UNREADABLE; one readable zone that is counted is enough to
 * go on, the others are told by `notes()`.
 */
export class RaplPowercapSource implements PowerSource {
  readonly name = 'rapl-powercap';
  readonly #options: RaplPowercapOptions;
  readonly #held: HeldCounters;
  #placed: readonly PlacedZone[] = [];
  #zones: readonly Zone[] = [];
  #tracks: readonly CounterTrack[] = [];
  #pairs: readonly Pair[] = [];
  #notes: readonly string[] = [];
  #sampler: NativeCounterSampler | undefined;
  #samplerGeneration = 0;
  #sampled: readonly number[] = [];
  #drained = { energy: new Float64Array(0), times: new Float64Array(0), peaks: new Float64Array(0) };

  constructor(options: RaplPowercapOptions) {
    this.#options = options;
    this.#held = new HeldCounters(options.counters);
  }

  open(): void {
    const tree = readPowercapTree(this.#options.sys);
    if (tree.zones.length === 0) {
      throw meterErrors.KISIM_E_METER_POWERCAP_ABSENT(
        `${tree.folder} ${tree.error === '' ? 'holds no zone' : `cannot be listed (${tree.error})`}`,
      );
    }
    this.#held.open(tree.zones.map((zone) => zone.energyPath));
    try {
      this.#held.read();
      const readable = new Set(tree.zones.filter((_, at) => this.#held.error(at) === ''));
      this.#placed = placeZones(tree.zones, (zone) => readable.has(zone));
      this.#requireOneReadable(tree);
      this.#zones = this.#placed.map(({ zone }) => zone);
      this.#tracks = this.#placed.map(
        ({ zone, source }) =>
          new CounterTrack({
            rangeMicrojoules: source.rangeMicrojoules,
            maxWatts: zone.maxWatts,
            wraps: true,
          }),
      );
      this.#notes = this.#describe(tree);
      this.#pairs = this.#suspects();
      this.#watchMirrors();
      this.#startSampler();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  zones(): readonly Zone[] {
    return this.#zones;
  }

  /** What could not be read or is not trusted, one sentence each; for the doctor. */
  notes(): readonly string[] {
    return this.#notes;
  }

  read(context: ReadContext): readonly ZoneReading[] {
    this.#held.read();
    this.#watchMirrors();
    const peaks = this.#drainPeaks();
    return this.#placed.map(({ zone }, at) => {
      const track = this.#tracks[at]!;
      const value = this.#held.values[at]!;
      const maxWatts = peaks.get(at);
      if (!Number.isNaN(value)) {
        return { zone, ...track.step(value, this.#held.times[at]!), maxWatts };
      }
      const gap = this.#held.vanished(at) ? 'vanished' : 'unreadable';
      const step = track.fail(gap, context.monotonicNanoseconds);
      if (gap === 'vanished') track.forget();
      return { zone, ...step, maxWatts: undefined };
    });
  }

  close(): void {
    this.#sampler?.stop();
    this.#sampler = undefined;
    this.#held.close();
  }

  #requireOneReadable(tree: PowercapTree): void {
    const readable = this.#placed.map((_, at) => this.#held.error(at) === '');
    // Zones that are only shown do not make a source: without a counted one every interval would be unknown.
    if (this.#placed.some(({ zone }, at) => zone.counted && readable[at] === true)) return;
    if (readable.some(Boolean) && !this.#placed.some(({ zone }) => zone.counted)) return;
    const failures = tree.zones.flatMap((zone, at) =>
      readable[at] === true ? [] : [{ zone, error: this.#held.error(at) }],
    );
    const found = failures.map(({ zone, error }) => `${zone.energyPath} (${error})`).join(', ');
    if (failures.every(({ error }) => error === 'EACCES' || error === 'EPERM')) {
      const files = failures.map(({ zone }) => zone.energyPath).join(' ');
      throw meterErrors.KISIM_E_METER_POWERCAP_FORBIDDEN(found, {
        action:
          'run as root, or `sudo kisimd install-service` (its udev rule lets the group kisimd read the counters), ' +
          `or until the next boot: \`sudo chgrp "$(id -gn)" ${files} && sudo chmod 0440 ${files}\``,
      });
    }
    throw meterErrors.KISIM_E_METER_POWERCAP_UNREADABLE(found);
  }

  #describe(tree: PowercapTree): readonly string[] {
    return tree.zones.flatMap((zone, at) => {
      const label = `${zone.directory} (${zone.name ?? 'no name'})`;
      const error = this.#held.error(at);
      const notes: string[] = [];
      if (error !== '') notes.push(`${label}: energy_uj cannot be read (${error})`);
      if (zone.rangeMicrojoules === undefined) {
        notes.push(`${label}: max_energy_range_uj cannot be read, so a wrap of the counter will be a gap`);
      }
      if (zone.name === undefined) notes.push(`${label}: its name cannot be read, so it is not counted`);
      return notes;
    });
  }

  /** Dies of one package whose counters read the same now. Those that differ are certainly two counters. */
  #suspects(): readonly Pair[] {
    const pairs: Pair[] = [];
    for (const [second, place] of this.#placed.entries()) {
      if (place.kind !== 'package' || !place.zone.counted || place.die === undefined) continue;
      const first = this.#placed.findIndex(
        (other) => other.kind === 'package' && other.zone.counted && other.socket === place.socket,
      );
      if (first < 0 || first >= second) continue;
      const watch = new MirrorWatch(place.zone.maxWatts, place.source.rangeMicrojoules);
      pairs.push({ first, second, watch });
    }
    return pairs;
  }

  /** Brings every pair up to date before its energy is given out, so that no die is counted twice or left out. */
  #watchMirrors(): void {
    let open = this.#pairs.filter((pair) => this.#observe(pair));
    for (let attempt = 1; open.length > 0 && attempt < MIRROR_ATTEMPTS; attempt += 1) {
      this.#held.read();
      open = open.filter((pair) => this.#observe(pair));
    }
    for (const pair of open) pair.watch.differ();
    for (const { first, second, watch } of this.#pairs) {
      const zone = this.#placed[second]!.zone;
      const original = this.#placed[first]!.zone.id;
      if (watch.state === 'confirmed') zone.exclusion = `mirror of ${original}`;
      else if (watch.state === 'suspected') zone.exclusion = `reads the same as ${original} so far`;
      else zone.exclusion = '';
      zone.counted = zone.exclusion === '';
    }
  }

  #observe({ first, second, watch }: Pair): boolean {
    const { values, times } = this.#held;
    if (Number.isNaN(values[first]!) || Number.isNaN(values[second]!)) return false;
    return watch.observe({
      first: values[first]!,
      second: values[second]!,
      skewNanoseconds: times[second]! - times[first]!,
    });
  }

  #startSampler(): void {
    const { samplingHz, sampler } = this.#options;
    if (samplingHz <= 0) return;
    if (sampler === undefined) {
      throw new TypeError(`samplingHz is ${samplingHz}, but no sampler was given`);
    }
    this.#sampler?.stop();
    this.#sampled = this.#placed.flatMap((_, at) => (Number.isNaN(this.#held.values[at]!) ? [] : [at]));
    this.#sampler = sampler({
      paths: this.#sampled.map((at) => this.#placed[at]!.source.energyPath),
      wrapRanges: this.#sampled.map((at) => this.#placed[at]!.source.rangeMicrojoules ?? 0),
      hz: samplingHz,
    });
    this.#samplerGeneration = this.#held.generation;
    const size = this.#sampled.length;
    this.#drained = {
      energy: new Float64Array(size),
      times: new Float64Array(size),
      peaks: new Float64Array(size),
    };
  }

  /**
   * Greatest power between the two last reads, by zone. The energy itself is always the counter's own difference:
   * the sampling thread may be late, the counter is not.
   */
  #drainPeaks(): ReadonlyMap<number, Watts> {
    const peaks = new Map<number, Watts>();
    if (this.#sampler === undefined) return peaks;
    this.#sampler.drain(this.#drained.energy, this.#drained.times, this.#drained.peaks);
    for (const [slot, at] of this.#sampled.entries()) {
      const watts = this.#drained.peaks[slot]! / 1e6;
      if (watts >= 0 && watts <= this.#placed[at]!.zone.maxWatts) peaks.set(at, watts);
    }
    const readable = this.#placed.filter((_, at) => !Number.isNaN(this.#held.values[at]!)).length;
    const reopened = this.#samplerGeneration !== this.#held.generation;
    if (reopened || readable > this.#sampled.length) this.#startSampler();
    return peaks;
  }
}
