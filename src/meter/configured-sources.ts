import type { Config } from '../config/config.ts';
import { loadAddon } from '../native/addon.ts';
import type { Clock } from '../util/clock.ts';
import type { Logger } from '../util/log.ts';
import { EstimatedSource } from './estimated.ts';
import { HwmonSource } from './hwmon.ts';
import type { HwmonRole } from './hwmon-zones.ts';
import { NvmlSource } from './nvml.ts';
import type { PowerSource, SourceName } from './power-source.ts';
import { RaplPerfSource } from './rapl-perf.ts';
import { RaplPowercapSource } from './rapl-powercap.ts';
import { RecordedSource } from './recorded.ts';
import type { SourceCandidate } from './select.ts';

export interface SourceDependencies {
  readonly clock: Clock;
  readonly log: Logger;
}

/** The sources of meter.sources in their order, for `openSources`. Nothing is opened or loaded yet. */
export function configuredCandidates(
  config: Pick<Config, 'meter' | 'roots'>,
  dependencies: SourceDependencies,
): readonly SourceCandidate[] {
  return config.meter.sources.map((name) => ({
    name,
    create: (role) => makeSource(name, role, config, dependencies),
  }));
}

function makeSource(
  name: SourceName,
  role: HwmonRole,
  { roots: { sys, proc }, meter }: Pick<Config, 'meter' | 'roots'>,
  { clock, log }: SourceDependencies,
): PowerSource {
  const counters = () => new (loadAddon().CounterSet)();
  switch (name) {
    case 'rapl-perf':
      return new RaplPerfSource({ sys, proc, clock, open: (event) => new (loadAddon().PerfEnergy)(event) });
    case 'rapl-powercap':
      return new RaplPowercapSource({
        sys,
        counters,
        samplingHz: meter.energySamplingHz,
        sampler: (options) => new (loadAddon().CounterSampler)(options),
      });
    case 'hwmon':
      return new HwmonSource({ sys, counters, role });
    case 'nvml':
      return new NvmlSource({
        clock,
        log,
        open: () => new (loadAddon().Nvml)({ libraryPath: meter.nvmlLibrary }),
      });
    case 'estimated':
      return new EstimatedSource({ proc });
    case 'recorded':
      return new RecordedSource({
        folder: meter.recording,
        loop: false,
        onEnd: (error) => log.warn('recording-ended', { error }),
      });
  }
}
