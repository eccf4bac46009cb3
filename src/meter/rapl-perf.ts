import { join } from 'node:path';
import type { NativePerfEnergy } from '../native/perf-energy.ts';
import type { Clock } from '../util/clock.ts';
import { type KisimError, systemErrorCode } from '../util/errors.ts';
import { MICROJOULES_PER_JOULE } from '../util/units.ts';
import { meterErrors } from './errors.ts';
import type { GapReason, PowerSource, Zone, ZoneReading } from './power-source.ts';
import { type PerfEnergyEvent, readPerfEnergyEvents } from './rapl-perf-events.ts';
import { placePerfEvents, readCpuPlaces } from './rapl-perf-zones.ts';
import { readSysfsText } from './sysfs.ts';
import { CounterTrack } from './wrap.ts';

/** Opens one event on one CPU. Throws an Error with `code` (EACCES, ENOENT, ...) where it cannot. */
export type PerfEnergyOpener = (event: {
  readonly type: number;
  readonly config: number;
  readonly cpu: number;
  readonly joulesPerCount: number;
}) => NativePerfEnergy;

export interface RaplPerfOptions {
  /** Usually `/sys`. */
  readonly sys: string;
  /** Usually `/proc`. */
  readonly proc: string;
  readonly open: PerfEnergyOpener;
  readonly clock: Pick<Clock, 'monotonicNanoseconds'>;
}

interface OpenZone {
  readonly zone: Zone;
  readonly counters: readonly NativePerfEnergy[];
  readonly track: CounterTrack;
}

interface Refusal {
  readonly event: PerfEnergyEvent;
  readonly cpu: number;
  readonly code: string;
}

/** System errors that say that the PMU behind an open event is no more. */
const GONE = new Set(['ENODEV', 'ENXIO']);

/**
 * RAPL by the kernel's perf events: the same counters as powercap, widened to 64 bits by the kernel, readable with
 * CAP_PERFMON instead of root. The kernel reads the hardware often enough for wraps below about 400 W a package
 * (arch/x86/events/rapl.c sizes its timer for 200 W and half the range), so none is undone here.
 *
 * `open` throws KISIM_E_METER_PERF_ABSENT, _FORBIDDEN or _UNREADABLE; an event that exists but cannot be opened
 * (some kernels list events that the processor lacks) is told by `notes()` and stops none of the others.
 */
export class RaplPerfSource implements PowerSource {
  readonly name = 'rapl-perf';
  readonly #options: RaplPerfOptions;
  #open: readonly OpenZone[] = [];
  #zones: readonly Zone[] = [];
  #notes: readonly string[] = [];

  constructor(options: RaplPerfOptions) {
    this.#options = options;
  }

  open(): void {
    const { sys, proc } = this.#options;
    const { events, notes } = readPerfEnergyEvents(sys);
    if (events.length === 0) {
      const folder = join(sys, 'bus', 'event_source', 'devices', 'power');
      throw meterErrors.KISIM_E_METER_PERF_ABSENT([`no energy event in ${folder}`, ...notes].join('; '));
    }
    const opened = new Map<string, NativePerfEnergy>();
    try {
      const refusals = this.#openCounters(events, opened);
      if (opened.size === 0) throw this.#refuse(refusals);
      // An event that opened nowhere does not exist: it must not decide what else is counted.
      const existing = events.filter((event) => event.cpus.some((cpu) => opened.has(key(event, cpu))));
      const places = placePerfEvents(existing, readCpuPlaces(sys, proc));
      const used = new Set<NativePerfEnergy>();
      const zones: OpenZone[] = [];
      for (const { zone, event, cpus } of places) {
        const counters = cpus.flatMap((cpu) => opened.get(key(event, cpu)) ?? []);
        // A sum that lacks a part is no sum.
        if (counters.length < cpus.length) continue;
        for (const counter of counters) used.add(counter);
        const limits = { rangeMicrojoules: undefined, maxWatts: zone.maxWatts, wraps: false };
        zones.push({ zone, counters, track: new CounterTrack(limits) });
      }
      for (const counter of opened.values()) if (!used.has(counter)) counter.close();
      if (zones.length === 0) throw this.#refuse(refusals);
      this.#open = zones;
      this.#zones = zones.map(({ zone }) => zone);
      this.#notes = [...notes, ...refusals.map(describeRefusal)];
    } catch (error) {
      for (const counter of opened.values()) counter.close();
      throw error;
    }
  }

  zones(): readonly Zone[] {
    return this.#zones;
  }

  /** What could not be opened or made no sense, one sentence each; for the doctor. */
  notes(): readonly string[] {
    return this.#notes;
  }

  read(): readonly ZoneReading[] {
    return this.#open.map(({ zone, counters, track }) => {
      const reading = readSum(counters);
      const nanoseconds = this.#options.clock.monotonicNanoseconds();
      if (reading.joules !== undefined) {
        const step = track.step(reading.joules * MICROJOULES_PER_JOULE, nanoseconds);
        return { zone, ...step, maxWatts: undefined };
      }
      const step = track.fail(reading.gap, nanoseconds);
      if (reading.gap === 'vanished') track.forget();
      return { zone, ...step, maxWatts: undefined };
    });
  }

  close(): void {
    for (const { counters } of this.#open) for (const counter of counters) counter.close();
    this.#open = [];
  }

  #openCounters(
    events: readonly PerfEnergyEvent[],
    opened: Map<string, NativePerfEnergy>,
  ): readonly Refusal[] {
    const refusals: Refusal[] = [];
    for (const event of events) {
      const { type, config, joulesPerCount } = event;
      for (const cpu of event.cpus) {
        try {
          opened.set(key(event, cpu), this.#options.open({ type, config, cpu, joulesPerCount }));
        } catch (error) {
          const code = systemErrorCode(error);
          if (code === undefined) throw error;
          refusals.push({ event, cpu, code });
        }
      }
    }
    return refusals;
  }

  #refuse(refusals: readonly Refusal[]): KisimError {
    const found = refusals.map(describeRefusal).join('; ');
    if (!refusals.some(({ code }) => code === 'EACCES' || code === 'EPERM')) {
      return meterErrors.KISIM_E_METER_PERF_UNREADABLE(found);
    }
    const paranoid = readSysfsText(join(this.#options.proc, 'sys', 'kernel', 'perf_event_paranoid'));
    return meterErrors.KISIM_E_METER_PERF_FORBIDDEN(
      `${found}; kernel.perf_event_paranoid is ${paranoid.text ?? paranoid.error}`,
      {
        action:
          'in a systemd unit set `AmbientCapabilities=CAP_PERFMON`; or for every program of this Node ' +
          `\`sudo setcap cap_perfmon+ep ${process.execPath}\`; or for everybody until the next boot ` +
          '`sudo sysctl kernel.perf_event_paranoid=0`',
      },
    );
  }
}

function key(event: PerfEnergyEvent, cpu: number): string {
  return `${event.path}@${cpu}`;
}

function describeRefusal({ event, cpu, code }: Refusal): string {
  return `${event.pmu}/${event.name} cannot be opened on CPU ${cpu} (${code})`;
}

type Sum =
  | { readonly joules: number; readonly gap?: undefined }
  | { readonly joules?: undefined; readonly gap: GapReason };

function readSum(counters: readonly NativePerfEnergy[]): Sum {
  let joules = 0;
  for (const counter of counters) {
    try {
      joules += counter.readJoules();
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      return { gap: GONE.has(code) ? 'vanished' : 'unreadable' };
    }
  }
  return { joules };
}
