import type { Config } from '../../config/config.ts';
import { EstimatedSource } from '../../meter/estimated.ts';
import { HwmonSource } from '../../meter/hwmon.ts';
import { NvmlSource } from '../../meter/nvml.ts';
import type { PowerSource, SourceName } from '../../meter/power-source.ts';
import { RaplPerfSource } from '../../meter/rapl-perf.ts';
import { RaplPowercapSource } from '../../meter/rapl-powercap.ts';
import { loadAddon } from '../../native/addon.ts';
import { systemClock } from '../../util/clock.ts';
import { silentLogger } from '../../util/log.ts';

/** A source of this machine, made but not opened, the way the daemon would make it. */
export function makeRealSource(name: SourceName, measured: boolean, { roots, meter }: Config): PowerSource {
  const { sys, proc } = roots;
  const counters = () => new (loadAddon().CounterSet)();
  switch (name) {
    case 'rapl-perf':
      return new RaplPerfSource({
        sys,
        proc,
        open: (event) => new (loadAddon().PerfEnergy)(event),
        clock: systemClock,
      });
    case 'rapl-powercap':
      return new RaplPowercapSource({ sys, counters, samplingHz: 0 });
    case 'hwmon':
      return new HwmonSource({ sys, counters, role: measured ? 'processor-metered' : 'only-source' });
    case 'nvml':
      return new NvmlSource({
        open: () => new (loadAddon().Nvml)({ libraryPath: meter.nvmlLibrary }),
        clock: systemClock,
        log: silentLogger,
      });
    case 'estimated':
      return new EstimatedSource({ proc });
  }
}
