import type { Config } from '../config/config.ts';
import { EstimatedSource } from '../meter/estimated.ts';
import { HwmonSource } from '../meter/hwmon.ts';
import { NvmlSource } from '../meter/nvml.ts';
import type { PowerSource, SourceName } from '../meter/power-source.ts';
import { RaplPerfSource } from '../meter/rapl-perf.ts';
import { RaplPowercapSource } from '../meter/rapl-powercap.ts';
import { RecordedSource } from '../meter/recorded.ts';
import { openSources, type SelectedSources } from '../meter/select.ts';
import { loadAddon } from '../native/addon.ts';
import type { Clock } from '../util/clock.ts';
import type { Logger } from '../util/log.ts';

type Maker = (role: 'processor-metered' | 'only-source') => PowerSource;

/** Makes and opens the sources that the configuration names. @throws KISIM_E_METER_NO_SOURCE where none is left */
export function openConfiguredSources(config: Config, clock: Clock, log: Logger): SelectedSources {
  const { proc, sys } = config.roots;
  const counters = () => new (loadAddon().CounterSet)();
  const makers: Record<SourceName, Maker> = {
    'rapl-powercap': () =>
      new RaplPowercapSource({
        sys,
        counters,
        samplingHz: config.meter.energySamplingHz,
        sampler: (options) => new (loadAddon().CounterSampler)(options),
      }),
    'rapl-perf': () =>
      new RaplPerfSource({ sys, proc, clock, open: (event) => new (loadAddon().PerfEnergy)(event) }),
    hwmon: (role) => new HwmonSource({ sys, counters, role }),
    nvml: () =>
      new NvmlSource({
        open: () => new (loadAddon().Nvml)({ libraryPath: config.meter.nvmlLibrary }),
        clock,
        log,
      }),
    estimated: () => new EstimatedSource({ proc }),
    recorded: () =>
      new RecordedSource({
        folder: config.meter.recording,
        loop: false,
        onEnd: (error) => log.warn('recording-ended', { error }),
      }),
  };
  return openSources(config.meter.sources.map((name) => ({ name, create: (role) => makers[name](role) })));
}
