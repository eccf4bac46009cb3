import { meterErrors } from './errors.ts';
import { type CounterSetFactory, HeldCounters } from './held-counters.ts';
import { type HwmonTree, isUnknownPower, readHwmonTree } from './hwmon-tree.ts';
import { type HwmonRole, type PlacedSensor, placeSensors } from './hwmon-zones.ts';
import { PowerIntegral } from './power-integral.ts';
import type { PowerSource, ReadContext, Zone, ZoneReading } from './power-source.ts';
import { type CounterStep, CounterTrack } from './wrap.ts';

export interface HwmonOptions {
  /** Usually `/sys`. */
  readonly sys: string;
  readonly counters: CounterSetFactory;
  readonly role: HwmonRole;
}

/**
 * Energy and power inputs of hwmon chips. Energy counters are measured, power is integrated. Everything is shown;
 * what is counted depends on the role (see hwmon-zones.ts).
 *
 * `open` throws KISIM_E_METER_HWMON_ABSENT or _UNREADABLE.
 */
export class HwmonSource implements PowerSource {
  readonly name = 'hwmon';
  readonly #options: HwmonOptions;
  readonly #held: HeldCounters;
  #placed: readonly PlacedSensor[] = [];
  #zones: readonly Zone[] = [];
  #meters: readonly (CounterTrack | PowerIntegral)[] = [];
  #notes: readonly string[] = [];

  constructor(options: HwmonOptions) {
    this.#options = options;
    this.#held = new HeldCounters(options.counters);
  }

  open(): void {
    const tree = readHwmonTree(this.#options.sys);
    if (tree.sensors.length === 0) throw meterErrors.KISIM_E_METER_HWMON_ABSENT(describeEmpty(tree));
    this.#held.open(tree.sensors.map((sensor) => sensor.path));
    try {
      this.#held.read();
      const errors = new Map(tree.sensors.map((sensor, at) => [sensor, this.#held.error(at)]));
      if (tree.sensors.every((sensor) => errors.get(sensor) !== '')) {
        const found = tree.sensors.map((sensor) => `${sensor.path} (${errors.get(sensor)})`).join(', ');
        throw meterErrors.KISIM_E_METER_HWMON_UNREADABLE(found);
      }
      this.#placed = placeSensors(
        tree.sensors,
        this.#options.role,
        (sensor) => errors.get(sensor) === '' && !this.#isSentinel(tree, sensor),
      );
      this.#zones = this.#placed.map(({ zone }) => zone);
      this.#meters = this.#placed.map(({ sensor, zone }) =>
        sensor.quantity === 'power'
          ? new PowerIntegral(zone.maxWatts)
          : new CounterTrack({ rangeMicrojoules: undefined, maxWatts: zone.maxWatts, wraps: false }),
      );
      this.#notes = [
        ...tree.disabled.map((sensor) => `${sensor}: switched off by its _enable file`),
        ...tree.sensors.flatMap((sensor) =>
          errors.get(sensor) === '' ? [] : [`${sensor.path}: cannot be read (${errors.get(sensor)})`],
        ),
      ];
    } catch (error) {
      this.close();
      throw error;
    }
  }

  zones(): readonly Zone[] {
    return this.#zones;
  }

  /** What could not be read or is switched off, one sentence each; for the doctor. */
  notes(): readonly string[] {
    return this.#notes;
  }

  read(context: ReadContext): readonly ZoneReading[] {
    this.#held.read();
    return this.#placed.map(({ zone }, at) => ({
      zone,
      ...this.#step(this.#meters[at]!, at, context),
      maxWatts: undefined,
    }));
  }

  close(): void {
    this.#held.close();
  }

  #step(meter: CounterTrack | PowerIntegral, at: number, context: ReadContext): CounterStep {
    const value = this.#held.values[at]!;
    const now = this.#held.times[at]!;
    if (Number.isNaN(value)) {
      const gap = this.#held.vanished(at) ? 'vanished' : 'unreadable';
      const step = meter.fail(gap, context.monotonicNanoseconds);
      if (gap === 'vanished' && meter instanceof CounterTrack) meter.forget();
      return step;
    }
    if (meter instanceof CounterTrack) return meter.step(value, now);
    return isUnknownPower(value) ? meter.fail('unreadable', now) : meter.step(value / 1e6, now);
  }

  #isSentinel(tree: HwmonTree, sensor: HwmonTree['sensors'][number]): boolean {
    const value = this.#held.values[tree.sensors.indexOf(sensor)] ?? Number.NaN;
    return sensor.quantity === 'power' && isUnknownPower(value);
  }
}

function describeEmpty(tree: HwmonTree): string {
  if (tree.error !== '') return `${tree.folder} cannot be listed (${tree.error})`;
  const off = tree.disabled.length === 0 ? '' : `; switched off: ${tree.disabled.join(', ')}`;
  return `${tree.folder} holds no energy or power input${off}`;
}
