import type { EnergyInterval } from '../../src/attribution/interval.ts';
import type { Config } from '../../src/config/config.ts';
import { defaultConfig } from '../../src/config/defaults.ts';
import { Metering, type StateStore } from '../../src/daemon/metering.ts';
import type { PowerSource } from '../../src/meter/power-source.ts';
import { RaplPowercapSource } from '../../src/meter/rapl-powercap.ts';
import { type Logger, silentLogger } from '../../src/util/log.ts';
import type { SyntheticHost } from './synthetic-host.ts';

export interface SyntheticMeterOptions {
  readonly attribution?: Partial<Config['attribution']>;
  readonly state?: StateStore;
  readonly sources?: readonly PowerSource[];
  readonly log?: Logger;
}

/** The whole pipeline (real scanner, inventory, split) over a synthetic host, ticked by hand; keeps what it measured. */
export class SyntheticMeter {
  readonly host: SyntheticHost;
  readonly metering: Metering;
  readonly intervals: EnergyInterval[] = [];

  constructor(host: SyntheticHost, options: SyntheticMeterOptions = {}) {
    this.host = host;
    const defaults = defaultConfig({}, { hostname: 'synthetic', uid: 0, homeDirectory: undefined });
    const config: Config = {
      ...defaults,
      roots: host.roots,
      meter: { ...defaults.meter, processClock: 'stat' },
      attribution: { ...defaults.attribution, ...options.attribution },
    };
    const sources = options.sources ?? [
      new RaplPowercapSource({ sys: host.roots.sys, counters: host.counters.factory, samplingHz: 0 }),
    ];
    for (const source of sources) source.open();
    this.metering = new Metering(config, {
      clock: host.clock,
      log: options.log ?? silentLogger,
      sources,
      ...(options.state === undefined ? {} : { state: options.state }),
    });
    this.metering.addSink({ accept: (interval) => void this.intervals.push(interval) });
    this.metering.tick();
  }

  /** Lets one second pass under the given loads (see `SyntheticHost.run`) and measures it. */
  second(
    loads: Readonly<Record<number, number>> = {},
    bursts: Readonly<Record<string, number>> = {},
  ): EnergyInterval {
    this.host.run(1000, loads, bursts);
    const interval = this.metering.tick();
    if (interval === undefined) throw new Error('the first tick was made by the constructor');
    return interval;
  }

  /** Joules by entity key over all intervals from `from` on. */
  joules(from = 0): Map<string, number> {
    const sums = new Map<string, number>();
    for (const interval of this.intervals.slice(from)) {
      for (const { entity, energyMicrojoules } of interval.shares) {
        sums.set(entity.key, (sums.get(entity.key) ?? 0) + energyMicrojoules / 1e6);
      }
    }
    return sums;
  }

  close(): void {
    this.metering.stop();
    this.host.remove();
  }
}
